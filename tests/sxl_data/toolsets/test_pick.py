"""sxl_data.toolsets.pick: draws and sentences."""

from __future__ import annotations

import pytest

from sxl_data.toolsets.pick import Pick, held_out
from sxl_data.toolsets.toolset import State, Toolset, words


def test_sides_share_no_value_and_one_in_four_is_held_out():
    pool = range(1000)
    train, other = (set(Pick("x", side).several(pool, 200)) for side in ("train", "held_out"))
    assert train.isdisjoint(other)
    assert 0.2 < sum(map(held_out, pool)) / 1000 < 0.3


def test_what_is_drawn_is_kept_and_what_is_chosen_is_not():
    pick = Pick("x", "all")
    drawn, _ = pick.new(["a", "b"]), pick.any(["c"])
    assert pick.drawn == {drawn}


def test_a_pool_without_enough_values_of_a_side_is_refused():
    with pytest.raises(ValueError, match="held_out"):
        Pick("x", "held_out").several([value for value in range(50) if not held_out(value)], 1)


def test_alternatives_nest_and_values_are_never_looked_into():
    said = {Pick(str(n), "all").say("{Put {x}|Set {x} {now|}}.", x="{a|b}") for n in range(60)}
    assert said == {"Put {a|b}.", "Set {a|b} now.", "Set {a|b} ."}


@pytest.mark.parametrize(("value", "said"), [("apple", "I need an apple."), ("pear", "I need a pear.")])
def test_the_article_fits_the_value(value, said):
    assert Pick("x", "all").say("I need a {x}.", x=value) == said


@pytest.mark.parametrize("pattern", ["{a", "a}", "{a|{b}"])
def test_braces_that_do_not_match_are_refused(pattern):
    with pytest.raises(ValueError, match="brace"):
        Pick("x", "all").say(pattern, b=1)


def test_a_name_that_is_no_slot_is_refused():
    with pytest.raises(KeyError):
        Pick("x", "all").say("{nothing}")


def test_the_lines_of_a_docstring_are_told_apart():
    found = words("Do it.\nPlease.\n> Done.\n~ Since.\n? What?\n< That.")
    assert found == (("Do it.", "Please."), ("Done.",), ("Since.",), ("What?",), ("That.",))


def test_a_pattern_whose_words_cannot_be_written_is_refused_when_it_is_declared():
    made = Toolset("toy", "toy", lambda pick: State(), covers="toys")

    def broken(pick, state):
        """Do {it.
        > Done.
        """

    def silent(pick, state):
        """Do it."""

    with pytest.raises(ValueError, match="brace"):
        made.pattern("single")(broken)
    with pytest.raises(TypeError, match="silent"):
        made.pattern("single")(silent)
