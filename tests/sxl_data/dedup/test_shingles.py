from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup.rows import locate
from sxl_data.dedup.shingles import Shingling, hash_shingles


def sets(texts: list[str], **definition: object) -> list[set[int]]:
    hashes, offsets = hash_shingles(locate(pa.array(texts, pa.string())), Shingling(**definition))  # type: ignore[arg-type]
    return [set(hashes[a:b].tolist()) for a, b in pairwise(offsets.tolist())]


def test_operators_tell_texts_apart() -> None:
    plus, minus = sets(["a+b", "a-b"])
    assert plus != minus


def test_words_ignore_operators() -> None:
    plus, minus = sets(["a+b", "a-b"], kind="words")
    assert plus == minus


def test_white_space_is_not_compared() -> None:
    flat, indented = sets(["if x :\n y = 1 # and so on", "if  x :\n\t\ty = 1\n # and so on\n\n"])
    assert flat == indented


def test_a_run_of_operators_is_one_token() -> None:
    assert [len(s) for s in sets(["+=", "->", "//"], size=1)] == [1, 1, 1]
    assert len(sets(["+ ="], size=1)[0]) == 2


def test_brackets_are_single_tokens() -> None:
    assert len(sets(["()"], size=1)[0]) == 2


@pytest.mark.parametrize("text", ["中文分词", "かなだよ", "ภาษาไ"])
def test_scripts_without_spaces_give_one_token_per_character(text: str) -> None:
    assert len(set(text)) == len(sets([text], size=1)[0])


def test_other_letters_form_words() -> None:
    assert [len(s) for s in sets(["naïveté", "Привет", "안녕하세요"], size=1)] == [1, 1, 1]


def test_a_row_shorter_than_a_shingle_is_one_shingle() -> None:
    assert [len(s) for s in sets(["a", "a b", "a b c d e", "a b c d e f"])] == [1, 1, 1, 2]


def test_a_row_without_tokens_has_no_shingles() -> None:
    assert [set(), set(), set()] == sets(["", " \n\t", "\u3000\u00a0"])


def test_characters_count_every_character_but_blanks() -> None:
    assert len(sets(["a b(é) 中"], kind="characters", size=1)[0]) == 6


def test_neighbouring_rows_do_not_touch() -> None:
    together = sets(["alpha beta gamma", "delta", "", "epsilon zeta eta theta iota kappa"])
    alone = [sets([text])[0] for text in ("alpha beta gamma", "delta", "", "epsilon zeta eta theta iota kappa")]
    assert alone == together


def test_a_hash_is_the_same_for_ever() -> None:
    hashes, _ = hash_shingles(locate(pa.array(["def f(x): return x + 1"])), Shingling())
    assert hashes.tolist() == GOLDEN
    assert np.uint32 == hashes.dtype


GOLDEN = [3431592495, 2485501207, 3442152876, 4146024406, 1446552050, 4197484524]
