"""One build as it runs: its store, its runner, what its tasks answered, and the funnel as it grows.

In: a recipe and a folder. Out, stage by stage: receipts in the order of their tasks, a line for the person who watches,
and counts that must add up: rows in = rows kept + ledger lines, or it is our bug.
"""

from __future__ import annotations

import contextlib
import hashlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.build.exclude import read_excluded
from sxl_data.build.extending import read_extended, read_taken_down
from sxl_data.build.recipe import Recipe
from sxl_data.build.sample import Share
from sxl_data.build.tidy import WORK
from sxl_data.build.uses import Use
from sxl_data.contract.config import Loaded
from sxl_data.contract.console import Progress, format_count, format_seconds, say
from sxl_data.contract.errors import Bug, error
from sxl_data.dedup.parts.plan import STEPS
from sxl_data.engine.local import count_cores
from sxl_data.engine.memory import worker_limits
from sxl_data.engine.ranks import RankRunner
from sxl_data.engine.runners import make_runner
from sxl_data.engine.store import Store
from sxl_data.engine.task import FileInfo, Receipt, Runner, Task, WhyNot
from sxl_data.secrets.rows import redaction
from sxl_data.write.manifest import MissingSource, StageSummary

STAGES = ("read", "clean", "dedup", "sift", "decontaminate", "ground", "split", "write")
COMPARING = ("view", *STEPS)
OF_TASKS = "task-"
"""What the names of the steps begin with that compare tasks."""
DIVIDING = ("place", *(OF_TASKS + step for step in STEPS), "note")
INNER = (
    {"detect": "read", "gather": "read", "old": "read", "known": "read"}
    | dict.fromkeys(COMPARING, "dedup")
    | dict.fromkeys(DIVIDING, "split")
)
SHOWN = 4  # names of what changed, in a line


