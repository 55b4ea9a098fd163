from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sxl_data.dedup import DedupConfig, DedupResult, Shingling, deduplicate
from sxl_data.dedup.rows import locate
from sxl_data.dedup.shingles import hash_shingles

WORDS = ["alpha", "beta", "gamma", "(", ")", "=", "+", "-", "x", "y", "1", "2", "if", ";", ",", "é", "中", "文"]
FUNCTION = "def f ( x , y ) : return x + y * 2 and so on for ever and ever"
texts_of = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=25)


def jaccards(texts: list[str]) -> np.ndarray:
    """All similarities, by Python sets."""
    hashes, offsets = hash_shingles(locate(pa.array(texts, pa.string())), Shingling())
    sets = [set(hashes[a:b].tolist()) for a, b in pairwise(offsets.tolist())]
    return np.array([[len(a & b) / max(1, len(a | b)) for b in sets] for a in sets])


def same(one: DedupResult, two: DedupResult) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(two, name), equal_nan=name == "score")
        for name in ("kept", "twin", "exact", "score", "shared", "union")
    )


@settings(max_examples=60)
@given(texts_of)
def test_every_dropped_row_has_a_kept_twin_that_reaches_the_threshold(texts: list[str]) -> None:
    result = deduplicate(None, pa.array(texts, pa.string()))
    similar = jaccards(texts) if texts else np.zeros((0, 0))
    for row in np.flatnonzero(~result.kept):
        assert result.kept[result.twin[row]]
        assert similar[row, result.twin[row]] == pytest.approx(result.score[row])
        assert result.score[row] >= 0.7


@settings(max_examples=40)
@given(texts_of)
def test_what_was_kept_is_kept_again(texts: list[str]) -> None:
    first = deduplicate(None, pa.array(texts, pa.string()))
    again = deduplicate(None, pa.array(texts, pa.string()).filter(pa.array(first.kept)))
    assert again.kept.all()


@settings(max_examples=40)
@given(texts_of, st.randoms())
def test_the_order_of_rows_changes_nothing(texts: list[str], draw: object) -> None:
    order = list(range(len(texts)))
    draw.shuffle(order)  # type: ignore[attr-defined]
    ids = pa.array([f"row{k:03}" for k in range(len(texts))])
    rank = np.array([len(text) % 3 for text in texts], dtype=np.int64)
    plain = deduplicate(ids, pa.array(texts, pa.string()), rank)
    mixed = deduplicate(
        ids.take(pa.array(order, pa.int64())), pa.array([texts[k] for k in order], pa.string()), rank[order]
    )
    assert {k for k in range(len(texts)) if plain.kept[k]} == {order[k] for k in np.flatnonzero(mixed.kept)}


@settings(max_examples=40)
@given(texts_of)
def test_each_cluster_has_exactly_one_survivor(texts: list[str]) -> None:
    result = deduplicate(None, pa.array(texts, pa.string()))
    for label in set(result.clusters.tolist()):
        assert [label] == np.flatnonzero((result.clusters == label) & result.kept).tolist()


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
def test_pairs_that_exist_do_not_survive_together(threshold: float, edited_texts: Callable[..., list[str]]) -> None:
    texts = edited_texts(seed=11, originals=80)
    result = deduplicate(None, pa.array(texts), config=DedupConfig(threshold=threshold))
    one, two = np.nonzero(np.triu(jaccards(texts) >= threshold, 1))
    assert len(one) > 100
    assert (result.kept[one] & result.kept[two]).mean() <= 0.02


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_and_the_compiled_path_change_nothing(workers: int, edited_texts: Callable[..., list[str]]) -> None:
    texts = pa.array(edited_texts(seed=3))
    plain = deduplicate(None, texts, compiled=False, also_pairs_at=0.5)
    threads = deduplicate(None, texts, config=DedupConfig(workers=workers), compiled=True, also_pairs_at=0.5)
    assert same(plain, threads)
    assert plain.pairs.scores.tolist() == threads.pairs.scores.tolist()


