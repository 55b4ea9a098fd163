"""All rows of a build divided, a few at a time.

In: the parts of linked rows, and the shards with those that nothing links. Out: of every row its side and what is said
of it, in a column that is in a file where memory has no room for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from sxl_data.engine.spool import Column, Room
from sxl_data.split.assign import FEW, SplitConfig
from sxl_data.split.cuts import Cuts, Items, cut_shares
from sxl_data.split.edges import Edges
from sxl_data.split.linked import ALONE
from sxl_data.split.part import FOUND, Part, divide_part, join
from sxl_data.split.parts import Parts, Shards


class Units:
    """All rows of a build, a few at a time: parts of linked rows, and then of each shard those that nothing links."""

    def __init__(self, shards: Shards, parts: Parts, seed: int, extends: bool) -> None:
        self.shards, self.parts, self.seed, self.extends = shards, parts, seed, extends
        self._last: tuple[int, Part] | None = None

    def __iter__(self) -> Iterator[tuple[int, Part]]:
        yield from self.linked()
        for shard in range(len(self.shards)):
            yield -1 - shard, self.alone(shard)

    def linked(self) -> Iterator[tuple[int, Part]]:
        """The parts, by their numbers."""
        for number in range(self.parts.count if self.parts.linked else 0):
            if self._last is None or self._last[0] != number:  # there is often one, and it is asked for again
                self._last = None
                self._last = number, join(*self.parts.load(number), self.seed, self.extends)
            yield self._last

    def alone(self, shard: int) -> Part:
        """The rows of a shard that nothing links."""
        labels = self.parts.labels.read(*self.shards.bounds[shard : shard + 2].tolist())
        rows = self.shards.known(shard)
        return join(rows if (labels == ALONE).all() else rows.take(labels == ALONE), NO_EDGES, self.seed, self.extends)


_NONE = np.empty((0, 2), np.int64)
NO_EDGES = Edges(_NONE, _NONE, _NONE, np.empty(0, np.uint32), np.empty(0, np.uint64))


def cut_strata(units: Units, config: SplitConfig, room: Room) -> Cuts:
    """Where the shares of each stratum end. What is drawn of linked rows is noted; the rest is looked up again."""
    noted = room.spool(1, list(zip(Items._fields, ("u8", "f8", "i8", "i8"))))
    for _, part in units.linked():
        items = part.items()
        records = np.empty(len(items.units), noted.dtype)
        for name, column in zip(Items._fields, items):
            records[name] = column
        noted.add(0, records)

    def drawn() -> Iterator[Items]:
        for records in noted.chunks(0):
            yield Items(*(records[name] for name in Items._fields))
        for shard in range(len(units.shards)):
            yield units.alone(shard).items()

    return cut_shares(drawn, np.cumsum([config.train, config.validation, config.test])[:-1], room.memory // 4)


def divide_units(units: Units, config: SplitConfig, cuts: Cuts | None, room: Room) -> tuple[Column, Counter[str]]:
    """What is `FOUND` of each row, and the counters."""
    bounds, rows = units.shards.bounds, int(units.shards.bounds[-1])
    found, counters = room.column(rows, FOUND), Counter[str]()
    linked = room.spool(len(units.shards), [("row", "<u4"), ("found", FOUND)])
    number, fill = _fill(units, config, cuts, rows)
    for own, part in units:
        said, counted = divide_part(part, config, units.seed, rows, cuts, fill if own == number else None)
        counters.update(counted)
        if own >= 0:
            records = np.empty(len(said), linked.dtype)
            records["row"], records["found"] = part.rows.numbers, said
            linked.add(np.searchsorted(bounds, part.rows.numbers, "right") - 1, records)
            continue
        shard = -1 - own
        whole = np.empty(bounds[shard + 1] - bounds[shard], FOUND)
        whole[part.rows.numbers - bounds[shard]] = said
        for records in linked.chunks(shard):
            whole[records["row"] - bounds[shard]] = records["found"]
        found.write(int(bounds[shard]), whole)
    return found, counters


def _fill(units: Units, config: SplitConfig, cuts: Cuts | None, rows: int) -> tuple[int, np.ndarray | None]:
    """Of a build of so few groups that chance left train empty, the rows that go there, and the unit they are in."""
    if config.train <= 0 or rows - units.parts.linked > FEW:
        return 0, None
    groups, nearest = 0, list[tuple[float, int, int, int, np.ndarray]]()
    for own, part in units:
        groups += part.groups.total()
        if groups > FEW or divide_part(part, config, units.seed, rows, cuts)[1]["rows_train"]:
            return 0, None
        unit, kind, places = part.groups.nearest()
        if len(places):
            nearest.append((unit, kind, int(part.rows.numbers[places[0]]), own, places))
    first = min(nearest, key=lambda item: item[:3], default=None)
    return first[3:] if first else (0, None)
