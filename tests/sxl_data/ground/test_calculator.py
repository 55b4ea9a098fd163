"""sxl_data.ground.calculator"""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest

from sxl_data.ground.calculator import NotArithmetic, calculate, show


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ("24", "48/2"),
        ("10", "0.2*50"),
        ("-2", "1-3"),
        ("8", "2^3"),
        ("512", "2**3**2"),
        ("-4", "-2**2"),
        ("1234.5", "1,234.5"),
        ("0.5", "50%"),
        ("1", "10%3"),
        ("56", "560//10"),
        ("6", "2(3)"),
        ("20", "(1+4)×4"),
        ("0.333333333333", "1/3"),
        ("3", "$1+$2"),
    ],
)
def test_arithmetic_is_exact(value, expression):
    assert show(calculate(expression)) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1/0",
        "2+",
        "(1",
        "1)",
        "x+1",
        "__import__('os')",
        "9**9**9",
        "1e999*1e999",
        "0**-1",
        "(" * 500 + "1" + ")" * 500,
        "1" * 3000,
        "**".join(["1"] * 900),
        "(1**" * 300 + "1" + ")" * 300,
    ],
)
def test_anything_else_is_refused(expression):
    with pytest.raises(NotArithmetic):
        calculate(expression)


def test_a_tenth_is_a_tenth():
    assert calculate("0.1+0.2") == Fraction(3, 10)


def test_every_annotation_of_gsm8k_is_right(shared):
    found = total = 0
    for name in ("train", "test"):
        for line in (shared / f"data/gsm8k/{name}.jsonl").read_text(encoding="utf-8").splitlines():
            for expression, value in re.findall(r"<<([^<>]*)=([^<>=]*)>>", json.loads(line)["answer"]):
                total += 1
                found += calculate(expression) == calculate(value)
    assert (found, total) == (27_998, 27_998)
