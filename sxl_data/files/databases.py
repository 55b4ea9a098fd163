"""Sessions that a program keeps in an SQLite database, each as the program would export it.

In: the path of a database with the tables of Goose (``sessions``, ``messages``) or OpenCode (``session``, ``message``,
``part``). Out: one record a session, in the order of their ids; its line is its number. Nothing is written: a database
whose log was written out is opened as one that does not change, any other only for reading. A file that is made to
look like a database is opened without its own functions, and what is no UTF-8 in it is said.
Source: https://github.com/block/goose (``session/session_manager.rs``), https://github.com/anomalyco/opencode
(``session/session.sql.ts``), https://www.sqlite.org/security.html.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sxl_data.contract.errors import error, finding
from sxl_data.files.json_text import load
from sxl_data.files.record import Record

_LARGEST = 64 << 20  # bytes of one value
_STEPS = 1_000_000  # of SQLite's machine, between two looks at how many rows came of them
_IDLE = 2_000  # such looks without a row: minutes

Row = dict[str, Any]


def sessions(path: str | Path) -> Iterator[Record]:
    """The sessions of the database at ``path``. Raises `UserError` U204 for one with other tables."""
    database = _opened(Path(path))
    try:
        found = {str(row["name"]) for row in _rows(database, "select name from sqlite_master where type = 'table'")}
        layout = next((read for tables, read in _LAYOUTS if tables <= found), None)
        if layout is None:
            shown = ", ".join(sorted(found)[:8]) or "none"
            raise error(
                "U204",
                file=str(path),
                found=f"an SQLite database with the tables {shown}",
                expected="the sessions of Goose or OpenCode",
                fix="export the rows as JSONL or CSV with the program that wrote them",
            )
        for number, session in enumerate(layout(database), 1):
            yield _record(number, session, str(path))
    except sqlite3.Error as problem:
        raise error("U204", file=str(path), found=f"a database that cannot be read: {problem}") from None
    finally:
        database.close()


def _opened(path: Path) -> sqlite3.Connection:
    waiting = path.with_name(path.name + "-wal")
    unchanging = not (waiting.is_file() and waiting.stat().st_size)
    uri = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if unchanging else ''}"
    try:
        database = sqlite3.connect(uri, uri=True)
    except sqlite3.Error as problem:
        raise error("U204", file=str(path), found=f"a database that cannot be opened: {problem}") from None
    database.row_factory = sqlite3.Row
    database.text_factory = _text
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
    database.execute("pragma trusted_schema = off")
    database.execute("pragma cell_size_check = on")
    looks = iter(range(_IDLE))
    database.set_progress_handler(lambda: 0 if next(looks, None) is not None else 1, _STEPS)
    return database


def _rows(database: sqlite3.Connection, query: str, *given: Any) -> Iterator[Row]:
    for row in database.execute(query, given):
        yield dict(row)


def _goose(database: sqlite3.Connection) -> Iterator[Row]:
    for session in _rows(database, "select * from sessions order by id"):
        messages = _rows(database, "select * from messages where session_id = ? order by id", session["id"])
        said = [
            {
                **{key: value for key, value in row.items() if key not in _BESIDE and value is not None},
                "created": row["created_timestamp"],
                "content": _Json(row["content_json"]),
            }
            for row in messages
        ]
        yield {**{key: value for key, value in session.items() if value is not None}, "conversation": said}


_BESIDE = ("session_id", "content_json", "created_timestamp", "timestamp")


def _opencode(database: sqlite3.Connection) -> Iterator[Row]:
    for session in _rows(database, "select * from session order by id"):
        messages = []
        for row in _rows(
            database, "select * from message where session_id = ? order by time_created, id", session["id"]
        ):
            parts = _rows(database, "select * from part where message_id = ? order by id", row["id"])
            messages.append(
                {
                    "info": _Json(row["data"], id=row["id"]),
                    "parts": [_Json(part["data"], id=part["id"]) for part in parts],
                }
            )
        yield {"info": {key: value for key, value in session.items() if value is not None}, "messages": messages}


# Tables → how the sessions in them are read
_LAYOUTS: tuple[tuple[set[str], Callable[[sqlite3.Connection], Iterator[Row]]], ...] = (
    ({"sessions", "messages"}, _goose),
    ({"session", "message", "part"}, _opencode),
)


class _Odd(str):
    """A text that is no UTF-8, with U+FFFD for what is none."""


def _text(held: bytes) -> str:
    try:
        return held.decode("utf-8")
    except UnicodeDecodeError:
        return _Odd(held.decode("utf-8", "replace"))


class _Json:
    """A column that holds JSON, and what is put into the object that it holds."""

    def __init__(self, held: Any, **more: Any) -> None:
        self.held, self.more = held, more


def _record(number: int, session: Row, file: str) -> Record:
    """``session`` with its text and its JSON read, and what was no UTF-8 in it."""
    odd: list[str] = []
    value = _plain(session, odd, "")
    findings = tuple(
        finding("S102", file=file, line=number, pointer=at, found="bytes that are no UTF-8", expected="UTF-8")
        for at in odd[:1]
    )
    return Record(number, value, findings=findings)


def _plain(value: Any, odd: list[str], at: str) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, odd, f"{at}/{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, odd, f"{at}/{i}") for i, item in enumerate(value)]
    if isinstance(value, _Json):
        text = _plain(value.held, odd, at)
        try:
            held = load(text) if isinstance(text, str) else text
        except ValueError:
            held = text
        more = {key: _plain(item, odd, at) for key, item in value.more.items()}
        return {**more, **held} if isinstance(held, dict) else held
    if isinstance(value, _Odd):
        odd.append(at)
        return str(value)
    return value.hex() if isinstance(value, bytes) else value
