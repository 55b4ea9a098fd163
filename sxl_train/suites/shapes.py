"""Tuples, sets and numbers that JSON could not say: what they are is seen in calls that are written out in Python.

In: asserts that call a function with literals. Out: a shape for each argument, and JSON values in that shape.
"""

from __future__ import annotations

import ast
from typing import NamedTuple, TypeAlias

from sxl_train.run.objects import Value


class Many(NamedTuple):
    """A list, tuple or set."""

    kind: type
    inner: Shape
    nests: bool
    """Whether it holds its own kind, which holds its own kind: then it may do so deeper than the example does."""


Shape: TypeAlias = Many | type | None
"""`Many` · ``complex``, ``float`` or (perhaps complex) ``int``: a number, where JSON has a text · None: as it is."""


def shape_of(asserts: str, entry: str) -> list[Shape]:
    """The shape of each argument of ``entry``, over all its calls in ``asserts``."""
    shapes: list[Shape] = []
    for node in ast.walk(ast.parse(asserts)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == entry:
            found = [_shape(argument) for argument in node.args]
            width = max(len(found), len(shapes))
            found += [None] * (width - len(found))
            shapes += [None] * (width - len(shapes))
            shapes = [_join(before, now) for before, now in zip(shapes, found)]
    # Numbers are texts in JSON only where some of them are complex: where none is, only what is written as complex.
    return shapes if complex in shapes else [int if shape is float else shape for shape in shapes]


def with_complex(shapes: list[Shape], inputs: list[list[Value]]) -> list[Shape]:
    """``shapes`` with ``complex`` where a number's texts write complex ones in some of ``inputs``: then all do."""
    return [
        complex
        if shape is int and any(at < len(given) and isinstance(_shaped(given[at], int), complex) for given in inputs)
        else shape
        for at, shape in enumerate(shapes)
    ]


def shaped(arguments: list[Value], shapes: list[Shape]) -> list[Value]:
    """``arguments`` with tuples, sets and numbers where their shapes have them."""
    return [_shaped(value, shapes[at] if at < len(shapes) else None) for at, value in enumerate(arguments)]


def _shape(node: ast.expr) -> Shape:
    if isinstance(node, ast.Tuple | ast.Set | ast.List):
        kind = {ast.Tuple: tuple, ast.Set: set, ast.List: list}[type(node)]
        inner: Shape = None
        for each in node.elts:
            shape = _shape(each)
            inner = _join(inner, shape if isinstance(shape, Many) else None)
        itself = isinstance(inner, Many) and inner.kind is kind and isinstance(inner.inner, Many)
        return Many(kind, inner, itself or (isinstance(inner, Many) and inner.nests))
    numbers = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "complex"
    if named or any(isinstance(value, complex) for value in numbers):
        return complex
    return float if numbers and all(type(value) in (int, float) for value in numbers) else None


def _join(left: Shape, right: Shape) -> Shape:
    if isinstance(left, Many) and isinstance(right, Many):
        return Many(left.kind, _join(left.inner, right.inner), left.nests or right.nests)
    return left if isinstance(left, Many) or right is None else right


def _shaped(value: Value, shape: Shape, around: type | None = None) -> Value:
    if isinstance(value, str) and (shape in (complex, float) or (shape is int and value.rstrip(")").endswith("j"))):
        try:
            return float(value) if shape is float else complex(value)
        except ValueError:  # a text after all
            return value
    if not isinstance(value, list):
        return value
    if isinstance(shape, Many):
        within = shape.kind if shape.nests else around
        return shape.kind(_shaped(each, shape.inner, within) for each in value)
    return around(_shaped(each, shape, around) for each in value) if around else value
