from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sxl_data.clean.text import repair


def repaired(text: str) -> str:
    return repair(pa.array([text])).to_pylist()[0]


@pytest.mark.parametrize(
    ("expected", "damaged"),
    [
        ("ab", "a\x00b"),
        ("ab", "\ufeffab"),
        ("a\nb", "a\r\nb"),
        ("it’s", "it’s".encode().decode("cp1252")),
        ("naïve café", "naïve café".encode().decode("latin-1")),
        ("café", "café".encode().decode("cp1252").encode().decode("cp1252")),
    ],
    ids=["nul", "byte order mark", "carriage return", "windows-1252", "latin-1", "misread twice"],
)
def test_damage_is_undone(expected: str, damaged: str):
    assert expected == repaired(damaged)


@pytest.mark.parametrize("text", ["naïve café", "日本語", "Ünïcödé €5", "x = 'Ã'", "−1 → 2"])
def test_sound_text_is_left_alone(text: str):
    assert text == repaired(text)


@example(["ÂÂ\x80"])
@given(st.lists(st.one_of(st.none(), st.text()), max_size=5))
def test_repairing_twice_is_repairing_once(texts: list[str | None]):
    once = repair(pa.array(texts, pa.string()))
    assert once.to_pylist() == repair(once).to_pylist()


def test_nulls_stay_null():
    assert repair(pa.array([None, "a\x00"])).to_pylist() == [None, "a"]
