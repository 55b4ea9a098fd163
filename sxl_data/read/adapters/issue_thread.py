"""Issue, pull request and discussion threads kept as Markdown.

In: one thread: a heading with number and title, a table with author and state, the description, and the
comments, each under a line that names who wrote when. Out: one trace. Who opened the thread is the user;
what others write is an Act, what the author adds is observed. A thread nobody answered gives no trace.
The form is that of the dumps `github-to-markdown` tools write, such as ikawrakow/ik_llama.cpp's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sxl_data.contract import patterns
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError, Unit

_TITLE = patterns.compile(r"(?m)\A#+ .*?\[#(\d+)\]\((\S+?)\) - (.*)$")
_AUTHOR = patterns.compile(r"(?m)^\| \*\*Author\*\* \| `?([\w.\-\[\]]+)`? \|$")
_STATE = patterns.compile(r"(?m)^\| \*\*State\*\* \|.*?\*\*(\w+)\*\*")
_DESCRIPTION = patterns.compile(r"(?m)^#### Description\s*$")
_SECTION = patterns.compile(r"(?m)^#### \S+ (?:Conversation|Discussion)\s*$")
_COMMENT = patterns.compile(
    r"(?m)^(?:> )?👤 \*\*([\w.\-\[\]]+)\*\* (commented during a code review|submitted a review|commented|replied) the "
    r"\*\*([\d-]+)\*\* at \*\*([\d:]+)\*\*(?: on `([^`\n]+)`)?:?(?: .*?)?(?:<br>)?[ \t]*$"
)


class Comment(NamedTuple):
    """What somebody wrote in a thread."""

    who: str
    when: str | None
    """RFC 3339."""
    text: str
    line: int | None = None
    at: str | None = None


def converse(builder: Builder, author: str, said: Iterable[Comment]) -> None:
    """Append what was written: what the ``author`` of the thread adds is observed, what others write is an Act."""
    speaker = author
    for comment in said:
        line, at, when = comment.line, comment.at, comment.when
        if comment.who == author:
            builder.observe(comment.text, line=line, at=at, timestamp=when)
        else:
            if comment.who != speaker:
                builder.end_turn()  # another person, another response
            builder.say(comment.text, line=line, at=at, timestamp=when)
        speaker = comment.who


class IssueThread:
    """Threads as Markdown files, one each."""

    name = "issue_thread"
    title = "issue and pull request threads in Markdown"
    unit: Unit = "text"
    suffixes = (".md",)
    leaves_out = (LeftOut("*", "heads, tables and links around what people wrote"),)

    def detect(self, sample: Any) -> str | None:
        return None  # text files are not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        text = (document.text or "").replace("\r\n", "\n")
        title, author = _TITLE.search(text), _AUTHOR.search(text)
        start = _DESCRIPTION.search(text)
        if title is None or author is None:
            raise RowError(repr(text[:60]), "a thread with title and author")
        after = start.end() if start else 0
        section = _SECTION.search(text[after:])
        described = text[after : after + section.start() if section else len(text)] if start else ""
        description = described.strip().removesuffix("---").strip()
        said = list(comments(text, after + section.end())) if section else []
        if not any(comment.who != author[1] for comment in said):
            return
        builder = Builder("agent", f"{title[3]}\n\n{description}".strip())
        builder.observe(builder.task)
        converse(builder, author[1], said)
        state = _STATE.search(text)
        builder.ext = {
            "thread": {"number": int(title[1]), "url": title[2], "state": state[1].lower() if state else None}
        }
        yield builder.build(document, origin, self.name, source_id=title[2], group=title[2])


def comments(text: str, start: int) -> Iterator[Comment]:
    """Every comment that says something, with the file under review before it."""
    below = text[start:]
    marks = list(_COMMENT.finditer(below))
    for mark, after in zip(marks, [*marks[1:], None]):
        body = below[mark.end() : after.start() if after else len(below)].strip().removesuffix("---").strip()
        body = "\n".join(line.removeprefix("> ") for line in body.split("\n")) if mark[0].startswith("> ") else body
        if body:
            line = text.count("\n", 0, start + mark.start()) + 1
            told = body if mark[5] is None else f"{mark[5]}\n\n{body}"
            yield Comment(mark[1], f"{mark[3]}T{mark[4]}Z", told, line=line)


FORMAT = IssueThread()
