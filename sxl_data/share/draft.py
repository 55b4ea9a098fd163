"""The folder in which a share is made: redacted sessions, what was found in them, and later the dataset.

``sessions/`` holds each session as it would be published, ``share.json`` where each came from (without names), the
doubts and the digests of the sessions; its own digest is what decisions are about. What was taken out is nowhere in it:
from here on nothing reads the agents' own files again, so a session that goes on meanwhile changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sxl_data.contract.documents import read_document
from sxl_data.contract.errors import UserError, error
from sxl_data.engine.commit import commit_bytes, private_folder
from sxl_data.secrets.hits import is_json
from sxl_data.share.agents import BY_NAME
from sxl_data.share.doubts import Doubt, Seen, doubts
from sxl_data.share.redacting import Change, redact_sessions, strings
from sxl_data.share.sessions import Session
from sxl_data.trace.format import Origin
from sxl_data.trace.types import Trace
from sxl_data.validate.submission import Submission

SHARE, SESSIONS, PAGE, DATASET = "share.json", "sessions", "review.html", "dataset"
MAX_BYTES = 256_000_000
FORMAT = "sxl-share-1"
MOST = 200_000_000
"""Bytes of all sessions together: they are looked at in one page."""


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session of a share. ``where`` is its path without names; ``changes`` are kinds with their numbers."""

    id: str
    agent: str
    file: str
    sha256: str
    where: str
    changed: str
    changes: dict[str, int]
    lost: int


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was prepared. ``words`` stand for what was taken out, ``names_left`` says how often a name of so many
    letters stays because it is a word too, ``empty`` how many sessions held no message."""

    format: str
    sessions: tuple[Kept, ...]
    doubts: tuple[Doubt, ...]
    words: tuple[str, ...]
    names_left: dict[int, int]
    empty: int

    def encode(self) -> bytes:
        return json.dumps(msgspec.to_builtins(self, str_keys=True), indent=1, sort_keys=True).encode("ascii")

    @property
    def hash(self) -> str:
        """The name of this share, which decisions carry."""
        return hashlib.sha256(self.encode()).hexdigest()


class Prepared(msgspec.Struct, frozen=True):
    """A share with what its page shows beside the texts: the changes of each session, by its id."""

    share: Share
    changes: dict[str, dict[Change, int]]


def prepare(sessions: list[Session], folder: Path) -> Prepared:
    """Redact ``sessions`` into the new folder ``folder``. Raises `UserError`: U306 where it holds a share, H721 for
    sessions without a message, H722 for more than one page can show."""
    if (folder / SHARE).exists() or (folder.exists() and any(folder.iterdir())):
        raise error("U306", file=str(folder), found="files", expected="a new or empty folder")
    size = sum(session.size for session in sessions)
    if size > MOST:
        raise error("H722", found=f"{len(sessions)} sessions of {size // 10**6} MB", expected=f"{MOST // 10**6} MB")
    raw, by_line, places = [], [], []
    for session in sessions:
        data = session.read()
        raw.append(data)
        by_line.append(not is_json(data))
        places.append(_place(session))
    done = redact_sessions([*raw, json.dumps(places).encode()], [*by_line, False])
    told = json.loads(done.drafts.pop().data) if sessions else []
    private_folder(folder)
    private_folder(folder / SESSIONS)
    kept: list[Kept] = []
    changes: dict[str, dict[Change, int]] = {}
    empty = 0
    for session, draft, place in zip(sessions, done.drafts, told):
        id = f"s{len(kept) + 1:04d}"
        name = f"{SESSIONS}/{id}{'.json' if session.path.suffix == '.json' else '.jsonl'}"
        commit_bytes(folder / name, draft.data)
        if not traces_of(folder / name, session.agent):
            (folder / name).unlink()
            empty += 1
            continue
        kinds: dict[str, int] = {}
        for change, number in draft.changes.items():
            kinds[change.kind] = kinds.get(change.kind, 0) + number
        digest = hashlib.sha256(draft.data).hexdigest()
        day = time.strftime("%Y-%m-%d", time.gmtime(session.changed))
        kept.append(Kept(id, session.agent, name, digest, place, day, dict(sorted(kinds.items())), draft.lost))
        changes[id] = dict(draft.changes)
    if not kept:
        raise error("H721", found=f"{len(sessions)} sessions, {empty} of them without a message", expected="sessions")
    seen = Seen()
    for entry in kept:
        for number, value in records_of(folder / entry.file):
            seen.add(value, entry.file, number)
    found = doubts(seen, (text for entry in kept for text in texts_of(folder / entry.file)), done.words)
    share = Share(FORMAT, tuple(kept), tuple(found), tuple(sorted(done.words)), done.names_left, empty)
    commit_bytes(folder / SHARE, share.encode())
    return Prepared(share, changes)


def read_share(folder: Path) -> Share:
    """The share in ``folder``, its sessions as they were prepared. Raises H723."""
    path = folder / SHARE
    share = read_document(path, Share, "H723", "a folder that `sxl-data share -o` wrote", MAX_BYTES)
    for entry in share.sessions:
        file = folder / SESSIONS / Path(entry.file).name
        ours = entry.id.isalnum() and entry.file in (f"{SESSIONS}/{entry.id}{end}" for end in (".json", ".jsonl"))
        if not ours or entry.agent not in BY_NAME or file.is_symlink() or not file.is_file():
            raise error("H723", file=str(file), found="no such session", expected="the sessions as they were written")
        if hashlib.sha256(file.read_bytes()).hexdigest() != entry.sha256:
            raise error("H723", file=str(file), found="other bytes", expected="the session as it was shown")
    return share


def traces_of(path: Path, agent: str, licence: str = "") -> list[Trace]:
    """The traces of the session in ``path``; none where it holds none."""
    submission = Submission(path, "auto")
    submission.file = path.name  # ids must not depend on where the folder lies
    submission.origin = Origin(source=agent, licence=licence, synthetic=False, lossless=False)
    try:
        return [item.reading.trace for item in submission if item.reading is not None]
    except UserError:
        return []


def records_of(path: Path) -> Iterator[tuple[int, object]]:
    """Number of the line, from 1, and value of each record of a session's file."""
    data = path.read_bytes()
    for number, record in enumerate([data] if path.suffix == ".json" else data.splitlines(), 1):
        if record.strip():
            yield number, msgspec.json.decode(record)


def texts_of(path: Path) -> Iterator[str]:
    """Every string of a session's file."""
    for _, value in records_of(path):
        yield from strings(value)


def _place(session: Session) -> str:
    path, home = str(session.path), str(Path.home())
    said = "~" + path[len(home) :] if home != "/" and path.startswith(home) else path
    return f"{said} ({session.part})" if session.part else said
