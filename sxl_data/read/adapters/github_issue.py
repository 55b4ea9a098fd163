"""Issues and pull requests as GitHub's command line prints them.

In: rows of ``gh issue list --json number,title,body,author,state,url,createdAt,comments`` (``gh pr list`` likewise,
with ``reviews`` where these are asked for too). Out: one trace a thread, shaped as `issue_thread` shapes its Markdown:
who opened it is the user, what others write is an Act. A thread nobody else wrote in gives no trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.read.adapters.issue_thread import Comment, converse
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError, Unit

ASK = "gh issue list --state all --limit 1000 --json number,title,body,author,state,url,createdAt,comments"
_SAID = (("comments", "createdAt"), ("reviews", "submittedAt"))
"""Lists of what was written, and the key of its time."""


class GithubIssue:
    """Rows of issues or pull requests with their comments."""

    name = "github_issue"
    title = "issues and pull requests as `gh issue list --json` prints them"
    unit: Unit = "row"
    leaves_out = (
        LeftOut("comments/*/*", "who wrote a comment, where it stands and how it was received"),
        LeftOut("reviews/*/*", "who wrote a review, where it stands and what it decided"),
        LeftOut("author/*", "names and ids of who opened it, beside the login"),
    )

    def detect(self, sample: Any) -> str | None:
        if not isinstance(sample, dict) or not {"title", "body"} <= sample.keys():
            return None
        said = [one for key, _ in _SAID for one in _list(sample.get(key))]
        if isinstance(sample.get("comments"), list) and all({"author", "body"} <= one.keys() for one in said):
            return "has `title`, `body` and `comments`, as `gh issue list --json` prints them"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        if not isinstance(row, dict) or not isinstance(row.get("title"), str) or not row["title"].strip():
            raise RowError("no title", f"a row of `{ASK}`", "/title")
        author = _login(row.get("author"))
        if author is None:
            raise RowError("no author", f"who opened it, which tells questions from answers: `{ASK}`", "/author")
        said = sorted(_comments(row), key=lambda comment: comment.when or "")
        if not any(comment.who != author for comment in said):
            return
        body = row["body"].strip() if isinstance(row.get("body"), str) else ""
        builder = Builder("agent", f"{row['title'].strip()}\n\n{body}".strip())
        builder.observe(builder.task, at="/title", timestamp=_text(row.get("createdAt")))
        converse(builder, author, said)
        builder.ext = {"thread": {key: value for key, value in row.items() if key not in _TOLD}}
        place = _text(row.get("url")) or str(row.get("number", ""))
        yield builder.build(document, origin, self.name, source_id=place, group=place)


_TOLD = ("title", "body", "author", "comments", "reviews")


def _comments(row: dict[str, Any]) -> Iterator[Comment]:
    for key, time in _SAID:
        for place, one in enumerate(_list(row.get(key))):
            text = one["body"].strip() if isinstance(one.get("body"), str) else ""
            if text:
                who = _login(one.get("author")) or ""  # an account that is gone: somebody else
                yield Comment(who, _text(one.get(time)), text, at=f"/{key}/{place}/body")


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _login(value: Any) -> str | None:
    found = value.get("login") if isinstance(value, dict) else value
    return found if isinstance(found, str) and found else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


FORMAT = GithubIssue()
