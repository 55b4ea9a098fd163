"""Small corpora with near-duplicates, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup import hash_texts, sketch
from sxl_data.dedup.parts.shards import Shards
from sxl_data.dedup.rows import locate

SPELLED = "alpha beta gamma ( ) = + - x y z 1 2 3 if else return ; , é 中 文"
WORDS = [*SPELLED.split(), "\n"]


def edited_texts(seed: int, originals: int = 120, most_copies: int = 25) -> list[str]:
    """Texts of 1 to 100 tokens, many of them edited copies of another, in random order."""
    draw = random.Random(seed)
    texts = []
    for _ in range(originals):
        base = draw.choices(WORDS, k=draw.choice([1, 2, 4, 6, 12, 40, 100]))
        for _ in range(draw.choice([1, 1, 2, 5, most_copies])):
            copy = list(base)
            for _ in range(draw.choice([0, 0, 1, 2, 5])):
                copy[draw.randrange(len(copy))] = draw.choice(WORDS)
            texts.append(" ".join(copy))
    draw.shuffle(texts)
    return texts


def noise(seed: int, count: int = 300) -> list[str]:
    """Strings of hard characters at lengths around the kernel's block sizes."""
    draw = random.Random(seed)
    signs = "abcXYZ_019 \n\t\r()[]{},;\"'`+-*/=<>!é中文かなไทย“”— \u00a0\u3000\ufeff😀"
    lengths = [0, 1, 3, 10, 15, 16, 17, 63, 64, 65, 128, 200, 1000, 9000]
    return ["".join(draw.choices(signs, k=draw.choice(lengths))) for _ in range(count)] + [
        "a" * 5000,
        "a" * 31 + " b c d e",
        "",
    ]


def shards_of(
    texts: list[str], cuts: list[int], ranks: list[int] | None = None, prefer: list[str] | None = None
) -> Shards:
    """Shards of rows called r000, r001, … from the sources s0, s1, s0, …, cut before the rows ``cuts``."""
    column, n = pa.array(texts, pa.string()), len(texts)
    keys, found = hash_texts(locate(column)), sketch(column)
    signed = pa.table(
        {
            "trace_id": [f"r{k:03d}" for k in range(n)],
            "source": [f"s{k % 2}" for k in range(n)],
            "rank": pa.array(ranks or [0] * n, pa.int64()),
            "key_hi": keys[:, 0],
            "key_lo": keys[:, 1],
            "shingles": found.counts,
            "signature": pa.FixedSizeListArray.from_arrays(pa.array(found.signatures.ravel()), 128),
        }
    )
    bounds = np.array([0, *cuts, n])

    def part(table: pa.Table) -> Callable[[int], pa.Table]:
        return lambda k: table.slice(bounds[k], bounds[k + 1] - bounds[k])

    return Shards(np.diff(bounds).tolist(), part(signed), part(pa.table({"text": column})), prefer or ())


@pytest.fixture(name="shards_of")
def _shards_of() -> Callable[..., Shards]:
    return shards_of


@pytest.fixture(name="edited_texts")
def _edited_texts() -> Callable[..., list[str]]:
    return edited_texts


@pytest.fixture(name="noise")
def _noise() -> Callable[..., list[str]]:
    return noise
