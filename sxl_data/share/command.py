"""`share`: list what there is; prepare it for a person to look at; with that person's decisions, write the dataset.

In: folders of sessions, or none for the known places; or a prepared folder with decisions. Out: a list, a review page,
or a folder for the Hub. Nothing is sent anywhere.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from sxl_data.contract.console import format_bytes, format_count, format_table
from sxl_data.contract.errors import GateMissed, error
from sxl_data.engine.commit import TEMPORARY, commit_bytes, replacing
from sxl_data.secrets.second_scan import detections
from sxl_data.share.agents import AGENTS, BY_NAME
from sxl_data.share.decisions import read_decisions
from sxl_data.share.draft import DATASET, PAGE, Share, prepare, read_share
from sxl_data.share.folder import make_dataset
from sxl_data.share.page import write_page
from sxl_data.share.scan import own_scan, second_scan
from sxl_data.share.sessions import Found, Session, find


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What `share` did: ``found`` where it listed, ``share`` where it prepared, else the dataset's ``files``."""

    found: Found
    share: Share | None = None
    page: str = ""
    dataset: str = ""
    files: dict[str, int] = {}
    sessions: int = 0
    rows: int = 0
    dropped: int = 0
    kept: int = 0
    """Sessions that were found and are not the latest ``last``."""

    def text(self) -> str:
        """For people."""
        if self.dataset:
            lines = [(name, format_bytes(size)) for name, size in sorted(self.files.items())]
            head = f"{self.dataset}: {self.sessions} sessions, {self.rows} rows, {self.dropped} turns left out"
            return f"{head}\n\n{format_table(('file', 'size'), lines)}"
        if self.share is not None:
            return _prepared(self.share)
        return _listed(self.found)


def share(
    folders: str | Path | Sequence[str | Path] = (),
    out: str | Path | None = None,
    *,
    decisions: str | Path | None = None,
    agents: Iterable[str] = (),
    since: float = 0.0,
    last: int | None = None,
    licence: str = "",
) -> Shared:
    """List the sessions in ``folders`` (none: at the known places of all agents); with ``out`` redact them into that
    new folder and write its ``review.html``; with ``decisions`` that were saved there, write ``out/dataset``.

    ``agents``, ``since`` (seconds since 1970) and ``last`` (so many, the latest) choose. Raises `UserError` H721 to
    H725, U201, U306, U401, and `GateMissed` with H726 and H727 while a scan still finds something, which are places and
    no values."""
    named = [folders] if isinstance(folders, str | Path) else list(folders)
    if decisions is not None:
        if out is None or named:
            said = "--decisions beside folders of sessions" if named else "--decisions without -o"
            expected = "--decisions FILE -o FOLDER, where FOLDER is that of the review page"
            raise error("U401", found=said, expected=expected, fix="see sxl-data share --help")
        return _finish(Path(out), Path(decisions), licence)
    found = find(named, agents=agents, since=since)
    if not found.sessions:
        places = ", ".join(map(str, named)) or f"the places of {', '.join(agent.title for agent in AGENTS)}"
        raise error("H721", file=places, found=f"no session, {found.unknown} other files", expected="sessions")
    chosen: list[Session] = found.sessions[:last]
    if out is None:
        return Shared(found=Found(chosen, found.unknown, found.advice))
    next(detections(b""), None)  # whether it is installed is said before anything is read
    folder = Path(out)
    prepared = prepare(chosen, folder)
    page = write_page(prepared, folder)
    return Shared(found=found, share=prepared.share, page=str(page))


def _finish(folder: Path, decisions: Path, licence: str) -> Shared:
    """Write ``dataset`` into ``folder``, or nothing where a scan finds something."""
    prepared = read_share(folder)
    chosen = read_decisions(decisions, prepared)
    target, part = folder / DATASET, folder / f"{TEMPORARY}{DATASET}"
    if target.exists():
        shutil.rmtree(target)  # of older decisions: what is not in the new ones must not lie about
    words, fine = frozenset(prepared.words), frozenset(chosen.fine)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as scratch, replacing(target, part):
        made = make_dataset(prepared, chosen, folder, Path(scratch), licence)
        if not made.files:
            raise error("H721", file=str(decisions), found="all sessions are left out", expected="one at least")
        for name, data in made.files.items():
            commit_bytes(part / name, data)
        if problems := [*own_scan(part, made.files), *second_scan(part, made.files, words, fine)]:
            raise GateMissed(*problems)
    return Shared(
        found=Found(),
        dataset=str(target),
        files={name: len(data) for name, data in made.files.items()},
        sessions=made.sessions,
        rows=made.rows,
        dropped=made.dropped,
    )


def _listed(found: Found) -> str:
    groups: dict[tuple[str, str], list[Session]] = {}
    for session in found.sessions:
        groups.setdefault((BY_NAME[session.agent].title, str(session.path.parent)), []).append(session)
    rows = [
        (agent, str(len(held)), format_bytes(sum(session.size for session in held)), folder)
        for (agent, folder), held in sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))
    ]
    lines = [format_table(("agent", "sessions", "size", "folder"), rows)]
    lines.append(f"{format_count(len(found.sessions))} sessions")
    if found.unknown:
        lines.append(f"{format_count(found.unknown)} files of no known agent were passed over")
    return "\n".join([*lines, *found.advice])


def _prepared(share: Share) -> str:
    rows = [
        (
            entry.id,
            BY_NAME[entry.agent].title,
            entry.changed,
            ", ".join(f"{kind} ×{number}" for kind, number in entry.changes.items()) or "nothing",
        )
        for entry in share.sessions
    ]
    must = sum(doubt.must for doubt in share.doubts)
    lines = [format_table(("session", "agent", "changed", "taken out"), rows)]
    if share.empty:
        lines.append(f"{share.empty} sessions without a message were passed over")
    lines.append(f"{must} doubts of the second scan to answer, {len(share.doubts) - must} more to look at")
    lines.append(f"nothing is written for the Hub before somebody has looked at {PAGE}")
    return "\n".join(lines)
