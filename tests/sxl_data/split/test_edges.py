from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.split.assign import Pinned
from sxl_data.split.bridges import draw
from sxl_data.split.edges import KINDS, Edges, leaks

N = 24
LINKS = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda p: p[0] != p[1]), max_size=12)
PROMPTS = st.lists(st.integers(0, 7), min_size=N, max_size=N)
IDS = st.lists(st.tuples(st.integers(0, N - 1), st.integers(1, 6)), max_size=14, unique=True)
SIDES = st.lists(st.integers(-1, 2), min_size=N, max_size=N)


def pairs(found: list[tuple[int, int]]) -> np.ndarray:
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def edges(prompts: list[int], near: list[tuple[int, int]], similar: list[tuple[int, int]], ids: list[tuple[int, int]]):  # type: ignore[no-untyped-def]
    """Edges of rows with these prompts, of which the first row of each stands for all."""
    first = {prompt: prompts.index(prompt) for prompt in prompts}
    task = [(row, first[prompt]) for row, prompt in enumerate(prompts) if first[prompt] != row]
    stands = [(first[prompts[a]], first[prompts[b]]) for a, b in near if prompts[a] != prompts[b]]
    rows, names = (np.array([item[k] for item in ids], dtype=np.int64) for k in (0, 1))
    return Edges(pairs(task), pairs(stands), pairs(similar), rows, names.astype(np.uint64))


def partners(
    prompts: list[int], near: list[tuple[int, int]], similar: list[tuple[int, int]], ids: list[tuple[int, int]]
):  # type: ignore[no-untyped-def]
    """For each kind whether two rows are linked, looked up pair by pair."""
    beside = {(prompts[a], prompts[b]) for a, b in near} | {(prompts[b], prompts[a]) for a, b in near}
    named = [{name for row, name in ids if row == k} for k in range(N)]
    return {
        "task": lambda a, b: prompts[a] == prompts[b],
        "near_task": lambda a, b: prompts[a] != prompts[b] and (prompts[a], prompts[b]) in beside,
        "stated_id": lambda a, b: bool(named[a] & named[b]),
        "similar_text": lambda a, b: (a, b) in similar or (b, a) in similar,
    }


@given(PROMPTS, LINKS, LINKS, IDS, SIDES)
def test_leakage_of_each_kind_is_what_a_look_at_every_pair_of_rows_finds(prompts, near, similar, ids, sides):  # type: ignore[no-untyped-def]
    linked = partners(prompts, near, similar, ids)
    held = [row for row in range(N) if sides[row] > 0]
    expected = {}
    for kind in (*KINDS, "any"):
        of_kind = linked.values() if kind == "any" else [linked[kind]]
        leaked = [a for a in held if any(sides[b] == 0 and any(f(a, b) for f in of_kind) for b in range(N) if b != a)]
        expected[kind] = len(leaked)
    assert expected == leaks(np.array(sides, np.int8), edges(prompts, near, similar, ids))


@given(PROMPTS, LINKS, LINKS, IDS)
def test_rows_linked_in_any_way_have_one_label(prompts, near, similar, ids):  # type: ignore[no-untyped-def]
    members, labels = edges(prompts, near, similar, ids).label()
    label = dict(zip(members.tolist(), labels.tolist()))
    for linked in partners(prompts, near, similar, ids).values():
        for a in range(N):
            for b in range(a):
                assert not linked(a, b) or label[a] == label[b]


@given(PROMPTS, LINKS, LINKS, IDS, st.sets(st.integers(0, N - 1)))
def test_without_some_rows_the_links_of_the_others_stay(prompts, near, similar, ids, gone):  # type: ignore[no-untyped-def]
    left = edges(prompts, near, similar, ids).without(np.array(sorted(gone), dtype=np.int64))
    members, labels = left.label()
    label = dict(zip(members.tolist(), labels.tolist()))
    assert not gone & label.keys()
    for linked in partners(prompts, near, similar, ids).values():
        for a in sorted(set(range(N)) - gone):
            for b in sorted(set(range(a)) - gone):
                assert not linked(a, b) or label[a] == label[b]


@given(PROMPTS, LINKS, LINKS, IDS, SIDES, st.sets(st.integers(0, N - 1)))
def test_without_bridges_no_new_row_hangs_on_old_rows_of_two_sides(prompts, near, similar, ids, sides, new):  # type: ignore[no-untyped-def]
    old = np.array(sorted(set(range(N)) - new), dtype=np.int64)
    given_sides = Pinned(old, np.abs(np.array(sides, np.int8))[old])
    nowhere = Pinned(old[:0], given_sides.sides[:0])
    whole = edges(prompts, near, similar, ids)
    bridges, drawn = draw(whole, given_sides, nowhere)
    assert set(bridges.tolist()) <= new
    # Each new row that stays, with all new rows that it is linked to, sees old rows of one side at most.
    linked = partners(prompts, near, similar, ids)
    stay = new - set(bridges.tolist())
    side = dict(zip(old.tolist(), given_sides.sides.tolist()))
    for start in stay:
        seen, todo, found = {start}, [start], set()
        while todo:
            row = todo.pop()
            for other in range(N):
                if other != row and any(f(row, other) for f in linked.values()):
                    if other in side:
                        found.add(side[other])
                    elif other in stay and other not in seen:
                        seen.add(other)
                        todo.append(other)
        assert len(found) <= 1
        assert found <= {dict(zip(drawn.rows.tolist(), drawn.sides.tolist())).get(start)}
