"""sxl_data.composed.functions: the families that ship, and what is wrong with others."""

from __future__ import annotations

import random

import pytest

from sxl_data.composed.functions import families, read_families
from sxl_data.composed.pattern import Slot, parse, slots_of
from sxl_data.composed.phrases import draw
from sxl_data.composed.wording import imperative

TOY = """# shapes
square/tile_area: Calculate the area of a square.
- side/length int 2..9: Length of a side
- unit?=cm (cm|m): Unit of the side
= the area of a square with side {side}[ {unit}]
! measure a square of {side}[ {unit}]
"""


def test_a_function_has_its_names_its_parameters_and_ways_to_ask():
    (function,) = read_families(TOY)
    assert (function.name, function.other_names, function.family) == ("square", ("tile_area",), "shapes")
    side, unit = function.parameters.values()
    assert (side.names, side.required, side.about) == (("side", "length"), True, "Length of a side")
    assert (unit.required, unit.default, unit.kind.pool) == (False, "cm", ("cm", "m"))
    assert [ask.form for ask in function.asks] == ["=", "!"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("square with side {side}[", "square[", "square: side in"),
        ("{side}[", "{sides}[", "square: side, sides in"),
        ("int 2..9", "nothing", "line 3: no kind of values"),
        ("with side {side}", "with side {side", "square: a brace"),
        ("= the area of a square with side {side}[ {unit}]\n! measure a square of {side}[ {unit}]\n", "", "no way"),
    ],
)
def test_what_a_family_gets_wrong_is_said_with_its_place(right, wrong, said):
    with pytest.raises(ValueError, match=said):
        read_families(TOY.replace(right, wrong, 1))


def test_the_families_that_ship_say_every_required_value_in_each_of_their_patterns():
    shipped = families()
    assert len(shipped) > 400
    rng = random.Random(1)
    for function in shipped.values():
        needed = {name for name, parameter in function.parameters.items() if parameter.required}
        for ask in function.asks:
            assert needed <= set(draw(function, ask, rng)), (function.name, ask.pattern)
            assert all(name in function.parameters for name, _ in slots_of(parse(ask.pattern)))
            # behind another sentence it begins with a small letter, which a value must not
            assert ask.form in ("=", "=s") or not isinstance(parse(ask.pattern)[0], Slot)
        assert imperative(function.about)[0].islower()


def test_no_name_or_description_of_the_families_is_there_twice():
    shipped = list(families().values())
    names = [name for function in shipped for name in (function.name, *function.other_names)]
    assert sorted({name for name in names if names.count(name) > 1}) == []
    about = [function.about for function in shipped]
    assert sorted({text for text in about if about.count(text) > 1}) == []
