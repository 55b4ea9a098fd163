"""Aider's chat history: one Markdown file a project, sessions one after the other.

In: ``.aider.chat.history.md``. A line ``# aider chat started at`` begins a session, ``####`` is what the person wrote,
``>`` what the program says, all else the model's answer, whose own quotes and fences stay what they are as far as the
file can tell. Out: one trace for each session in which the model spoke; what the program says before anybody asked is
kept beside. The edits are blocks in the answer, and no calls: aider applies them itself.
Source: https://aider.chat/docs/config/options.html (``--chat-history-file``), https://aider.chat/docs/faq.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent

NAME = "aider"
_START = patterns.compile(r"(?m)^# aider chat started at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)[ \t\r]*$")
_MODEL = patterns.compile(r"(?m)^(?:Main model|Model): (\S+)")
_VERSION = patterns.compile(r"(?m)^Aider v(\S+)")
_KINDS = {"#### ": "user", "> ": "environment"}


class Aider:
    """Format of a history file."""

    name = NAME
    title = "Aider chat histories"
    unit = "text"
    suffixes = (".md",)
    leaves_out = (LeftOut("*", "the marks at the beginnings of lines"),)
    composes = (("observe", "the lines of one speaker without their marks"),)

    def detect(self, sample: Any) -> str | None:
        return None  # text files are known by their beginning, see `read.recognise`

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        text = (document.text or "").replace("\r\n", "\n")
        starts = list(_START.finditer(text))
        part = 0
        for start, after in zip(starts, [*starts[1:], None]):
            body = text[start.end() : after.start() if after is not None else len(text)]
            pieces = list(_pieces(body, text.count("\n", 0, start.end()) + 1))
            if any(kind == "assistant" for kind, _, _ in pieces):
                yield _read(pieces, f"{start[1]} {start[2]}", document, origin, part)
                part += 1
        if not part:
            raise RowError("no answer", "sessions of aider in which a model spoke")


FORMAT = Aider()


def _pieces(body: str, first: int) -> Iterator[tuple[str, str, int]]:
    """(who, what, line) of each run of lines of one speaker. A fence of the answer is the answer's, whatever its lines
    begin with."""
    who, held, begun, fenced = "", list[str](), first, False
    for number, line in enumerate(body.split("\n"), first):
        mark = None if fenced else next((m for m in _KINDS if line.startswith(m) or line == m.strip()), None)
        speaker = _KINDS[mark] if mark is not None else "assistant" if line.strip() or fenced else who
        if line.startswith("```") and speaker == "assistant":
            fenced = not fenced
        if speaker != who and "".join(held).strip():
            yield who, "\n".join(held).strip("\n").rstrip(), begun
        if speaker != who:
            who, held, begun = speaker, [], number
        held.append(line[len(mark) :].rstrip() if mark is not None else line)
    if "".join(held).strip():
        yield who, "\n".join(held).strip("\n").rstrip(), begun


def _read(pieces: list[tuple[str, str, int]], start: str, document: Document, origin: Origin, part: int) -> Reading:
    builder = Builder("agent")
    told = "\n".join(words for who, words, _ in pieces if who == "environment")
    model, version = _MODEL.search(told), _VERSION.search(told)
    builder.agent = Agent(
        name="aider", version=version[1] if version is not None else None, model=model[1] if model is not None else None
    )
    before: list[str] = []
    for who, words, line in pieces:
        if who == "environment" and not builder.task:
            before.append(words)
        elif who == "assistant":
            builder.end_turn()
            builder.say(words, line=line)
        else:
            builder.observe(words, who, line=line)
            builder.task = builder.task or (words if who == "user" else "")
    builder.executed = True
    builder.ext = {NAME: {"started": start, **({"before": before} if before else {})}}
    group = f"{document.file} {start}"
    return builder.build(document, origin, NAME, part=part, source_id=group, group=group)
