"""sxl_data.read.adapters.github_issue"""

from __future__ import annotations

from typing import Any

import pytest

from sxl_data.read.adapters.github_issue import FORMAT
from sxl_data.trace.format import Document, Origin, RowError
from tests.sxl_data.read.readings import outline, read_row, said


def wrote(who: str, what: str, hour: int) -> dict[str, Any]:
    return {"author": {"login": who}, "body": what, "createdAt": f"2026-01-01T0{hour}:00:00Z"}


def thread(*comments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"number": 7, "title": "It fails", "body": "", "author": {"login": "ann"}, "comments": [*comments], **more}


def test_who_opened_it_is_the_user_and_others_answer():
    row = thread(wrote("ben", "Which version?", 1), wrote("ann", "1.2", 2), wrote("ben", "Fixed in 1.3.", 3))
    trace = read_row(FORMAT, row).trace
    assert outline(trace) == "OAOF"
    assert said(trace) == ["It fails", "Which version?", "1.2", "Fixed in 1.3."]
    assert trace.steps[1].timestamp == "2026-01-01T01:00:00Z"


def test_reviews_stand_among_the_comments_by_their_time():
    review = {
        "author": {"login": "cid"},
        "body": "Name it.",
        "submittedAt": "2026-01-01T01:00:00Z",
        "state": "COMMENTED",
    }
    empty = {"author": {"login": "cid"}, "body": "", "submittedAt": "2026-01-01T00:00:00Z", "state": "APPROVED"}
    row = thread(wrote("ben", "Merged.", 2), reviews=[review, empty])
    assert said(read_row(FORMAT, row).trace) == ["It fails", "Name it.", "Merged."]


def test_a_thread_nobody_answered_gives_no_trace_and_a_gone_account_is_somebody_else():
    read = lambda row: list(FORMAT.read(Document(file="i.json", value=row), Origin(source="toy")))  # noqa: E731
    assert read(thread(wrote("ann", "Anyone?", 1))) == []
    assert len(read(thread(wrote("ben", "Yes.", 1) | {"author": None}))) == 1


def test_without_who_opened_it_the_row_says_what_to_ask_for():
    with pytest.raises(RowError, match="gh issue list"):
        read_row(FORMAT, thread(wrote("ben", "Yes.", 1), author=None))


def test_other_rows_are_not_taken_for_threads():
    assert FORMAT.detect(thread(wrote("ben", "Yes.", 1)))
    for other in ({"title": "t", "body": "b"}, {"title": "t", "body": "b", "comments": 3}, ["title"], "title"):
        assert FORMAT.detect(other) is None
