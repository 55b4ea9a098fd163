"""Sessions of OpenCode as its storage folder has them, in pieces.

In: the folder ``storage`` or one above it: ``session/PROJECT/SESSION.json`` says what a session is,
``message/SESSION/MESSAGE.json`` its messages, ``part/MESSAGE/PART.json`` their parts. Out: the traces of
`formats.opencode`, the pieces put together as `opencode export` does: messages by the time that they were made at,
parts by their names, which count up. A message whose session is not there is a session of its own.
Source: https://github.com/anomalyco/opencode (``packages/opencode/src/session``, ``storage``), and a reader of it,
https://github.com/getagentseal/codeburn/blob/main/src/providers/opencode-file-parser.ts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from sxl_data.files.json_text import load
from sxl_data.formats.beside import as_format
from sxl_data.formats.opencode import OpenCode
from sxl_data.trace.format import Document, Origin, Reading, RowError, Unit

EXPORT = OpenCode(everything=True)
_KINDS = ("session", "message", "part")


class OpencodeFolder:
    """The storage folder of OpenCode, as it was before it became a database."""

    name = "opencode_folder"
    title = "OpenCode's storage folder"
    unit: Unit = "folder"
    suffixes = (".json",)

    def detect(self, sample: Any) -> str | None:
        return None  # a folder is told by the names of its files

    def read(self, document: Document, origin: Origin) -> Iterator[Reading | RowError]:
        held: dict[str, dict[str, list[tuple[str, dict[str, Any]]]]] = {kind: {} for kind in _KINDS}
        for path, text in sorted(document.value.items()):
            place = PurePosixPath(path)
            kind = next((kind for kind in place.parts[-3:-1] if kind in _KINDS), None)
            if kind is None:
                continue  # to-dos, diffs and projects lie in folders of their own
            try:
                value = load(text)
            except ValueError as problem:
                yield RowError(str(problem), "one JSON object", file=path, line=1)
                continue
            if not isinstance(value, dict):
                yield RowError(type(value).__name__, "a JSON object", file=path, line=1)
                continue
            key = place.stem if kind == "session" else place.parent.name
            held[kind].setdefault(key, []).append((path, value))
        for row, session in enumerate(sorted({*held["message"], *held["session"]})):
            yield _session(session, row, held, document, origin)


FORMAT = OpencodeFolder()


def _session(
    session: str,
    row: int,
    held: dict[str, dict[str, list[tuple[str, dict[str, Any]]]]],
    document: Document,
    origin: Origin,
) -> Reading | RowError:
    """The session of that name, of what the files hold."""
    about = held["session"].get(session, [])
    file = about[0][0] if about else held["message"][session][0][0]
    messages = []
    for path, info in sorted(held["message"].get(session, ()), key=lambda item: (_made(item[1]), item[0])):
        parts = [part for _, part in held["part"].get(PurePosixPath(path).stem, ())]
        messages.append({"info": info, "parts": parts})
    value = {"info": about[0][1] if about else {"id": session}, "messages": messages}
    whole = Document(file=file, value=value, sha256=document.sha256, row=row)
    try:
        return as_format(next(EXPORT.read(whole, origin)), FORMAT.name, {})
    except RowError as problem:
        problem.file = file
        return problem


def _made(info: dict[str, Any]) -> float:
    time = info["time"] if isinstance(info.get("time"), dict) else {}
    made = time.get("created")
    return float(made) if isinstance(made, (int, float)) and not isinstance(made, bool) else 0.0
