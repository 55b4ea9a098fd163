"""How the rows of a build are compared: which tasks, over which parts, in which order, and when it is enough.

In: what `view` left of every shard. Out: the drops of each shard, all verified pairs and those near the threshold. A
step is cut into parts so that a task holds no more than `dedup.memory` plans for, and so that they spread over
workers. Neither the parts nor who runs them changes a bit: copies are found by ranges of keys, candidates by
spans of band hashes, similarities by chunks of candidates; survivors need the verified pairs only. Another round is
planned when a receipt says that a bucket was cut and that rows of it are still there (`rounds` has the rule).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from sxl_data.dedup.bands import choose_bands
from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.parts.band_ranges import AT_ONCE, ENTRY_BYTES, STREAMED
from sxl_data.dedup.parts.exact import KEY_BYTES
from sxl_data.dedup.parts.rounds import Settled, search
from sxl_data.dedup.parts.tasks import CHUNK
from sxl_data.dedup.signatures import SMALL
from sxl_data.engine.task import FileInfo, Receipt, Task

MOST_PARTS = 32
"""Parts into which a step is cut for the sake of workers; more only where memory asks for them."""
STEPS = ("exact", "scatter", "meet", "check", "settle", "conclude")
ROUND = 100_000
"""Parts of round k are numbered from k times this on."""
SURE = 0.1
"""How far below the threshold candidates are looked for where every pair at it is wanted."""
WHOLE_FAN = 1 << 11
"""Stars per bucket there: a bucket of so many rows is compared whole."""
Run = Callable[[str, list[Task]], list[Receipt]]
Files = tuple[FileInfo, ...]


class Compared(NamedTuple):
    """``drops``: a file for each shard. ``pairs``: all that were verified. ``borderline``: those near the threshold."""

    drops: list[FileInfo]
    pairs: FileInfo
    borderline: FileInfo


class Related(NamedTuple):
    """``copies``: tables of row and stands. ``pairs``: tables of left and right, rows that stand for their copies.
    ``cut``: tables of row, those of buckets so large that not all their pairs were compared."""

    copies: Files
    pairs: Files
    cut: Files


def count_parts(rows: int, each: int, memory: int, work: int) -> int:
    """Into how many parts a step over ``rows`` is cut, each row of which takes ``each`` bytes: so that a part takes
    at most ``memory``, and no more than ``work`` rows while that makes up to `MOST_PARTS`."""
    return max(1, -(-rows * each // memory), min(MOST_PARTS, -(-rows // work)))


class Comparison:
    """The comparison of one build. ``run`` runs tasks and answers their receipts in order; ``seen`` are those of
    `view`, ``sizes`` the rows of each shard; ``memory`` is what a task may hold, in bytes. ``prefix`` begins the names
    of its steps, so that a build may have several comparisons."""

    def __init__(
        self, run: Run, seen: Sequence[Receipt], sizes: list[int], config: DedupConfig, memory: int, prefix: str = ""
    ) -> None:
        self.sizes, self.config, self.memory, self.prefix = sizes, config, memory, prefix
        self.run: Run = lambda stage, tasks: run(prefix + stage, tasks)
        self.signatures = tuple(receipt.files["signatures"] for receipt in seen)
        self.texts = tuple(receipt.files["text"] for receipt in seen)
        self.compiled = sum(info.bytes for info in self.texts) > SMALL
        self.copies: Files = ()

    def compare(self, pairs_at: float) -> Compared:
        """Compare all rows; pairs of kept rows that reach ``pairs_at`` are wanted too."""
        self.copies = self._find_copies()
        found = search(self, self.config.threshold, pairs_at)
        return self._conclude(tuple(found.pairs), (found.near,))

    def relate(self) -> Related:
        """All that is alike, where nothing is to be dropped: copies, and pairs at the threshold. Candidates are those
        of a threshold lower by `SURE`, so that hardly a pair at it is missed, and buckets are cut far later."""
        self.copies = self._find_copies()
        threshold = self.config.threshold
        pairs, cut = self.find_pairs(0, max(threshold - SURE, threshold / 2), WHOLE_FAN, threshold, None, None)
        return Related(self.copies, tuple(pairs), tuple(cut))

    def _find_copies(self) -> Files:
        parts = count_parts(sum(self.sizes), KEY_BYTES, self.memory, 1 << 24)
        tasks = [self._task("exact", "find_copies", part, {"part": part, "parts": parts}) for part in range(parts)]
        return tuple(receipt.files["copies"] for receipt in self.run("exact", tasks))

    def find_pairs(
        self,
        turn: int,
        threshold: float,
        fan: int,
        floor: float,
        again: Settled[FileInfo] | None,
        near: FileInfo | None,
    ) -> tuple[list[FileInfo], list[FileInfo]]:
        """Candidates and their exact similarities, by tasks over ranges of band hashes and chunks of candidates."""
        entries = (again.left if again else sum(self.sizes)) * choose_bands(threshold, self.config.permutations).count
        parts = count_parts(entries, ENTRY_BYTES, self.memory, 1 << 23)
        # A quarter of the memory for signatures of 256 bytes, twice.
        at_once = max(1 << 10, min(AT_ONCE, self.memory >> 11))
        params = {"threshold": threshold, "parts": parts}
        costs = {"compiled": self.compiled, "at_once": at_once}
        first = turn * ROUND
        among: dict[str, Files] = {"again": (again.again,)} if again else {"copies": self.copies}
        if near is not None:
            among["near"] = (near,)
        inputs = [among] * parts
        if parts > STREAMED:
            sent = self.run(
                "scatter",
                [
                    self._task("scatter", "scatter", first + k, params | {"begin": a, "end": b}, costs, **among)
                    for k, (a, b) in enumerate(self._groups(parts))
                ],
            )
            inputs = [{"keys": tuple(r.files[f"keys-{part:05d}"] for r in sent)} for part in range(parts)]
        met = self.run(
            "meet",
            [
                self._task("meet", "meet", first + part, params | {"part": part, "fan": fan}, costs, **rows_of)
                for part, rows_of in enumerate(inputs)
            ],
        )
        found = [info for r in met for info in r.numbered("pairs-")]
        params = {"floor": floor, "shingling": msgspec.to_builtins(self.config.shingling)}
        costs = {"memory": min(self.memory // 8, 1 << 30)}
        checked = self.run(
            "check",
            [
                self._task("check", "check", first + part, params, costs, pairs=chunk, text=self.texts)
                for part, chunk in enumerate(_chunks(found))
            ],
        )
        cut = [receipt.files["cut"] for receipt in met if receipt.files["cut"].rows]
        return [receipt.files["pairs"] for receipt in checked], cut

    def settle(
        self,
        turn: int,
        threshold: float,
        pairs: list[FileInfo],
        first_cut: list[FileInfo],
        cut: list[FileInfo],
        before: FileInfo | None,
    ) -> Settled[FileInfo]:
        """Survivors, by one task."""
        inputs = {"pairs": tuple(pairs), "first_cut": tuple(first_cut), "cut": tuple(cut)}
        inputs["before"] = (before,) if before else ()
        (done,) = self.run("settle", [self._task("settle", "settle", turn, {"threshold": threshold}, **inputs)])
        return Settled(done.files["near"], done.files["again"], done.counters["again"])

    def _conclude(self, pairs: Files, near: Files) -> Compared:
        # A few small shards are named by one task: starting more would take longer.
        spans = self._groups(count_parts(sum(self.sizes), KEY_BYTES, self.memory, 1 << 20))
        params = {"threshold": self.config.threshold}
        tasks = [self._task("conclude", "conclude", 0, params, pairs=pairs, near=near)]
        tasks += [
            self._task("conclude", "name_drops", part, {"begin": a, "end": b}, copies=self.copies, near=near)
            for part, (a, b) in enumerate(spans, 1)
        ]
        whole, *named = self.run("conclude", tasks)
        drops = [r.files[f"drops-{i:05d}"] for r, (a, b) in zip(named, spans) for i in range(a, b)]
        return Compared(drops, whole.files["pairs"], whole.files["borderline"])

    def _groups(self, count: int) -> list[tuple[int, int]]:
        """Neighbouring shards in about ``count`` groups: the first one of each and the one after the last."""
        step = max(1, len(self.sizes) // count)
        return [(first, min(first + step, len(self.sizes))) for first in range(0, len(self.sizes), step)]

    def _task(
        self,
        stage: str,
        function: str,
        part: int,
        params: dict[str, Any],
        costs: dict[str, Any] | None = None,
        /,
        **inputs: Files,
    ) -> Task:
        params = params | {"sizes": self.sizes, "prefer": list(self.config.prefer)}
        return Task(
            stage=self.prefix + stage,
            part=part,
            function=f"sxl_data.dedup.parts.tasks:{function}",
            params=params,
            inputs={"signatures": self.signatures, **inputs},
            timed=False,
            looked_up=("text",),
            costs=costs or {},
        )


def _chunks(infos: list[FileInfo]) -> list[tuple[FileInfo, ...]]:
    """Neighbouring files together while they hold no more than `CHUNK` rows."""
    ends = itertools.accumulate(info.rows for info in infos)
    groups = itertools.groupby(zip(infos, ends), key=lambda item: (item[1] - 1) // CHUNK)
    return [tuple(info for info, _ in group) for _, group in groups]
