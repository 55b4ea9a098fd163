"""Cut into parts, rows are divided as they are in one, and as a look at them one by one finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.contract.graph import components
from sxl_data.engine.spool import Room
from sxl_data.split.assign import SplitConfig
from sxl_data.split.part import GONE, Rows
from sxl_data.split.parts import Parts, Prompts, Shards
from tests.sxl_data.split.dividing import cut, divide_shards, place, score, sides_of
from tests.sxl_data.split.test_assign import digests, side, unit

ROWS = 2000
CUTS = [0, 400, 401, 1000, 1000, 1900]
NAMES = np.uint64(0x9E3779B97F4A7C15)
SMALL = [Room(3_000_000), Room(200_000), Room(40_000)]


class Linked:
    """Rows that are linked in all ways: every sixth or so is, and some links make long chains."""

    def __init__(self, seed: int) -> None:
        draw = np.random.default_rng(seed)

        def some(count: int) -> np.ndarray:
            found = draw.integers(0, ROWS, (count, 2))
            return found[found[:, 0] != found[:, 1]]

        self.ids = [sorted({int(k) for k in draw.integers(1, 400, draw.integers(0, 3) // 2)}) for _ in range(ROWS)]
        self.similar = np.concatenate([some(150), np.stack([np.arange(0, 90, 3), np.arange(3, 93, 3)], axis=1)])
        stands = np.sort(some(120), axis=1)[:, ::-1]
        self.equal = stands[np.unique(stands[:, 0], return_index=True)[1]]
        self.equal = self.equal[~np.isin(self.equal[:, 1], self.equal[:, 0])]
        self.near = some(40)
        self.near = self.near[~np.isin(self.near, self.equal[:, 0]).any(axis=1)]
        self.keys = digests(ROWS, seed)
        self.strata = draw.integers(0, 4, ROWS).astype(np.uint64)
        self.draw = draw

    def shards(self, **columns: Any) -> list[pa.Table]:
        lists = pa.array([[k * int(NAMES) % 2**64 for k in ids] for ids in self.ids], pa.list_(pa.uint64()))
        compared = np.arange(ROWS, dtype=np.uint32) * np.uint32(2)  # every other row went since rows were compared
        return cut(place(self.keys, row=compared, ids=lists, stratum=self.strata, **columns), CUTS)

    def pairs(self) -> pa.Table:
        gone = np.stack([self.similar[:40, 0] * 2, self.similar[:40, 1] * 2 + 1], axis=1)
        weak = np.arange(40).reshape(-1, 2) * 8
        scores = [0.5] * len(self.similar) + [0.9] * len(gone) + [0.4] * len(weak)
        return score(np.concatenate([self.similar * 2, gone, weak]), scores)

    def labels(self) -> np.ndarray:
        owners = [(row, k) for row, ids in enumerate(self.ids) for k in ids]
        first: dict[int, int] = {}
        shared = np.array([(row, first.setdefault(k, row)) for row, k in owners])
        return components(ROWS, *np.concatenate([shared, self.similar, self.equal, self.near]).T)


def divided(linked: Linked, config: SplitConfig, room: Room, quotas: tuple[int, ...] = (), **columns: Any) -> Any:
    shards, prompts = linked.shards(**columns), {"equal": linked.equal, "near": linked.near}
    found = divide_shards(shards, linked.pairs(), config, 5, **prompts, room=room, quotas=quotas)
    return sides_of(found).to_pydict(), found.plan, found.counters


@pytest.mark.parametrize("room", SMALL)
@pytest.mark.parametrize("stratified", [False, True])
def test_each_group_is_where_its_smallest_digest_or_its_place_among_its_like_says(room: Room, stratified: bool):
    linked, config = Linked(1), SplitConfig(largest=1.0, stratify=("source",) if stratified else ())
    groups: dict[int, list[int]] = {}
    for row, name in enumerate(linked.labels().tolist()):
        groups.setdefault(name, []).append(row)
    places = {}
    for name, rows in groups.items():
        leader = min(rows, key=lambda row: linked.keys[row].tolist())
        places[name] = (int(linked.strata[leader]), unit(*linked.keys[leader].tolist(), 5))
    if stratified:
        for stratum in range(4):
            before, own = 0.0, sorted((place[1], name) for name, place in places.items() if place[0] == stratum)
            total = sum(len(groups[name]) for _, name in own)
            for _, name in own:
                places[name] = (-1, (before + len(groups[name]) / 2) / total)
                before += len(groups[name])
    expected = [0] * ROWS
    for name, rows in groups.items():
        for row in rows:
            expected[row] = side(places[name][1], config)
    assert 30 < sum(len(rows) > 1 for rows in groups.values()) and max(map(len, groups.values())) > 60
    assert expected == divided(linked, config, room)[0]["side"]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("oversized", ["train", "drop"])
@pytest.mark.parametrize("extends", [False, True])
def test_the_size_of_parts_changes_nothing_that_is_said_of_rows(seed: int, oversized: str, extends: bool):
    linked = Linked(seed)
    pins, old = np.full(ROWS, -2, np.int8), np.zeros(ROWS, bool)
    pins[linked.draw.random(ROWS) < 0.01] = 2
    pins[linked.draw.random(ROWS) < 0.01] = -1
    if extends:
        old = linked.draw.random(ROWS) < 0.2
        pins[old] = linked.draw.integers(0, 3, old.sum())
    pins[::50], old[::50] = GONE, False
    quota = np.where((linked.strata == 2) & (pins == -2), 0, -1).astype(np.int16)
    columns = {"pin": pins, "old": old, "quota": quota}
    config = SplitConfig(largest=0.006, oversized=oversized, stratify=("kind",) if seed == 2 else ())  # type: ignore[arg-type]
    whole = divided(linked, config, Room(1 << 40), (150,), **columns)
    assert {"D604", "D605", "D610"} <= set(whole[0]["code"])
    assert extends or ("D601" if oversized == "drop" else "D602") in whole[0]["code"]
    assert extends == ("D603" in whole[0]["code"]) and whole[2]["leak_random_any"] > 0
    for room in SMALL:
        assert whole == divided(linked, config, room, (150,), **columns)


def test_parts_have_all_rows_that_are_linked_once_and_no_link_between_them():
    linked = Linked(3)
    shards = linked.shards()
    bounds = np.concatenate([[0], np.cumsum([len(shard) for shard in shards])])

    def known(shard: int) -> Any:
        rows = np.arange(bounds[shard], bounds[shard + 1])
        none = np.zeros(len(rows))
        return Rows(rows, linked.keys[rows], none.astype(np.int8), none > 0, none > 0, linked.strata[rows])

    source = Shards(lambda i, names: shards[i].select(names), known, bounds)
    parts = Parts(source, [linked.pairs()], Prompts([linked.equal], [linked.near]), 0.5, Room(60_000))
    expected = linked.labels()
    counts = np.bincount(expected, minlength=ROWS)[expected]
    assert parts.count > 20 and parts.linked == (counts > 1).sum()
    seen = []
    for part in range(parts.count):
        rows, edges = parts.load(part)
        seen.append(rows.numbers)
        assert rows.keys.tolist() == linked.keys[rows.numbers].tolist()
        members, labels = edges.label()
        assert members.tolist() == list(range(len(rows.numbers)))
        assert expected[rows.numbers].tolist() == rows.numbers[labels].tolist()
    assert np.flatnonzero(counts > 1).tolist() == np.sort(np.concatenate(seen)).tolist()
