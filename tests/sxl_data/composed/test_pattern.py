"""sxl_data.composed.pattern: texts with alternatives, slots and pieces that may be left out."""

from __future__ import annotations

import random

import pytest

from sxl_data.composed.pattern import Writing, parse, slots_of


def write(pattern: str, said: dict[str, str], flags: dict[str, bool] | None = None) -> tuple[str, list[str]]:
    writing = Writing(random.Random(0), said, flags or {})
    return writing.write(parse(pattern)), list(writing.used)


def test_a_piece_is_left_out_unless_each_of_its_slots_has_a_value():
    pattern = "a base of {base}[ {unit}][, at most {limit}]"
    assert write(pattern, {"base": "5"}) == ("a base of 5", ["base"])
    assert write(pattern, {"base": "5", "unit": "cm"}) == ("a base of 5 cm", ["base", "unit"])


def test_braces_choose_among_alternatives_and_are_nested():
    found = {write("{from {a} to {b}|between {a} and {b}}", {"a": "1", "b": "2"})[0] for _ in range(1)}
    found |= {Writing(random.Random(n), {"a": "1", "b": "2"}, {}).write(parse("{{a}|x} {b}")) for n in range(20)}
    assert found >= {"1 2", "x 2"}


def test_a_flag_has_words_for_yes_and_perhaps_for_no():
    assert write("open{now: now| later}", {}, {"now": False})[0] == "open later"
    assert write("open{now: now}", {}, {"now": True})[0] == "open now"
    with pytest.raises(KeyError):
        write("open{now: now}", {}, {"now": False})


def test_values_are_never_looked_into():
    assert write("say {text}", {"text": "{base} [x|y]"})[0] == "say {base} [x|y]"


@pytest.mark.parametrize("pattern", ["{a", "[a", "a]", "a}", "{a|[b}", "[{a]"])
def test_brackets_that_do_not_match_are_refused(pattern):
    with pytest.raises(ValueError, match="bra"):
        parse(pattern)


def test_slots_say_whether_they_may_be_left_out():
    assert dict(slots_of(parse("{a}[ {b}{c: yes}] {d|{e}}"))) == {"a": False, "b": True, "c": True, "e": False}
