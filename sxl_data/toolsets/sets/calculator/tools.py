"""A calculator with units and a memory.: the tools."""

from __future__ import annotations

import ast
import operator
from datetime import date
from fractions import Fraction
from math import gcd
from typing import Any, Literal

from sxl_data.toolsets.sets.calculator.world import SET, Memory
from sxl_data.toolsets.tools import ToolError

# Factor to the first unit of each group, as text so that it is exact.
UNITS: dict[str, dict[str, str]] = {
    "length": {"m": "1", "km": "1000", "cm": "0.01", "mm": "0.001", "mi": "1609.344", "ft": "0.3048", "in": "0.0254"},
    "mass": {"kg": "1", "g": "0.001", "t": "1000", "lb": "0.45359237", "oz": "0.028349523125"},
    "volume": {"l": "1", "ml": "0.001", "gal_us": "3.785411784", "gal_imp": "4.54609", "floz_us": "0.0295735295625"},
    "time": {"s": "1", "min": "60", "h": "3600", "d": "86400"},
}


_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


_LONGEST = 200


def number(value: Fraction | float) -> float:
    """Six digits behind the point at most, none for whole numbers; refuses what a float cannot hold."""
    try:
        found = round(float(value), 6)
    except OverflowError:
        raise ToolError("too_large", "the number is too large") from None
    return int(found) if found == int(found) else found


def show(value: float) -> str:
    """As JSON writes it, without ``.0``."""
    return str(int(value)) if value == int(value) else str(value)


def evaluate(expression: str) -> Fraction:
    """The value of an expression of numbers, + - * / and parentheses; nothing is executed."""
    if len(expression) > _LONGEST:
        raise ToolError("bad_expression", f"more than {_LONGEST} characters")
    try:
        return _value(ast.parse(expression.strip(), mode="eval").body)
    except ZeroDivisionError:
        raise ToolError("division_by_zero", f"{expression} divides by zero") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ToolError("bad_expression", f"{expression!r}: numbers, + - * / and parentheses only") from None


def _value(node: ast.AST) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Fraction(str(node.value))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        found: Fraction = _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
        return found
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        found = _OPERATORS[type(node.op)](_value(node.operand))
        return found
    raise ValueError


Unit = Literal[
    "m",
    "km",
    "cm",
    "mm",
    "mi",
    "ft",
    "in",
    "kg",
    "g",
    "t",
    "lb",
    "oz",
    "l",
    "ml",
    "gal_us",
    "gal_imp",
    "floz_us",
    "s",
    "min",
    "h",
    "d",
]


@SET.tool
def calculate(state: Memory, expression: str) -> float:
    """Work out an expression of numbers, + - * / and parentheses; six digits behind the point.

    expression: such as (3 + 4.5) * 2
    """
    return number(evaluate(expression))


@SET.tool
def convert(state: Memory, value: float, unit: Unit, to: Unit) -> float:
    """Convert a length, mass, volume or time into another unit; refuses units of different kinds.

    value: the number to convert
    unit: its unit
    to: the unit wanted
    """
    for group in UNITS.values():
        if unit in group and to in group:
            return number(Fraction(str(value)) * Fraction(group[unit]) / Fraction(group[to]))
    raise ToolError("other_kind", f"{unit} and {to} do not measure the same")


@SET.tool
def temperature(state: Memory, degrees: float, unit: Literal["celsius", "fahrenheit"]) -> float:
    """Give a temperature in the other of the two units.

    degrees: the temperature
    unit: the unit that it is in
    """
    given = Fraction(str(degrees))
    return number(given * 9 / 5 + 32 if unit == "celsius" else (given - 32) * 5 / 9)


@SET.tool
def save(state: Memory, name: str, value: float) -> str:
    """Save a number under a name; replaces what was there.

    name: the name
    value: the number
    """
    state.saved[name] = value
    return f"{name} = {show(value)}"


@SET.tool
def recall(state: Memory, name: str) -> float:
    """Give a saved number.

    name: the name that it was saved under
    """
    if name not in state.saved:
        raise ToolError("not_found", f"nothing is saved as {name!r}")
    return number(state.saved[name])


@SET.tool
def list_saved(state: Memory) -> list[str]:
    """List the names of all saved numbers."""
    return sorted(state.saved)


@SET.tool
def forget(state: Memory, name: str) -> str:
    """Delete a saved number.

    name: the name that it was saved under
    """
    recall(state, name)
    del state.saved[name]
    return f"{name} is forgotten"


@SET.tool
def days_between(state: Memory, first: str, last: str) -> int:
    """Count the days from one date to another.

    first: the first day as YYYY-MM-DD
    last: the other day as YYYY-MM-DD
    """
    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError as problem:
        raise ToolError("bad_date", str(problem)) from None


@SET.tool
def share(state: Memory, total: float, people: int) -> float:
    """Divide a sum of money among people, rounded to cents.

    total: the sum
    people: how many share it
    """
    if people < 1:
        raise ToolError("bad_number", "at least one person")
    return number(round(total / people, 2))


@SET.held_out_tool
def mean(state: Memory, numbers: list[float]) -> float:
    """Give the mean of some numbers.

    numbers: the numbers
    """
    if not numbers:
        raise ToolError("bad_number", "at least one number")
    return number(sum(Fraction(str(value)) for value in numbers) / len(numbers))


@SET.held_out_tool
def common_divisor(state: Memory, first: int, second: int) -> int:
    """Give the greatest whole number that divides two others.

    first: a whole number
    second: another
    """
    return gcd(first, second)
