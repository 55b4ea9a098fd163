"""START HERE: the ordered stages of a build, and nothing else.

read → clean → dedup → sift → decontaminate → ground → split → write. Every step turns committed files into committed
files; rows never pass through this process. `build.reading` and `build.stages` plan the tasks of a stage, `build.run`
hands them to a runner and counts their receipts, `build.tasks` is what a task does, and at the very end `build.publish`
puts the result in place and writes the manifest that makes it a dataset; `report` makes a page of it for people.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from sxl_data.build.dividing import Divided, divide
from sxl_data.build.forecast import Forecast, SourceForecast, forecast, not_looked_at, without
from sxl_data.build.guards import MADE_BY, read_summary, refuse_empty, refuse_folder, refuse_other, warn_of_emptied
from sxl_data.build.publish import await_manifest, publish
from sxl_data.build.reading import read_sources
from sxl_data.build.recipe import find, read
from sxl_data.build.run import WORK, Run, digest, interruptible
from sxl_data.build.stages import clean_params, drop_duplicates, ground_config, run_local, write_shards
from sxl_data.contract.errors import error
from sxl_data.dedup.parts.plan import Compared
from sxl_data.engine.commit import commit_bytes
from sxl_data.engine.objects import Objects, is_remote, work_folder
from sxl_data.engine.store import locked, sweep_temporaries
from sxl_data.engine.task import Receipt
from sxl_data.report.after import report_build
from sxl_data.write.manifest import Manifest, SourceSummary


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
    extend: str | Path | None = None,
) -> Manifest:
    """Build the dataset of ``recipe`` (a path or a shipped name) into ``out``: a folder, or a URL such as s3://….

    For a URL the work is done in the folder ``work``, by default one of the user's cache, and the finished dataset
    is put there.

    ``overrides`` are ``key=value``; ``limit`` takes that many rows of each file of each source;
    ``from_stage`` runs that stage and the later ones again even where their results are there.
    ``rank`` is this process among ``of`` that build into the same shared folder; rank 0 publishes.
    ``force`` replaces the finished build of another recipe, which is refused without it.
    ``extend`` is the folder of a finished build whose rows stay in the splits where they are.
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
    with interruptible(), locked(folder / WORK, "lock" if of == 1 else f"lock-{rank}-of-{of}"):
        with remote.locked(folder) if remote and not rank else contextlib.nullcontext():
            manifest = _run_clean(Run(loaded, base, folder, limit, from_stage, rank, of, extend))
            if remote and not rank:
                remote.publish(folder, manifest.files)
        return manifest


def _run_clean(run: Run) -> Manifest:
    if run.of > 1:  # temporaries may be those of another rank
        return run_stages(run)
    sweep_temporaries(run.out)
    try:
        return run_stages(run)
    finally:
        sweep_temporaries(run.out)


class Made(NamedTuple):
    """What the stages made: sources as they were read, pairs compared, sides, and the published shards."""

    sources: list[SourceSummary]
    compared: Compared
    divided: Divided
    written: list[tuple[str, int, int, Receipt]]


def make(run: Run) -> Made:
    """All stages, in their order."""
    try:
        shards, sources = read_sources(run)
        shards = run_local(run, "clean", shards, run.recipe.cleaning, **clean_params(run))
        seen, compared, shards = drop_duplicates(run, shards)
        shards = run_local(run, "sift", shards, run.recipe.sift)
        shards = run_local(run, "decontaminate", shards, run.recipe.decontaminate)
        if run.recipe.ground.tools:
            shards = run_local(run, "ground", shards, ground_config(run))
        refuse_empty(sum(shard.rows for shard in shards), run.funnel)
        divided = divide(run, shards, seen, compared.pairs)
        return Made(sources, compared, divided, write_shards(run, shards, divided.split))
    finally:
        run.runner.close()


def foresee(recipe: str, overrides: Sequence[str] = (), *, limit: int | None = None) -> Forecast:
    """What a build of ``recipe`` would make, from a sample of each source, in a folder that is gone afterwards. Sources
    that are not here, or that run code of the user's own, are only named."""
    loaded, base = read(recipe, overrides)
    notes = {s.name: note for s in loaded.value.sources if (note := not_looked_at(s, base))}
    if len(notes) == len(loaded.value.sources):
        return Forecast([SourceForecast(name, 0, 0, 0, note) for name, note in notes.items()], 0, {}, 0, 0)
    part = msgspec.structs.replace(loaded, value=without(loaded.value, set(notes)))
    with tempfile.TemporaryDirectory(prefix="sxl-forecast-") as folder:
        run = Run(part, base, Path(folder), limit)
        run.samples = True
        return forecast(run, make(run).written, notes)


def run_stages(run: Run) -> Manifest:
    """All stages, then the publication."""
    sources, compared, divided, written = make(run)
    done = "publish/" + digest([receipt.key for receipt in run.receipts])
    if run.rank:
        return await_manifest(run.out, run.store.root / done, run.recipe.engine.patience_seconds)
    made_by = Path(run.file or "").resolve()
    commit_bytes(run.store.root / MADE_BY, str(made_by).encode("utf-8"))
    manifest = publish(
        run.out,
        run.store,
        run.recipe,
        sources,
        run.missing,
        run.funnel,
        divided,
        written,
        run.ledgers,
        run.quarantines,
        compared.borderline,
        run.seconds,
    )
    warn_of_emptied(manifest.sources, run.recipe)
    keep = {info.path for receipt in run.receipts for info in receipt.files.values()}
    keep |= {receipt.path for receipt in run.receipts}
    if run.of > 1:
        run.store.put_bytes(done, b"")
    run.store.sweep(keep | {done, MADE_BY})
    if run.recipe.report.write:
        report_build(run.out, run.recipe.report)
    return manifest
