from __future__ import annotations

import random
import re
import unicodedata

import numpy as np
import pyarrow as pa

from sxl_data.decontaminate.shingles import BASIS, KEPT, MIX, PRIME, SIZE, STEP, make_filter, shingle

MASK = (1 << 64) - 1


def plainly(texts: list[str | None]) -> list[tuple[int, int]]:
    """(hash, row) of every window, by the definition and nothing else."""
    found = []
    for row, text in enumerate(texts):
        words = re.findall(r"[^\W_]+", (text or "").lower())
        hashes = []
        for word in words:
            state = BASIS
            for byte in word.encode():
                state = ((state ^ byte) * STEP) & MASK
            state = ((state ^ (state >> 32)) * MIX) & MASK
            hashes.append(state ^ (state >> 32))
        for at in range(len(hashes) - SIZE + 1):
            window = 0
            for value in hashes[at : at + SIZE]:
                window = (window * PRIME + value) & MASK
            found.append((window & KEPT, row))
    return found


def compiled(texts: list[str | None], known: np.ndarray | None = None) -> list[tuple[int, int]]:
    hashes, rows = shingle(pa.array(texts, pa.string()), None if known is None else make_filter(known))
    return list(zip(hashes.tolist(), rows.tolist()))


def test_the_kernel_follows_the_definition() -> None:
    rng = random.Random(3)
    words = ["def", "Return", "x_1", "42", "naïve", "ÉTÉ", "straße", "a+b", "(", "\n", "__init__", "", "Ünï"]
    texts = [" ".join(rng.choices(words, k=rng.randrange(40))) for _ in range(300)]
    assert plainly([*texts, None, ""]) == compiled([*texts, None, ""])


def test_a_slice_of_a_column_gives_the_windows_of_its_own_texts() -> None:
    texts = ["a b c d e f", "g h i j k", "l m n o p q r"]
    hashes, rows = shingle(pa.array(["x y z x y z", *texts, "s t u v w"]).slice(1, 3))
    assert plainly(texts) == list(zip(hashes.tolist(), rows.tolist()))


def test_known_windows_are_found_and_nearly_no_others() -> None:
    rng = random.Random(4)
    texts = [" ".join(str(rng.randrange(10**6)) for _ in range(200)) for _ in range(100)]
    every = compiled(texts)
    known = np.array([value for value, _ in every[::50]], dtype=np.uint64)
    found = compiled(texts, known)
    assert set(every[::50]) <= set(found) <= set(every)
    assert len(found) < len(every) / 10


def test_characters_of_a_script_without_spaces_are_words() -> None:
    text = "返回列表中第二大的值"
    assert len(text) - SIZE + 1 == len(compiled([text]))
    assert compiled([text]) == compiled(["返 回 列、表中第 二大的 值。"])


def test_marks_belong_to_their_letters() -> None:
    text = "één twee drie vier vijf"
    assert 1 == len(compiled([unicodedata.normalize("NFD", text)]))


def test_an_escaped_line_end_parts_words_as_the_line_end_does() -> None:
    assert compiled(["one two\\nthree\\tfour five"]) == compiled(["one two\nthree\tfour five"])