def test_rows_without_text_and_short_rows_stay() -> None:
    result = deduplicate(None, pa.array(["", "one", None, "two", " \n", "", "a b"]))
    assert result.kept.all()


def test_an_exact_copy_names_its_twin() -> None:
    result = deduplicate(None, pa.array(["x = 1  \r\n", "y", "x = 1"]))
    assert result.kept.tolist() == [True, True, False]
    assert (result.twin[2], result.exact[2], result.score[2]) == (0, True, 1.0)


def test_a_copy_of_a_dropped_row_names_the_row_that_was_kept() -> None:
    base = FUNCTION.split()
    near = " ".join([*base[:-1], "never"])
    result = deduplicate(None, pa.array([near, " ".join(base), near]), np.array([1, 0, 1]))
    assert result.kept.tolist() == [False, True, False]
    assert result.twin[[0, 2]].tolist() == [1, 1]
    assert not result.exact.any()


def test_the_better_rank_is_kept_then_the_smaller_id() -> None:
    text = pa.array(["same text"] * 3)
    assert deduplicate(None, text, np.array([2, 1, 3])).kept.tolist() == [False, True, False]
    assert deduplicate(pa.array(["c", "b", "a"]), text).kept.tolist() == [False, False, True]


def test_preferred_sources_win_over_rank() -> None:
    result = deduplicate(
        None,
        pa.array(["same text"] * 3),
        np.array([0, 1, 2]),
        DedupConfig(prefer=("gsm8k",)),
        sources=["web", "gsm8k", "web"],
    )
    assert result.kept.tolist() == [False, True, False]


def test_rows_that_resemble_a_dropped_row_only_stay() -> None:
    words = [f"w{k}" for k in range(60)]
    a, b, c = words[:50], words[5:55], words[10:60]
    result = deduplicate(None, pa.array([" ".join(x) for x in (a, b, c)]))
    similar = jaccards([" ".join(x) for x in (a, b, c)])
    assert similar[0, 1] >= 0.7 > similar[0, 2]
    assert result.kept.tolist() == [True, False, True]


def test_a_bucket_of_many_copies_with_edits_is_compared_whole() -> None:
    body = " ".join(f"common{k}" for k in range(60))
    texts = [f"{body} own{k} tail{k} end{k}" for k in range(400)]
    result = deduplicate(None, pa.array(texts))
    assert result.kept.sum() == 1
    assert result.complete


def test_groups_hold_linked_rows_together(edited_texts: Callable[..., list[str]]) -> None:
    texts = edited_texts(seed=12, originals=60)
    result = deduplicate(None, pa.array(texts), also_pairs_at=0.5)
    labels = result.groups(0.5)
    one, two = np.nonzero(np.triu(jaccards(texts) >= 0.5, 1))
    both = result.kept[one] & result.kept[two]
    assert both.sum() > 5
    assert (labels[one[both]] == labels[two[both]]).mean() >= 0.98
    dropped = np.flatnonzero(~result.kept)
    assert labels[dropped].tolist() == labels[result.twin[dropped]].tolist()


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="threshold"):
        deduplicate(None, pa.array(["a"]), config=DedupConfig(threshold=0.0))
    with pytest.raises(ValueError, match="rank has 2 rows, texts 1"):
        deduplicate(None, pa.array(["a"]), np.zeros(2))
    with pytest.raises(TypeError, match="column of strings"):
        deduplicate(None, pa.array([1, 2]))


def test_pairs_near_the_threshold_are_named_the_closest_first() -> None:
    words = [f"w{k}" for k in range(104)]  # 100 shingles
    texts = [" ".join(words), " ".join(words[:83]), " ".join(words[:86]), " ".join(words[:90])]
    result = deduplicate(None, pa.array(texts), None, DedupConfig(threshold=0.8))
    found = result.borderline(lambda rows: pa.array([f"row {k}" for k in rows.tolist()])).to_pylist()
    shown = [(f["left"], f["right"], f["score"], f["left_kept"], f["right_kept"]) for f in found]
    assert [("row 0", "row 1", 0.79, True, True), ("row 0", "row 2", 0.82, True, False)] == shown
