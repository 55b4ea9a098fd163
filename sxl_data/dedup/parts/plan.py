"""How the rows of a build are compared: which tasks, over which parts, in which order, and when it is enough.

In: what `view` left of every shard. Out: the drops of each shard, all verified pairs and those near the threshold. A
step is cut into parts so that a task holds no more than `dedup.memory` plans for, and so that they spread over
workers. Neither the parts nor who runs them changes a bit: exact duplicates are found by ranges of keys, candidates by
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
from sxl_data.dedup.exact import KEY_BYTES
from sxl_data.dedup.parts.band_ranges import AT_ONCE, ENTRY_BYTES, STREAMED
from sxl_data.dedup.parts.rounds import Survivors, search
from sxl_data.dedup.parts.tasks import CHUNK
from sxl_data.dedup.signatures import SMALL
from sxl_data.engine.task import FileInfo, Receipt, Task

MOST_PARTS = 32
"""Parts into which a step is cut for the sake of workers; more only where memory asks for them."""
STEPS = ("exact", "partition", "candidates", "verify", "survivors", "results")
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
    """``duplicates``: tables of row and stands. ``pairs``: tables of left and right, rows that stand for theirs.
    ``cut``: tables of row, those of buckets so large that not all their pairs were compared."""

    duplicates: Files
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
        self.reference = config.backend == "datasketch"
        self.compiled = not self.reference and sum(info.bytes for info in self.texts) > SMALL
        self.duplicates: Files = ()

    def compare(self, pairs_at: float) -> Compared:
        """Compare all rows; pairs of kept rows that reach ``pairs_at`` are wanted too."""
        self.duplicates = self._find_exact_duplicates()
        found = search(self, self.config.threshold, pairs_at)
        return self._collect_results(tuple(found.pairs), (found.near,))

    def relate(self) -> Related:
        """All that is alike, where nothing is to be dropped: exact duplicates, and pairs at the threshold. Candidates
        are those of a threshold lower by `SURE`, so that hardly a pair at it is missed, and buckets are cut far
        later."""
        self.duplicates = self._find_exact_duplicates()
        threshold = self.config.threshold
        pairs, cut = self.find_pairs(0, max(threshold - SURE, threshold / 2), WHOLE_FAN, threshold, None, None)
        return Related(self.duplicates, tuple(pairs), tuple(cut))

    def _find_exact_duplicates(self) -> Files:
        parts = count_parts(sum(self.sizes), KEY_BYTES, self.memory, 1 << 24)
        tasks = [
            self._task("exact", "find_exact_duplicates", part, {"part": part, "parts": parts}) for part in range(parts)
        ]
        return tuple(receipt.files["duplicates"] for receipt in self.run("exact", tasks))

    def find_pairs(
        self,
        turn: int,
        threshold: float,
        fan: int,
        floor: float,
        again: Survivors[FileInfo] | None,
        near: FileInfo | None,
    ) -> tuple[list[FileInfo], list[FileInfo]]:
        """Candidates and their exact similarities, by tasks over ranges of band hashes and chunks of candidates."""
        found_in = self._find_candidates(turn, threshold, fan, again, near)
        found = [info for r in found_in for info in r.numbered("pairs-")]
        params = {"floor": floor, "shingling": msgspec.to_builtins(self.config.shingling)}
        costs: dict[str, Any] = {"memory": min(self.memory // 8, 1 << 30)}
        costs |= {"compiled": False} if self.reference else {}
        first = turn * ROUND
        verified = self.run(
            "verify",
            [
                self._task("verify", "verify_pairs", first + part, params, costs, pairs=chunk, text=self.texts)
                for part, chunk in enumerate(_chunks(found))
            ],
        )
        cut = [receipt.files["cut"] for receipt in found_in if receipt.files["cut"].rows]
        return [receipt.files["pairs"] for receipt in verified], cut

    def _find_candidates(
        self, turn: int, threshold: float, fan: int, again: Survivors[FileInfo] | None, near: FileInfo | None
    ) -> list[Receipt]:
        entries = (again.left if again else sum(self.sizes)) * choose_bands(threshold, self.config.permutations).count
        parts = 1 if self.reference else count_parts(entries, ENTRY_BYTES, self.memory, 1 << 23)
        # A quarter of the memory for signatures of 256 bytes, twice.
        at_once = max(1 << 10, min(AT_ONCE, self.memory >> 11))
        params: dict[str, Any] = {"threshold": threshold, "parts": parts}
        costs = {"compiled": self.compiled, "at_once": at_once}
        first = turn * ROUND
        among: dict[str, Files] = {"again": (again.again,)} if again else {"duplicates": self.duplicates}
        if near is not None:
            among["near"] = (near,)
        inputs = [among] * parts
        if parts > STREAMED:
            spans = [params | {"begin": a, "end": b} for a, b in self._groups(parts)]
            partitioned = self.run(
                "partition",
                [
                    self._task("partition", "partition_bands", first + k, span, costs, **among)
                    for k, span in enumerate(spans)
                ],
            )
            inputs = [{"keys": tuple(r.files[f"keys-{part:05d}"] for r in partitioned)} for part in range(parts)]
        function = "find_reference_candidates" if self.reference else "find_candidates_of"
        tasks = [
            self._task("candidates", function, first + part, params | {"part": part, "fan": fan}, costs, **rows_of)
            for part, rows_of in enumerate(inputs)
        ]
        return self.run("candidates", tasks)

    def choose_survivors(
        self,
        turn: int,
        threshold: float,
        pairs: list[FileInfo],
        first_cut: list[FileInfo],
        cut: list[FileInfo],
        before: FileInfo | None,
    ) -> Survivors[FileInfo]:
        """Survivors, by one task, which holds some components of the pairs at a time."""
        inputs = {"pairs": tuple(pairs), "first_cut": tuple(first_cut), "cut": tuple(cut)}
        inputs["before"] = (before,) if before else ()
        (done,) = self.run(
            "survivors",
            [
                self._task(
                    "survivors", "choose_survivors", turn, {"threshold": threshold}, {"memory": self.memory}, **inputs
                )
            ],
        )
        return Survivors(done.files["near"], done.files["again"], done.counters["again"])

    def _collect_results(self, pairs: Files, near: Files) -> Compared:
        # A few small shards are named by one task: starting more would take longer.
        spans = self._groups(count_parts(sum(self.sizes), KEY_BYTES, self.memory, 1 << 20))
        params = {"threshold": self.config.threshold}
        costs = {"memory": self.memory}
        tasks = [self._task("results", "collect_results", 0, params, costs, pairs=pairs, near=near)]
        tasks += [
            self._task("results", "name_drops", part, {"begin": a, "end": b}, duplicates=self.duplicates, near=near)
            for part, (a, b) in enumerate(spans, 1)
        ]
        whole, *named = self.run("results", tasks)
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
