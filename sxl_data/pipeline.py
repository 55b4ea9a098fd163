"""START HERE: the ordered stages of a build, and the one place that runs them.

read → clean → dedup → decontaminate → ground → split → write. Every step turns committed files into committed
files; rows never pass through this process. It plans tasks, hands them to a runner, counts receipts and,
at the very end, publishes the result and writes the manifest that makes it a dataset. Nothing foreign is decoded
here: a file that crashes its parser costs a worker, never the build.
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.build.guards import MADE_BY, read_summary, refuse_empty, refuse_folder, refuse_no_train, refuse_other
from sxl_data.build.publish import await_manifest, publish
from sxl_data.build.recipe import Recipe, find, read
from sxl_data.build.tasks import KEPT
from sxl_data.contract.config import Loaded, parse_size
from sxl_data.contract.console import Progress, format_count, format_seconds, say
from sxl_data.contract.errors import Bug, error
from sxl_data.dedup.parts.plan import STEPS, Compared, Comparison
from sxl_data.dedup.parts.shards import MOST_ROWS
from sxl_data.engine.commit import commit_bytes
from sxl_data.engine.local import count_cores
from sxl_data.engine.memory import worker_limits
from sxl_data.engine.objects import Objects, is_remote, work_folder
from sxl_data.engine.ranks import RankRunner
from sxl_data.engine.runners import make_runner
from sxl_data.engine.store import Store, locked, sweep_temporaries
from sxl_data.engine.task import FileInfo, Receipt, Runner, Task, WhyNot
from sxl_data.ground.stage import GroundConfig
from sxl_data.read.files import Chunk, gather, plan
from sxl_data.read.options import check_options
from sxl_data.read.sources import is_file
from sxl_data.read.stage import adapter_digest, format_of
from sxl_data.split.assign import SPLITS
from sxl_data.write.manifest import Manifest, SourceSummary, StageSummary

STAGES = ("read", "clean", "dedup", "decontaminate", "ground", "split", "write")
COMPARING = ("view", *STEPS)
INNER = {"detect": "read", "place": "split"} | dict.fromkeys(COMPARING, "dedup")  # steps of a stage
ROW_BYTES = 30  # that `split` holds of each row, the one task whose memory grows with all of them
WORK = ".work"
SHOWN = 4  # names of what changed, in a line
DETECTED_CHUNKS = 20  # of a source, looked at to recognise its format


def build(
    recipe: str,
    out: str | Path,
    overrides: Sequence[str] = (),
    *,
    limit: int | None = None,
    from_stage: str | None = None,
    rank: int = 0,
    of: int = 1,
    work: str | Path | None = None,
    force: bool = False,
) -> Manifest:
    """Build the dataset of ``recipe`` (a path or a shipped name) into ``out``: a folder, or a URL such as s3://….

    For a URL the work is done in the folder ``work``, by default one of the user's cache, and the finished dataset
    is put there.

    ``overrides`` are ``key=value``; ``limit`` takes that many rows of each file of each source;
    ``from_stage`` runs that stage and the later ones again even where their results are there.
    ``rank`` is this process among ``of`` that build into the same shared folder; rank 0 publishes.
    ``force`` replaces the finished build of another recipe, which is refused without it.
    Raises `UserError` for anything the user can change.
    """
    loaded, base = read(recipe, overrides)
    remote = Objects(str(out)) if is_remote(out) else None
    folder = Path(work or work_folder(str(out))) if remote else Path(out)
    file = find(recipe).resolve()
    refuse_folder(folder, folder / WORK, loaded.value, file, force)
    if remote:
        refuse_other(read_summary(remote.manifest()), str(out), loaded.value, force)
    if of > 1 and from_stage is not None:
        raise error("U401", found="--from with --of", expected="one of them")
    with _interruptible(), locked(folder / WORK, "lock" if of == 1 else f"lock-{rank}-of-{of}"):
        with remote.locked(folder) if remote and not rank else contextlib.nullcontext():
            manifest = _build(Build(loaded, base, folder, limit, from_stage, rank, of))
            if remote and not rank:
                remote.publish(folder, manifest.files)
        return manifest


def _build(run: Build) -> Manifest:
    if run.of > 1:  # temporaries may be those of another rank
        return run.run()
    sweep_temporaries(run.out)
    try:
        return run.run()
    finally:
        sweep_temporaries(run.out)


class Build:
    """One build: its store, its runner, and the funnel as it grows."""

    def __init__(
        self,
        loaded: Loaded[Recipe],
        base: Path,
        out: Path,
        limit: int | None = None,
        from_stage: str | None = None,
        rank: int = 0,
        of: int = 1,
    ) -> None:
        self.rank, self.of = rank, of
        self.recipe, self.base, self.out, self.file = loaded.value, base, out, loaded.file
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
        self.receipts: list[Receipt] = []
        self.reasons: dict[tuple[str, int], WhyNot] = {}
        self.ledgers: list[FileInfo] = []
        self.quarantines: list[FileInfo] = []
        self.funnel: list[StageSummary] = []
        self.seconds: dict[str, float] = {}

    def run(self) -> Manifest:
        """All stages, then the publication."""
        try:
            shards, sources = self._read()
            shards = self._local("clean", shards, self.recipe.clean, media=self.recipe.media)
            seen, compared, shards = self._dedup(shards)
            shards = self._local("decontaminate", shards, self.recipe.decontaminate)
            if self.recipe.ground.tools:
                shards = self._local("ground", shards, self._grounds())
            refuse_empty(sum(shard.rows for shard in shards), self.funnel)
            split, leakage = self._split(shards, seen, compared.pairs)
            written = self._write(shards, split)
        finally:
            self.runner.close()
        done = "publish/" + _digest([receipt.key for receipt in self.receipts])
        if self.rank:
            return await_manifest(self.out, self.store.root / done, self.recipe.engine.patience_seconds)
        made_by = Path(self.file or "").resolve()
        commit_bytes(self.store.root / MADE_BY, str(made_by).encode("utf-8"))
        manifest = publish(
            self.out,
            self.store,
            self.recipe,
            sources,
            self.funnel,
            leakage,
            written,
            self.ledgers,
            self.quarantines,
            compared.borderline,
            self.seconds,
        )
        keep = {info.path for receipt in self.receipts for info in receipt.files.values()}
        keep |= {receipt.path for receipt in self.receipts}
        if self.of > 1:
            self.store.put_bytes(done, b"")
        self.store.sweep(keep | {done, MADE_BY})
        return manifest

    # The stages -------------------------------------------------------------------------------------

    def _read(self) -> tuple[list[FileInfo], list[SourceSummary]]:
        tasks: list[Task] = []
        owners: list[tuple[int, str, str, int, int, str]] = []
        for number, source in enumerate(self.recipe.sources):
            source = self._local_files(number)
            chunks = list(plan(source, self.base, self.recipe.engine.chunk_bytes))
            if not chunks:
                raise error(
                    "U208",
                    file=source.path,
                    found="no file to read",
                    expected="files",
                    why=f"the source {source.name!r} reads them",
                )
            format, reason = self._detect(number, source, chunks)
            check_options(source.options, format_of(format), self.file, f"/sources/{number}/options")
            if format_of(format).unit == "folder":
                chunks = gather(chunks)
            pieces = {p.path: p for chunk in chunks for p in chunk.pieces}
            digest = _digest([p.sha256 for p in pieces.values()])
            size = sum(p.bytes for chunk in chunks for p in chunk.pieces)
            owners.append((number, format, reason, len(pieces), size, digest))
            values = msgspec.to_builtins(source)
            for chunk in chunks:
                params = {
                    "source": values,
                    "chunk": msgspec.to_builtins(chunk),
                    "format": format,
                    "owner": number,
                    "adapter": adapter_digest(format),
                    "keep_bytes": self.recipe.media == "keep",
                }
                tasks.append(Task(stage="read", part=len(tasks), function="sxl_data.build.tasks:read", params=params))
        sizes = [sum(piece["bytes"] for piece in task.params["chunk"]["pieces"]) // 1000 + 1 for task in tasks]
        receipts = self._run("read", tasks, sizes, "kB")
        summaries = []
        for number, format, reason, files, size, digest in owners:
            mine = [r for r, t in zip(receipts, tasks) if t.params["owner"] == number]
            source = self.recipe.sources[number]
            documents, rows, bad = (sum(r.counters[k] for r in mine) for k in ("documents", "rows", "quarantined"))
            if not rows:
                raise error(
                    "U208",
                    file=source.path or source.hub,
                    expected="at least one trace",
                    found=f"{documents} documents, {bad} unreadable",
                    why=f"the source {source.name!r} would be empty",
                )
            empty = sum(r.counters.get("dropped:U209", 0) for r in mine)
            summaries.append(
                SourceSummary(
                    name=source.name,
                    format=format,
                    detected=reason,
                    licence=source.licence,
                    revision=source.revision,
                    files=files,
                    bytes=size,
                    sha256=digest,
                    documents=documents,
                    traces=rows,
                    quarantined=bad,
                    empty=empty,
                    kept={},
                )
            )
        self.quarantines = [r.files["quarantine"] for r in receipts if r.files["quarantine"].rows]
        shards = [info for r in receipts for info in r.numbered(KEPT)]
        self._count("read", sum(r.counters["documents"] for r in receipts), sum(s.rows for s in shards), receipts)
        return shards, summaries

    def _detect(self, number: int, source: Any, chunks: list[Chunk]) -> tuple[str, str]:
        """The format of a source and why, found by a task of its own."""
        first = msgspec.to_builtins(chunks[:DETECTED_CHUNKS])
        task = Task(
            stage="detect",
            part=number,
            function="sxl_data.build.tasks:detect",
            params={"source": msgspec.to_builtins(source), "chunks": first},
        )
        (receipt,) = self._run("detect", [task])
        path = self.store.verified(receipt.files["format"])
        return msgspec.json.decode(path.read_bytes(), type=tuple[str, str])

    def _local(self, stage: str, shards: list[FileInfo], config: Any, **more: Any) -> list[FileInfo]:
        tasks = [
            Task(
                stage=stage,
                part=i,
                function=f"sxl_data.build.tasks:{stage}",
                inputs={"traces": (shard,)},
                params={"config": msgspec.to_builtins(config), "seed": self.recipe.seed, **more},
                timed=stage != "ground",
            )  # which runs programs, each with a limit of its own
            for i, shard in enumerate(shards)
        ]
        receipts = self._run(stage, tasks, [shard.rows for shard in shards], "rows")
        kept = [r.files["kept"] for r in receipts]
        self._count(stage, sum(s.rows for s in shards), sum(s.rows for s in kept), receipts)
        return kept

    def _dedup(self, shards: list[FileInfo]) -> tuple[list[Receipt], Compared, list[FileInfo]]:
        """What `view` saw of each shard, what comparing all rows found, and the shards without duplicates."""
        self._refuse_too_many(sum(shard.rows for shard in shards))
        config = self.recipe.dedup
        # Another threshold asks the same signatures, so it does not make them anew.
        seen_by = {
            name: msgspec.to_builtins(getattr(config, name)) for name in ("view", "shingling", "permutations", "seed")
        }
        views = [
            Task(
                stage="view",
                part=i,
                function="sxl_data.build.tasks:view",
                inputs={"traces": (s,)},
                params={"config": seen_by},
            )
            for i, s in enumerate(shards)
        ]
        sizes = [shard.rows for shard in shards]
        seen = self._run("view", views, sizes, "rows")
        compared = Comparison(self._run, seen, sizes, config, self._task_bytes()).compare(self.recipe.split.threshold)
        tasks = [
            Task(
                stage="dedup",
                part=i,
                function="sxl_data.build.tasks:apply",
                params={},
                inputs={"traces": (s,), "drops": (drops,)},
            )
            for i, (s, drops) in enumerate(zip(shards, compared.drops))
        ]
        receipts = self._run("dedup", tasks, sizes, "rows")
        kept = [r.files["kept"] for r in receipts]
        for inner in COMPARING:
            self.seconds["dedup"] += self.seconds.pop(inner, 0)
        self._count("dedup", sum(s.rows for s in shards), sum(s.rows for s in kept), receipts)
        return seen, compared, kept

    def _task_bytes(self) -> int:
        """What a task of the comparison plans to hold."""
        engine = self.recipe.engine
        planned = engine.task_bytes or parse_size(self.recipe.dedup.memory)
        return max(1, planned if self.room is None else min(planned, self.room // 2))

    def _refuse_too_many(self, rows: int) -> None:
        """More rows than 32 bits number, or than a worker can divide, are not started with. Raises U311."""
        room = self.room
        if rows > MOST_ROWS:
            raise error("U311", found=f"{rows:,} rows", expected=f"at most {MOST_ROWS:,}, what 32 bits number")
        if room is not None and rows * ROW_BYTES > room:
            raise error(
                "U311",
                found=f"{rows:,} rows, {rows * ROW_BYTES:,} bytes while they are divided",
                expected=f"at most {room:,} bytes, engine.worker_bytes",
            )

    def _split(self, shards: list[FileInfo], seen: list[Receipt], pairs: FileInfo) -> tuple[Receipt, dict[str, float]]:
        """What the task `split` found, and the leakage."""
        first = [0, *itertools.accumulate(receipt.counters["rows"] for receipt in seen)]
        places = [
            Task(
                stage="place",
                part=i,
                function="sxl_data.build.tasks:place",
                params={"first": first[i]},
                inputs={"traces": (s,), "signatures": (seen[i].files["signatures"],)},
            )
            for i, s in enumerate(shards)
        ]
        placed = self._run("place", places, [shard.rows for shard in shards], "rows")
        task = Task(
            stage="split",
            part=0,
            function="sxl_data.build.tasks:split",
            inputs={"placed": tuple(r.files["placed"] for r in placed), "pairs": (pairs,)},
            params={
                "config": msgspec.to_builtins(self.recipe.split),
                "seed": self.recipe.seed,
                "shard_bytes": self.recipe.write.shard_bytes,
            },
            timed=False,
        )
        (receipt,) = self._run("split", [task])
        self.seconds["split"] += self.seconds.pop("place")
        counts = {name: receipt.counters[f"rows_{name}"] for name in SPLITS}
        refuse_no_train(counts, self.recipe.split)
        sizes = ", ".join(f"{name} {format_count(count)}" for name, count in counts.items())
        leakage = {name: receipt.counters[f"leak_{name}"] / 1e6 for name in ("ours", "random")}
        say(f"{'split':<14} {sizes}; twins across {leakage['ours']:.2%} (random: {leakage['random']:.2%})")
        return receipt, leakage

    def _write(self, shards: list[FileInfo], split: Receipt) -> list[tuple[str, int, int, Receipt]]:
        """Receipts of the published shards as (split, number, shards of that split, receipt)."""
        plan = msgspec.json.decode(self.store.verified(split.files["plan"]).read_bytes())
        places: list[tuple[str, int, int]] = []
        tasks: list[Task] = []
        for side, (name, spans) in enumerate(zip(SPLITS, plan)):
            for number, (first, last) in enumerate(spans):
                places.append((name, number, len(spans)))
                members = range(first, last + 1)
                tasks.append(
                    Task(
                        stage="write",
                        part=len(tasks),
                        function="sxl_data.build.tasks:write",
                        params={"side": side, "shard": number, "arrow": self.recipe.write.arrow},
                        inputs={
                            "traces": tuple(shards[i] for i in members),
                            "sides": tuple(split.files[f"sides-{i:05d}"] for i in members),
                        },
                    )
                )
        receipts = self._run("write", tasks, unit="shards")
        rows = sum(r.counters["rows"] for r in receipts)
        self._count("write", rows, rows, receipts)
        return [(*place, receipt) for place, receipt in zip(places, receipts)]

    # Running and counting ---------------------------------------------------------------------------

    def _run(self, stage: str, tasks: list[Task], sizes: list[int] | None = None, unit: str = "tasks") -> list[Receipt]:
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

    def _count(self, stage: str, rows_in: int, rows_out: int, receipts: list[Receipt]) -> None:
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
        say(f"{stage:<14} {format_count(rows_in)}{arrow}{lost}   {format_seconds(self.seconds[stage])}{more}")

    def _grounds(self) -> GroundConfig:
        """The ground configuration with its path made absolute: tasks know no recipe folder."""
        config = self.recipe.ground
        if config.api_bank is None:
            return config
        path = (self.base / Path(config.api_bank).expanduser()).resolve()
        if not path.exists():
            raise error(
                "U201",
                file=config.api_bank,
                found="nothing at this path",
                expected="API-Bank's archive or folder",
                why="`ground.api_bank` names it",
            )
        return msgspec.structs.replace(config, api_bank=str(path))

    def _local_files(self, number: int) -> Any:
        """The source with files on this disk; a hub source is fetched first."""
        source = self.recipe.sources[number]
        if is_file(source.format):
            source = msgspec.structs.replace(source, format=str((self.base / source.format).resolve()))
        if source.hub is None:
            return source
        from sxl_data.read.fetch import fetch

        return fetch(source, self.base)


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
def _interruptible() -> Iterator[None]:
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


def _digest(parts: list[str]) -> str:
    import hashlib

    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
