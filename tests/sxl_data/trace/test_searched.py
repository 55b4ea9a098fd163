"""A text that is searched often says what `str.find` says, listed or not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sxl_data.trace.searched import Searched

TEXTS = st.text(alphabet='ab_1é {":,\n', max_size=60)


@given(whole=TEXTS, needle=TEXTS, often=st.sampled_from([-1, 0, 100]))
def test_any_text_is_found_where_python_finds_it(whole: str, needle: str, often: int):
    searched = Searched(whole, often)
    assert whole.find(needle) == searched.find(needle)
    assert (needle in whole) == (needle in searched)


@given(whole=TEXTS, begin=st.integers(0, 60), size=st.integers(0, 60))
def test_a_piece_of_a_listed_text_is_found_at_its_first_place(whole: str, begin: int, size: int):
    piece = whole[begin : begin + size]
    assert whole.find(piece) == Searched(whole, often=-1).find(piece)
