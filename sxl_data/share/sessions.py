"""Finds sessions: at the known places, or in folders and files that somebody names.

In: paths, or none. Out: a `Session` for each file of a known agent, the newest first; files of no known agent are
counted. Where an agent keeps a session in pieces (OpenCode), it is put together as its own export does.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from sxl_data.contract.errors import UserError, error
from sxl_data.contract.folders import Left, told, walk
from sxl_data.files.records import open_records
from sxl_data.files.streams import CutOff, chunks, kind_of, open_bytes
from sxl_data.formats.registry import formats, recognise_growing
from sxl_data.share.agents import AGENTS, BY_FORMAT, BY_NAME, Agent, roots

MOST = 300_000_000
"""Bytes of a session file, unpacked."""
_SUFFIXES = (".jsonl", ".json", ".zst", ".gz", ".db")


class Session(msgspec.Struct, frozen=True):
    """One session as its agent left it. ``part`` names it where a file holds several."""

    path: Path
    agent: str
    size: int
    changed: float
    part: str = ""

    def read(self) -> bytes:
        """Its bytes, unpacked; JSON Lines or JSON. Raises `UserError` U201, U204 for what cannot be read."""
        if self.agent == "opencode" and self.path.suffix == ".db":
            return _from_database(self.path, self.part)
        if self.agent == "opencode" and self.path.parent.parent.name == "session":
            try:
                return _from_storage(self.path)
            except (ValueError, RecursionError, OSError) as problem:
                raise error(
                    "U204", file=str(self.path), found=problem, expected="a whole session of OpenCode"
                ) from None
        with open_bytes(self.path) as stream:
            kind = kind_of(stream.read(64), str(self.path))
            stream.seek(0)
            try:
                data = b"".join(_upto(chunks(stream, kind), str(self.path)))
            except CutOff as problem:
                raise error("U204", file=str(self.path), found=problem, expected="a whole file") from None
        return data


class Found(msgspec.Struct):
    """What was found; ``unknown`` counts files of no known agent, ``advice`` what to do about some of them."""

    sessions: list[Session] = msgspec.field(default_factory=list)
    unknown: int = 0
    advice: list[str] = msgspec.field(default_factory=list)


def find(paths: Iterable[str | Path] = (), *, agents: Iterable[str] = (), since: float = 0.0) -> Found:
    """The sessions below ``paths``, or at the places of the known agents; only those of ``agents`` and changed at
    ``since`` (seconds since 1970) or later, where these are given.

    Raises `UserError` U201 for a path that is not there, U401 for an unknown agent."""
    wanted = set(agents)
    if strange := wanted - BY_NAME.keys():
        raise error("U401", found=f"--agent {min(strange)}", expected="one of " + ", ".join(BY_NAME))
    found = Found()
    named = [Path(path) for path in paths]
    pairs = _named(named, found) if named else _known(found)
    seen: set[tuple[Path, str]] = set()
    for session in pairs:
        key = (session.path.resolve(), session.part)
        if key not in seen and session.changed >= since and (not wanted or session.agent in wanted):
            seen.add(key)
            found.sessions.append(session)
    found.sessions.sort(key=lambda session: (-session.changed, str(session.path), session.part))
    return found


def _known(found: Found) -> Iterator[Session]:
    home, system = Path.home(), platform.system()
    for agent in AGENTS:
        for root in roots(agent, home, os.environ, system):
            if root.is_dir():
                for pattern in agent.files:
                    for path in sorted(root.glob(pattern)):
                        if path.is_file():
                            yield from _of(path, agent, found)


def _named(paths: list[Path], found: Found) -> Iterator[Session]:
    for path in paths:
        if not path.exists():
            raise error(
                "U201",
                file=str(path),
                found="nothing at this path",
                expected="a session or a folder of them",
                why="there is nothing to share",
                fix="check the path; without one the known places are searched",
            )
        items = [path] if path.is_file() else list(walk(path))
        if (said := told([item for item in items if isinstance(item, Left)])) is not None:
            found.advice.append(f"{path}: {said.found}; name what is meant as a path of its own")
        files = sorted(item for item in items if isinstance(item, Path))
        for file in files:
            if file != path and file.suffix not in _SUFFIXES:
                continue
            if file.parent.parent.name in ("message", "part") or (file.parent.name in ("message", "part")):
                continue  # pieces of an OpenCode session, which are read with it
            agent = _recognised(file)
            if agent is None:
                found.unknown += 1
            else:
                yield from _of(file, agent, found)


def _of(path: Path, agent: Agent, found: Found) -> Iterator[Session]:
    about = path.stat()
    if path.suffix != ".db":
        yield Session(path, agent.name, about.st_size, about.st_mtime)
    elif agent.name == "opencode":
        try:
            for part, size, changed in _database(path):
                yield Session(path, agent.name, size, changed, part)
        except sqlite3.Error as problem:
            found.advice.append(f"{path}: {problem}; `opencode export ID` writes a session as a file")
    elif agent.advice:
        found.advice.append(f"{path} is a database of {agent.title}; `{agent.advice}` writes a session as a file")


def _recognised(path: Path) -> Agent | None:
    """The agent that wrote the file, by what its first records look like."""
    if path.suffix == ".db":
        return (
            BY_NAME["opencode"]
            if path.name == "opencode.db"
            else BY_NAME["goose"]
            if path.name == "sessions.db"
            else None
        )
    if path.parent.parent.name == "session" and path.name.startswith("ses_"):
        return BY_NAME["opencode"]
    known = [format for format in formats().values() if format.unit in ("row", "file")]
    try:
        records = (record.value for record in open_records(path) if record.value is not None)
        sample: list[object] = []

        def take(count: int) -> list[object]:
            for value in records:
                sample.append(value)
                if len(sample) >= count:
                    break
            return sample

        found = recognise_growing(take, known, file=str(path))
        return None if found is None else BY_FORMAT.get(found[0].name)
    except UserError:
        return None


def _upto(pieces: Iterable[bytes], file: str) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST:
            raise error("U204", file=file, found=f"more than {MOST} bytes", expected="a session of a bearable size")
        yield piece


def _from_storage(path: Path) -> bytes:
    """The session that ``storage/session/PROJECT/ID.json`` names, with its messages and their parts."""
    storage = path.parents[2]
    info = json.loads(path.read_bytes())
    messages = []
    for file in sorted((storage / "message" / path.stem).glob("*.json")):
        parts = [json.loads(part.read_bytes()) for part in sorted((storage / "part" / file.stem).glob("*.json"))]
        messages.append({"info": json.loads(file.read_bytes()), "parts": parts})
    return _export(info, messages)


def _export(info: object, messages: list[dict[str, object]]) -> bytes:
    return json.dumps({"info": info, "messages": messages}, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _database(path: Path) -> list[tuple[str, int, float]]:
    """Id, bytes and time of the last change of each session in an OpenCode database."""
    connection = _open(path)
    try:
        query = (
            "select s.id, s.time_updated, "
            "(select coalesce(sum(length(p.data)), 0) from part p where p.session_id = s.id) from session s"
        )
        return [(str(name), int(size), float(at or 0) / 1000) for name, at, size in connection.execute(query)]
    finally:
        connection.close()


def _from_database(path: Path, session: str) -> bytes:
    try:
        connection = _open(path)
        connection.row_factory = sqlite3.Row
        rows = connection.execute("select * from session where id = ?", (session,)).fetchall()
        info = {key: value for key, value in dict(rows[0]).items() if value is not None} if rows else {}
        parts: dict[str, list[object]] = {}
        for row in connection.execute(
            "select id, message_id, data from part where session_id = ? order by id", (session,)
        ):
            held = json.loads(row["data"])
            parts.setdefault(row["message_id"], []).append({"id": row["id"], "messageID": row["message_id"], **held})
        query = "select id, data from message where session_id = ? order by id"
        messages: list[dict[str, object]] = [
            {"info": {"id": row["id"], **json.loads(row["data"])}, "parts": parts.get(row["id"], [])}
            for row in connection.execute(query, (session,))
        ]
        connection.close()
    except (sqlite3.Error, ValueError, TypeError) as problem:
        raise error("U204", file=str(path), found=problem, expected="a database of OpenCode") from None
    return _export(info, messages)
