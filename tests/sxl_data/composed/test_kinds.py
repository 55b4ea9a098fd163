"""sxl_data.composed.kinds: values and the words for them."""

from __future__ import annotations

import random
from datetime import date

import jsonschema_rs
import pytest

from sxl_data.composed.kinds import parse_kind

KINDS = [
    "int 3..60",
    "year 1990..2000",
    "num 1..9",
    "float 0.5..2",
    "float2 0.1..0.9",
    "money 100..9000",
    "percent 1..12",
    "pct 1..40",
    "flag",
    "date",
    "time",
    "id A-|",
    "city",
    "[open|closed]",
    "(red|dark blue)",
    "list:city 2..3",
    "list:int 1..9 3..5",
    "list:list:int 0..9 2..2 2..2",
]


@pytest.mark.parametrize("text", KINDS)
def test_every_value_fits_the_schema_of_its_kind(text):
    kind = parse_kind(text)
    check = jsonschema_rs.validator_for(kind.schema())
    for n in range(60):
        assert check.is_valid(kind.draw(random.Random(n)).value)


@pytest.mark.parametrize("text", ["int", "city 3", "list:city", "nothing", "list:city 3", ""])
def test_what_names_no_kind_is_refused_or_has_limits_of_its_own(text):
    if text == "int":
        assert parse_kind(text).schema() == {"type": "integer"}
    else:
        with pytest.raises(ValueError):
            parse_kind(text)


def test_a_share_is_a_fraction_or_a_percentage_as_its_parameter_wants():
    for n in range(50):
        fraction, percent = (parse_kind(f"{name} 2..9").draw(random.Random(n)) for name in ("percent", "pct"))
        assert 0.02 <= fraction.value <= 0.09
        assert 2 <= percent.value <= 9
        if "%" in fraction.said:
            assert float(fraction.said.rstrip("%")) == pytest.approx(100 * fraction.value)
        assert float(percent.said.replace("%", "").replace(" percent", "")) == percent.value


def test_a_date_is_said_with_its_day_month_and_year():
    for n in range(40):
        drawn = parse_kind("date").draw(random.Random(n))
        day = date.fromisoformat(drawn.value)
        assert drawn.said == drawn.value or (str(day.day) in drawn.said and str(day.year) in drawn.said)


def test_a_list_is_said_with_every_item():
    for n in range(40):
        drawn = parse_kind("list:city 2..3").draw(random.Random(n))
        assert 2 <= len(set(drawn.value)) <= 3
        assert all(item in drawn.said for item in drawn.value)
