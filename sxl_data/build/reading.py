"""The first stage of a build as tasks: which files each source has, what format they are in, and reading them.

In: the sources of a recipe. Out: shards of traces, and a summary for each source. Nothing foreign is decoded in this
process, not even to recognise a format: a file that crashes its parser costs a worker, never the build.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from sxl_data.build.extending import plan_known, plan_old
from sxl_data.build.licences import warn_of_licences
from sxl_data.build.run import Run, digest
from sxl_data.build.sample import GATHERED, PIECES, Share, shares, thin
from sxl_data.build.stages import task_bytes
from sxl_data.build.tasks import KEPT, TAKEN
from sxl_data.build.uses import refuse_test_parts, strictest, use_of
from sxl_data.contract.errors import Finding, UserError, error
from sxl_data.engine.task import FileInfo, Receipt, Task
from sxl_data.read.files import Chunk, filled, gather, nothing, parted, plan, within
from sxl_data.read.known import format_of
from sxl_data.read.options import check_options
from sxl_data.read.recognise import Group
from sxl_data.read.sources import Source, is_file
from sxl_data.read.stage import code_digest
from sxl_data.write.manifest import MissingSource, SourceSummary


class Found(NamedTuple):
    """What a source turned out to be: its format and why, how many files of how many bytes, and their digest."""

    number: int
    format: str
    reason: str
    files: int
    bytes: int
    sha256: str


def read_sources(run: Run) -> tuple[list[FileInfo], list[SourceSummary]]:
    """Shards of the traces of all sources, and what each source gave. Raises U208 for a source without any. What is
    wrong with several sources is said of all of them at once."""
    tasks: list[Task] = []
    sources: list[Found] = []
    wrong: list[Finding] = []
    for number in range(len(run.recipe.sources)):
        try:
            found, more = _plan(run, number, len(tasks))
        except UserError as problem:
            wrong += problem.findings
            tasks += _left_out(run, number, problem.findings[0], len(tasks))
            continue
        sources.append(found)
        tasks += more
    if wrong and not (run.recipe.skip_unreadable and sources):
        raise UserError(*wrong)
    sizes = [sum(piece["bytes"] for piece in task.params["chunk"]["pieces"]) // 1000 + 1 for task in tasks]
    receipts = run.run("read", tasks, sizes, "kB")
    for key in run.recipe.split.group_keys:
        if not sum(r.counters[f"stated:{key}"] for r in receipts) and not any(_is_part(run, r) for r in receipts):
            raise error("U102", file=run.file, pointer="/split/group", found=key, expected="a key that some row has")
    if run.extend is not None and run.extended is not None:
        old = run.run("old", plan_old(run.extend, run.extended, run.recipe.dedup))
        known = run.run("known", plan_known(old, task_bytes(run)))
        run.old = {name: tuple(receipt.files[name] for receipt in known) for name in ("ids", "texts")}
    owners = [task.params["owner"] for task in tasks]
    summaries: list[SourceSummary] = []
    for found in sources:
        try:
            summaries.append(_summarise(run, found, [r for r, o in zip(receipts, owners) if o == found.number]))
        except UserError as problem:
            wrong += problem.findings
            run.missing.append(_missing(run.recipe.sources[found.number].name, problem.findings[0]))
    if wrong and not (run.recipe.skip_unreadable and summaries):
        raise UserError(*wrong)
    for item in run.missing:
        run.say(f"warning: source {item.name} is left out: {item.found} ({item.code})")
    stated = {source.name: source.licence for source in run.recipe.sources}
    warn_of_licences(run.recipe.licences, _by_licence(run, receipts, owners), stated, run.say)
    run.quarantines = [r.files["quarantine"] for r in receipts if r.files["quarantine"].rows]
    shards = [info for r in receipts for info in r.numbered(KEPT)]
    run.taken = [info for r in receipts for info in r.numbered(TAKEN)]
    run.count("read", sum(r.counters["documents"] for r in receipts), sum(s.rows for s in shards), receipts)
    if run.samples:
        shards, run.taken = _gathered(run, shards)
    return shards, summaries


def _is_part(run: Run, receipt: Receipt) -> bool:
    """Whether a reading task saw but a part of what it stands for: then what it lacks says nothing of the source."""
    return run.samples and (receipt.counters["unopened"] > 0 or run.thinned[receipt.part].factor != 1)


def _gathered(run: Run, shards: list[FileInfo]) -> tuple[list[FileInfo], list[FileInfo]]:
    """The shards of a sample as a few that hold rows of many sources, and those of `Run.taken`."""
    tasks = [
        Task(
            stage="gather",
            part=i,
            function="sxl_data.build.tasks:gather",
            inputs={"traces": tuple(shards[i::GATHERED]), "taken": tuple(run.taken[i::GATHERED])},
            params={},
        )
        for i in range(min(GATHERED, len(shards)))
    ]
    receipts = run.run("gather", tasks)
    return [r.files[KEPT] for r in receipts], [r.files[TAKEN] for r in receipts]


def _missing(name: str, problem: Finding) -> MissingSource:
    return MissingSource(name, problem.code, str(problem.found))


def _left_out(run: Run, number: int, problem: Finding, part: int) -> list[Task]:
    """The task that tells the ledger of a source which cannot be read; none where that stops the build."""
    if not run.recipe.skip_unreadable or run.samples:
        return []
    name = run.recipe.sources[number].name
    run.missing.append(_missing(name, problem))
    params = {"owner": number, "name": name, "detail": f"{problem.code}: {problem.found}"}
    chunk = {"chunk": {"pieces": [{"bytes": 0}]}}
    return [Task(stage="read", part=part, function="sxl_data.build.tasks:unread", params=params | chunk)]


def _by_licence(run: Run, receipts: list[Receipt], owners: list[int]) -> dict[str, dict[str, int]]:
    """Of each source rows by their licence."""
    found: dict[str, dict[str, int]] = {source.name: {} for source in run.recipe.sources}
    for receipt, owner in zip(receipts, owners):
        mine = found[run.recipe.sources[owner].name]
        for key, count in receipt.counters.items():
            if key.startswith("licence:"):
                name = key.removeprefix("licence:")
                mine[name] = mine.get(name, 0) + count
    return found


def _plan(run: Run, number: int, first: int) -> tuple[Found, list[Task]]:
    """What a source is, and the tasks that read it, numbered from ``first``."""
    source = _find_files(run, number)
    sample, rows = shares(len(run.recipe.sources))
    most = sample // PIECES if run.samples else run.recipe.engine.chunk_bytes
    chunks, left = parted(plan(source, run.base, most))
    if not chunks:
        why = f"the source {source.name!r} reads them"
        raise error("U208", file=source.path, found=nothing(left), expected="files", why=why)
    groups = _detect(run, number, source, chunks)
    for group in groups:
        check_options(source.options, format_of(group.format), run.file, f"/sources/{number}/options")
    pieces = {piece.path: piece for chunk in chunks for piece in chunk.pieces}
    use = run.uses[source.name] = strictest(
        use_of(source, group.format, [piece.name for chunk in within(chunks, group.paths) for piece in chunk.pieces])
        for group in groups
    )
    refuse_test_parts(source, use, run.recipe.split, run.file, f"/sources/{number}")
    size = sum(piece.bytes for chunk in chunks for piece in chunk.pieces)
    run.sizes[source.name] = size
    params = {"source": msgspec.to_builtins(source), "owner": number, "redaction": run.redaction()}
    params["group"] = list(run.recipe.split.group_keys)
    tasks: list[Task] = []
    for group in groups:
        own = within(chunks, group.paths, group.apart)
        mine = params | {"format": group.format, "adapter": code_digest(source)}
        own = gather(own) if format_of(group.format).unit == "folder" else own
        if run.samples:
            part = thin(source, own, sample)
            own, mine = part.chunks, mine | {"source": msgspec.to_builtins(part.source)}
            mine |= {"sample": -(-rows // (len(own) * len(groups)))}
            for number_of_task in range(first + len(tasks), first + len(tasks) + len(own)):
                run.thinned[number_of_task] = Share(source.name, part.factor, part.bytes, len(own))
        elif group is groups[0]:
            own = [*own, *left]
        for chunk in own:
            tasks.append(
                Task(
                    stage="read",
                    part=first + len(tasks),
                    function="sxl_data.build.tasks:read",
                    params=mine | {"chunk": msgspec.to_builtins(chunk)},
                )
            )
    reason = groups[0].reason
    if len(groups) > 1:
        reason = "; ".join(f"{group.format}: {len(group.paths)} files ({group.reason})" for group in groups)
    format = ", ".join(group.format for group in groups)
    whole = digest([piece.sha256 for piece in pieces.values()])
    return Found(number, format, reason, len(pieces), size, whole), tasks


def _summarise(run: Run, found: Found, receipts: list[Receipt]) -> SourceSummary:
    source = run.recipe.sources[found.number]
    documents, rows, bad = (sum(r.counters[k] for r in receipts) for k in ("documents", "rows", "quarantined"))
    if not rows and not any(_is_part(run, receipt) for receipt in receipts):
        asked = f"sxl-data explain {found.format.partition(',')[0]}"
        raise error(
            "U208",
            file=source.path or source.hub or source.name,
            expected="at least one trace",
            found=f"{documents} documents, {bad} unreadable, none that a trace is made of",
            why=f"the source {source.name!r} would be empty",
            fix=f"check the path and the format; `{asked}` says what is taken",
        )
    return SourceSummary(
        name=source.name,
        format=found.format,
        detected=found.reason,
        licence=source.licence,
        revision=source.revision,
        hub=source.hub or "",
        licence_url=source.licence_url or "",
        attribution=source.attribution or "",
        files=found.files,
        bytes=found.bytes,
        sha256=found.sha256,
        documents=documents,
        traces=rows,
        quarantined=bad,
        empty=sum(r.counters.get("dropped:U209", 0) for r in receipts),
        kept={},
        use=run.uses[source.name].kind,
        use_why=run.uses[source.name].why,
    )


def _detect(run: Run, number: int, source: Source, chunks: list[Chunk]) -> list[Group]:
    """The formats of a source's files and why, found by a task of its own."""
    one = len({piece.path for chunk in chunks for piece in chunk.pieces}) == 1
    first = msgspec.to_builtins(chunks[:1] if one or source.format != "auto" else chunks)
    task = Task(
        stage="detect",
        part=number,
        function="sxl_data.build.tasks:detect",
        params={"source": msgspec.to_builtins(source), "chunks": first},
    )
    (receipt,) = run.run("detect", [task])
    path = run.store.verified(receipt.files["format"])
    return msgspec.json.decode(path.read_bytes(), type=list[Group])


def _find_files(run: Run, number: int) -> Any:
    """The source with files on this disk, paths made absolute; a hub source is fetched first."""
    source = run.recipe.sources[number]
    if is_file(source.format):
        source = msgspec.structs.replace(source, format=str((run.base / source.format).resolve()))
    if source.tasks is not None:
        own = {name: source.options.get(name) for name in ("set", "tools")}
        named = {name: run.base / filled(text) for name, text in own.items() if isinstance(text, str)}
        named = {name: path for name, path in named.items() if name == "tools" or is_file(str(path))}
        paths = {name: str(path.resolve()) for name, path in named.items()}
        source = msgspec.structs.replace(source, options=source.options | paths)
    if source.hub is None:
        return source
    from sxl_data.read.fetch import fetch

    return fetch(source, run.base)
