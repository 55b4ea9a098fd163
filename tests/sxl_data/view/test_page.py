"""A trace as a page."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from sxl_data.trace.types import Act, Call, Iterate, Part, Result, decode
from sxl_data.view.blocks import Bounds, blocks
from sxl_data.view.page import page
from tests.sxl_data.view.hostile import hostile

AGENT = json.loads((Path(__file__).parents[3] / "schemas/examples/valid/agent-with-subtrace.json").read_text("utf-8"))
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
OURS = set(
    "html head meta title style body a header main div p b span pre details summary dl dt dd ins del h1 img".split()
)
VOID = ("meta", "img")


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
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def with_steps(*steps):
    return msgspec.structs.replace(decode(json.dumps(AGENT)), steps=steps, subtraces=())


def test_every_step_is_a_block_of_its_phase_and_subtraces_follow():
    trace = decode(json.dumps(AGENT))
    steps = [*trace.steps, *(step for inner in trace.subtraces for step in inner.steps)]
    kinds = [attrs["class"] or "" for tag, attrs in Seen(page(trace)).tags if tag == "div"]
    assert [f"step {type(step).__name__.lower()}" for step in steps] == [k for k in kinds if k.startswith("step ")]


def test_what_a_stranger_wrote_is_text_and_loads_nothing():
    seen = Seen(page(hostile()))
    assert {tag for tag, _ in seen.tags} <= OURS
    allowed = {"class", "href", "id", "tabindex", "open", "lang", "charset", "http-equiv", "content", "name"}
    assert {name for _, attrs in seen.tags for name in attrs} <= allowed
    assert {attrs["href"] for _, attrs in seen.tags if "href" in attrs} == {"#main"}
    assert "<script>window.hit = 1</script>" in seen.text and "javascript:hit=1" in seen.text
    assert "\\u202e" in seen.text and not set(seen.text) & set("\u202e\u2066\u200b\x1b\ud800")


def test_the_policy_of_a_page_allows_its_own_style_and_pictures_alone():
    (policy,) = (attrs["content"] for _, attrs in Seen(page(hostile())).tags if "http-equiv" in attrs)
    rules = dict(rule.strip().split(" ", 1) for rule in (policy or "").split(";"))
    assert rules.pop("style-src").startswith("'sha256-")
    assert rules == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("data:image/png;base64," + base64.b64encode(PNG).decode(), 1),
        ("data:image/jpeg;base64," + base64.b64encode(PNG).decode(), 1),  # what it is, not what it says
        ("data:image/png;base64," + base64.b64encode(b"<svg onload=alert(1)>").decode(), 0),
        ("data:text/html;base64," + base64.b64encode(PNG).decode(), 0),
        ("https://example.org/x.png", 0),
        ("data:image/png;base64,!!!", 0),
    ],
)
def test_a_picture_is_shown_if_its_bytes_are_one(uri: str, shown: int):
    trace = with_steps(
        Act(index=0, kind="message", content=(Part(type="image", uri=uri, media_type="image/png"),), final=True)
    )
    images = [attrs for tag, attrs in Seen(page(trace)).tags if tag == "img"]
    assert shown == len(images)
    assert all((attrs["src"] or "").startswith("data:image/png;base64,iVBOR") for attrs in images)


def test_an_edit_is_shown_as_the_lines_that_go_and_come():
    edit = Call(call_id="1", name="edit", arguments_json='{"path":"a.py","old_string":"a\\nb","new_string":"a\\nc"}')
    text = page(with_steps(Act(index=0, kind="tool", calls=(edit,))))
    assert "<del>-b</del>" in text and "<ins>+c</ins>" in text and "<dt>path</dt>" in text


def test_colours_of_a_terminal_are_classes_and_other_sequences_are_shown():
    output = Part(text="\x1b[1;31mfailed\x1b[0m 2 \x1b[2J")
    text = page(with_steps(Iterate(index=0, results=(Result(call_id="1", content=(output,)),))))
    assert '<span class="r strong">failed</span> 2 \\x1b[2J' in text


def test_bounds_cut_texts_and_steps_and_say_so():
    steps = [Act(index=n, kind="message", content=(Part(text="word " * 100),)) for n in range(5)]
    text = "".join(blocks(with_steps(*steps), Bounds(characters=20, steps=2)))
    assert text.count("… 480 more characters") == 2 and "… 3 more steps" in text and len(text) < 1500