class Run:
    """One build, in ``out``. ``rank`` is this process among ``of``; what `--from` names is done again."""

    def __init__(
        self,
        loaded: Loaded[Recipe],
        base: Path,
        out: Path,
        limit: int | None = None,
        from_stage: str | None = None,
        rank: int = 0,
        of: int = 1,
        extend: str | Path | None = None,
    ) -> None:
        self.rank, self.of = rank, of
        self.recipe, self.base, self.out, self.file = loaded.value, base, out, loaded.file
        self.extend, self.extended = extend, read_extended(extend, out) if extend is not None else None
        self.old: dict[str, tuple[FileInfo, ...]] = {}
        """What of the build that is extended must be known, once it was read."""
        self.gone = read_excluded(self.recipe.exclude, base, self.file)
        if extend is not None and self.extended is not None:
            self.gone = sorted({*self.gone, *read_taken_down(extend, self.extended)})
        self.uses: dict[str, Use] = {}
        """What each source is for, by its name."""
        if limit is not None and limit < 1:
            raise error("U401", found=f"a limit of {limit}", expected="1 or more")
        if limit is not None:
            sources = tuple(msgspec.structs.replace(s, limit=limit) for s in self.recipe.sources)
            self.recipe = msgspec.structs.replace(self.recipe, sources=sources)
        if from_stage is not None and from_stage not in STAGES:
            raise error("U401", found=from_stage, expected="one of " + ", ".join(STAGES))
        self.forced = set(STAGES[STAGES.index(from_stage) :]) if from_stage else set()
        self.store = Store(out / WORK)
        engine = self.recipe.engine
        self.runner: Runner = make_runner(
            self.store.root, engine.kind, engine.workers, engine.task_seconds, engine.worker_bytes, engine.address
        )
        limits = worker_limits(engine.workers or count_cores())
        self.room = engine.worker_bytes or (limits[1] if limits else None)
        """Bytes that one task may take which sees rows of all shards."""
        if of > 1:
            self.runner = RankRunner(self.runner, self.store.root, rank, of, engine.patience_seconds)
        self.samples = False
        """Whether only a part of each source is read, to forecast a build by."""
        self.thinned: dict[int, Share] = {}
        """Then, what each reading task stands for."""
        self.missing: list[MissingSource] = []
        """Sources that could not be read and were left out."""
        self.sizes: dict[str, int] = {}
        """Bytes of each source."""
        self.receipts: list[Receipt] = []
        self.reasons: dict[tuple[str, int], WhyNot] = {}
        self.ledgers: list[FileInfo] = []
        self.quarantines: list[FileInfo] = []
        self.taken: list[FileInfo] = []
        self.funnel: list[StageSummary] = []
        self.seconds: dict[str, float] = {}

    def redaction(self) -> Any:
        """What is taken out wherever text enters: where it is read, and where a program prints it."""
        config = self.recipe.clean
        return msgspec.to_builtins(redaction(config.secrets, config.keep_private, config.take_private))

    def say(self, text: str) -> None:
        """A line for the person who watches; none about the rows of a sample, which are none of the dataset's."""
        if not self.samples:
            say(text)

    def run(self, stage: str, tasks: list[Task], sizes: list[int] | None = None, unit: str = "tasks") -> list[Receipt]:
        """Receipts of ``tasks`` in their order; ``sizes`` are what each counts for in the progress."""
        sizes = sizes or [1] * len(tasks)
        jobs = [task.job() for task in tasks]
        self.reasons |= {(stage, job.task.part): self.store.why_not(job) for job in jobs}
        if INNER.get(stage, stage) in self.forced:
            for job in jobs:
                self.store.discard(job)
        started = time.monotonic()
        found: dict[int, Receipt] = {}
        place = {task.part: i for i, task in enumerate(tasks)}
        with Progress(stage, total=sum(sizes), unit=unit) as progress:
            try:
                for receipt in self.runner.run(tasks):
                    found[place[receipt.part]] = receipt
                    progress.advance(sizes[place[receipt.part]])
            except KeyboardInterrupt:
                say(f"{stage:<14} stopped: {len(found)} of {len(tasks)} parts are kept, and what came before")
                raise
        self.seconds[stage] = self.seconds.get(stage, 0) + time.monotonic() - started
        receipts = [found[i] for i in range(len(tasks))]
        self.receipts += receipts
        return receipts

    def count(self, stage: str, rows_in: int, rows_out: int, receipts: list[Receipt]) -> None:
        """Add the stage to the funnel; rows in = kept + ledger, or it is our bug."""
        self.ledgers += [r.files["ledger"] for r in receipts if r.files["ledger"].rows]
        dropped, edited, flagged = (
            {code: n for code, n in sorted(_sum(receipts, f"{what}:").items())}
            for what in ("dropped", "edited", "flagged")
        )
        if stage != "read" and rows_in != rows_out + sum(dropped.values()):
            raise Bug(f"{stage}: {rows_in} rows in, {rows_out} out, {sum(dropped.values())} in the ledger")
        self.funnel.append(
            StageSummary(
                stage=stage, rows_in=rows_in, rows_out=rows_out, dropped=dropped, edited=edited, flagged=flagged
            )
        )
        self._line(stage, rows_in, rows_out, dropped, {"edited": edited, "flagged": flagged}, self._reuse(receipts))

    def _reuse(self, receipts: list[Receipt]) -> str:
        """What of an earlier run was used again, and why the rest was not; empty on a first run."""
        anew = [receipt for receipt in receipts if not receipt.reused]
        why = [self.reasons[receipt.stage, receipt.part] for receipt in anew]
        if len(anew) == len(receipts) and not any(why):
            return ""
        reasons = "; ".join(f"{n} anew: {said}" for said, n in Counter(map(_say_why, why)).most_common(3))
        if anew and receipts[0].stage == "dedup" and (causes := self._changed(COMPARING)):
            reasons += f", since {', '.join(causes)} changed"
        return f", {len(receipts) - len(anew)} of {len(receipts)} reused" + (f" ({reasons})" if reasons else "")

    def _changed(self, stages: Sequence[str]) -> list[str]:
        """Parameters, not inputs, because of which tasks of ``stages`` were not reused."""
        names = [name for (stage, _), why in self.reasons.items() if stage in stages for name in why.parameters]
        return list(dict.fromkeys(names))[:SHOWN]

    def _line(
        self,
        stage: str,
        rows_in: int,
        rows_out: int | None,
        dropped: dict[str, int],
        stayed: dict[str, dict[str, int]],
        more: str = "",
    ) -> None:
        arrow = "" if rows_out is None else f" → {format_count(rows_out)}"
        why = ", ".join(f"{code} ×{format_count(n)}" for code, n in sorted(dropped.items()))
        lost = f"   −{format_count(sum(dropped.values()))} ({why})" if dropped else ""
        for what, counts in stayed.items():
            touched = ", ".join(f"{code} ×{format_count(n)}" for code, n in sorted(counts.items()))
            lost += f"   {what} {touched}" if counts else ""
        seconds = format_seconds(self.seconds[stage])
        if self.samples:
            say(f"{'sample':<14} {stage}: {format_count(rows_in)}{arrow}   {seconds}")
        else:
            say(f"{stage:<14} {format_count(rows_in)}{arrow}{lost}   {seconds}{more}")


def _say_why(why: WhyNot) -> str:
    if why.damaged:
        return "its files were damaged"
    changed = sorted([*why.parameters, *(f"input {name}" for name in why.inputs)])
    return ", ".join(changed[:SHOWN]) + " changed" if changed else "not run before"


def _sum(receipts: list[Receipt], prefix: str) -> Counter[str]:
    """Totals of the counters whose names begin with ``prefix``, without it."""
    total: Counter[str] = Counter()
    for receipt in receipts:
        for name, count in receipt.counters.items():
            if name.startswith(prefix):
                total[name.removeprefix(prefix)] += count
    return total


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A polite request to end (SIGTERM, as schedulers send it) stops the build like Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen
        return

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def digest(parts: list[str]) -> str:
    """SHA-256 of some words, in their order."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
