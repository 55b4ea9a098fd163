"""Every key of both recipes is read by something: a key that is accepted, recorded and does nothing is a lie.

Found from the source alone, as a reader would: a key is read where its name is taken from a value that is known to be
its section, by an annotation (``config: CleanConfig``), by the name of the section (``recipe.clean.text``), or by what
it was made from. The checks that a section makes of itself are no reading.
"""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

import sxl_data
import sxl_train
from sxl_data.build.recipe import Recipe as DataRecipe
from sxl_data.contract.codes import CODES
from sxl_data.contract.structs import field_docs, reachable
from sxl_train.config import Recipe as TrainRecipe

Sections = dict[str, type[msgspec.Struct]]


def unread(root: type[msgspec.Struct], sources: Iterable[str]) -> list[str]:
    """Keys of ``root`` that no module of ``sources`` reads, as ``Section.key``."""
    sections = reachable(root)
    read: set[tuple[str, str]] = set()
    for source in sources:
        reader = Reader(sections, root.__name__)
        for _ in range(3):  # what a name is may be said after its use
            reader.visit(ast.parse(source))
        read |= reader.read
    return [
        f"{name}.{field}"
        for name, section in sorted(sections.items())
        for field in section.__struct_fields__
        if not any((base.__name__, field) in read for base in section.__mro__)
    ]


class Reader(ast.NodeVisitor):
    """What one module reads; ``known`` are names and attributes with the sections that they were seen to hold."""

    def __init__(self, sections: Sections, root: str) -> None:
        self.sections, self.read = sections, set[tuple[str, str]]()
        # Sections may be built on others, whose own modules know nothing of them.
        self.names = {
            base.__name__ for s in sections.values() for base in s.__mro__ if issubclass(base, msgspec.Struct)
        }
        self.known: dict[str, set[str]] = {"recipe": {root}}
        for section in sections.values():
            for name, hint in typing.get_type_hints(section).items():
                if inner := reachable(hint).keys() & sections.keys():
                    self.known.setdefault(name, set()).update(inner)

    def of(self, node: ast.AST | None) -> set[str]:
        """The sections that an expression may be."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id, set())
        if isinstance(node, ast.Attribute):
            return self.known.get(node.attr, set())
        if isinstance(node, ast.Subscript | ast.Starred | ast.NamedExpr):
            return self.of(node.value)
        if isinstance(node, ast.BoolOp):
            return set().union(*map(self.of, node.values))
        if isinstance(node, ast.Call):
            return set().union(*(self.named(part) | self.of(part) for part in (node.func, *node.args)))
        return set()

    def named(self, node: ast.AST | None) -> set[str]:
        """The sections that an annotation or a class names."""
        return self.names & set(ast.unparse(node).replace("[", " ").replace("]", " ").split()) if node else set()

    def learn(self, target: ast.AST, found: set[str]) -> None:
        if found and isinstance(target, ast.Name | ast.Attribute):
            name = target.id if isinstance(target, ast.Name) else target.attr
            self.known.setdefault(name, set()).update(found)
        for inner in target.elts if isinstance(target, ast.Tuple) else ():
            self.learn(inner, found)

    def visit_arg(self, node: ast.arg) -> None:
        self.learn(ast.Name(node.arg), self.named(node.annotation))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.learn(node.target, self.named(node.annotation))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        pairs = [(target, node.value) for target in node.targets]
        if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(node.targets[0].elts, node.value.elts))
        for target, value in pairs:
            self.learn(target, self.of(value))
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.learn(node.target, self.of(node.value))
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self.learn(node.target, self.of(node.iter))
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.learn(node.target, self.of(node.iter))
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if node.name in self.names:
            self.known["self"] = {node.name}
            node.body = [part for part in node.body if getattr(part, "name", "") != "__post_init__"]
        self.generic_visit(node)
        self.known.pop("self", None)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read |= {(section, node.attr) for section in self.of(node.value)}
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        words = {
            part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        }
        for call in ast.walk(node):  # getattr(config, name) for one of some names
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "getattr":
                self.read |= {(section, word) for section in self.of(call.args[0]) for word in words}
        self.generic_visit(node)


def sources(*packages: object) -> list[str]:
    return [
        path.read_text(encoding="utf-8")
        for package in packages
        for path in sorted(Path(package.__path__[0]).rglob("*.py"))  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize(("root", "package"), [(DataRecipe, sxl_data), (TrainRecipe, sxl_train)])
def test_every_key_of_a_recipe_is_read(root: type[msgspec.Struct], package: object):
    assert [] == unread(root, sources(package))


class Part(msgspec.Struct, frozen=True):
    used: int = 1
    listed: int = 2
    checked: int = 3
    idle: int = 4

    def __post_init__(self) -> None:
        assert self.checked


class Whole(msgspec.Struct, frozen=True):
    part: Part = Part()
    parts: tuple[Part, ...] = ()
    name: str = ""


def test_a_key_that_is_only_checked_or_named_elsewhere_is_found():
    module = """
class Part:
    def __post_init__(self): assert self.checked
def run(recipe: Whole, other):
    for part in recipe.parts: print(part.used, other.idle)
    return {key: getattr(recipe.part, key) for key in ("listed",)}
"""
    assert ["Part.checked", "Part.idle", "Whole.name"] == unread(Whole, [module])


PLACES = ("README.md", ".github/CONTRIBUTING.md", "schemas/README.md", "recipes/data/*.yaml", "recipes/train/*.yaml")


def named_keys(text: str) -> list[tuple[str, str]]:
    """(section, key) of each `section.key` in backticks or before an equals sign, as in ``dedup.threshold=0.8``; files
    are no keys."""
    found = re.findall(r"(?:`|(?<=[\s(]))([a-z_]+)\.([a-z_]+)(?=[:=`])", text)
    return [pair for pair in found if pair[1] != "py"]


def test_every_key_that_a_text_names_exists():
    checkout = Path(__file__).parents[1]
    texts = {code.code: " ".join((code.why, code.fix, code.title)) for code in CODES.values()}
    texts |= {str(path): path.read_text(encoding="utf-8") for place in PLACES for path in checkout.glob(place)}
    fields: dict[str, set[str]] = {}
    for root in (DataRecipe, TrainRecipe):
        texts |= {name: " ".join(field_docs(section).values()) for name, section in reachable(root).items()}
        for name, hint in typing.get_type_hints(root).items():
            for section in reachable(hint).values():
                fields.setdefault(name, set()).update(section.__struct_fields__)
    named = [(place, *found) for place, text in texts.items() for found in named_keys(text) if found[0] in fields]
    assert len(named) > 10
    assert [] == [found for found in named if found[2] not in fields[found[1]]]
