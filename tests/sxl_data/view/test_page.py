"""A trace as a page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

from sxl_data.trace.types import decode
from sxl_data.view.page import page

AGENT = json.loads((Path(__file__).parents[3] / "schemas/examples/valid/agent-with-subtrace.json").read_text("utf-8"))


class Seen(HTMLParser):
    """Tags and texts of a page; every tag that opens must close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_step_is_a_section_of_its_phase_and_subtraces_follow():
    trace = decode(json.dumps(AGENT))
    steps = [*trace.steps, *(step for inner in trace.subtraces for step in inner.steps)]
    seen = Seen(page(trace))
    assert [attrs["class"] for tag, attrs in seen.tags if tag == "section"] == [
        type(step).__name__.lower() for step in steps
    ]


def test_what_a_stranger_wrote_is_text_and_loads_nothing():
    row = json.loads(json.dumps(AGENT))
    row["agent"] = {"name": "</p>"}
    row["task"] = "</title><script>alert(1)</script>"
    row["steps"][0]["content"] = [{"text": "<img src=https://example.org/x.png> a\x1b[31mred\n" + "line\n" * 50}]
    seen = Seen(page(decode(json.dumps(row))))
    assert {tag for tag, _ in seen.tags} <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "p",
        "pre",
        "section",
        "details",
        "summary",
    }
    assert not any(name in attrs for _, attrs in seen.tags for name in ("src", "href", "onclick"))
    assert "<img src=https://example.org/x.png> a\\x1b[31mred" in seen.text and "\x1b" not in seen.text
