"""The strict decoder agrees with the standard one on sound JSON, and its shortcuts hide nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sxl_data.files.decode import decode, tokens
from sxl_data.files.scanning import HIDES, load_scan
from sxl_data.rules.families import faults
from sxl_data.rules.private import looks
from sxl_data.trace.types import decode as decode_trace
from sxl_data.trace.types import encode
from sxl_data.validate.submission import LOOKS

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(text, values, min_size=1, max_size=5)
NEEDLES = [
    "<think>",
    "</think>",
    "<tool_call>",
    "<function=x>",
    "[TOOL_CALLS]",
    "<|im_end|>",
    "<end_of_turn>",
    "[/INST]",
    "<<SYS>>",
    "<｜User｜>",
    "data:image/png;base64,xyz",
    "A" * 1200,
    "AKIAABCDEFGHIJKLMNOP",
    "ghp_" + "a" * 36,
    "sk-" + "b" * 40,
    "xoxb-" + "1" * 24,
    "hf_" + "c" * 34,
    "-----BEGIN PRIVATE KEY-----",
    "/home/jdoe/x",
    "C:\\Users\\jdoe\\x",
    "[Output truncated]",
    "[900 lines OMITTED]",
    "(response Clipped)",
    "plain",
    "a < b",
]

flags = load_scan()


@given(objects, st.booleans(), st.sampled_from([None, 1]))
def test_sound_json_is_decoded_as_it_stands_and_nothing_is_said(value: Any, ascii: bool, indent: int | None):
    found = decode(json.dumps(value, ensure_ascii=ascii, indent=indent).encode())
    assert (found.value, found.findings) == (value, ())


@given(objects, st.data())
def test_a_key_written_twice_is_always_found(value: dict[str, Any], data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(value)))
    space = data.draw(st.sampled_from(["", " ", "\t ", "  "]))
    body = json.dumps(value)[:-1]
    raw = f"{body}, {json.dumps(name)}{space}: 1}}".encode()
    assert [item.code for item in decode(raw).findings] == ["S104"]
    assert flags(raw) & HIDES


@given(objects)
def test_the_scan_is_sure_of_sound_records(value: dict[str, Any]):
    raw = json.dumps(value, ensure_ascii=False).encode()
    if "\\" not in raw.decode():
        assert not flags(raw) & HIDES or re.search(rb"[0-9]{19}", raw)


@given(st.lists(st.sampled_from(NEEDLES), min_size=1, max_size=3), st.integers(0, 6), st.booleans(), st.booleans())
@settings(max_examples=80)
def test_the_scan_asks_for_every_look_that_finds_something(needles: list[str], at: int, ascii: bool, slashes: bool):
    row = json.loads((EXAMPLES / "valid" / "agent.json").read_text(encoding="utf-8"))
    step = row["steps"][at]
    said = "so " + " and ".join(needles) + " there"
    if step["phase"] == "reflect":
        step["text"] = said
    elif step["phase"] == "iterate":
        step["results"][0]["content"] = [{"text": said}]
    else:
        step["content"] = [{"text": said}]
    raw = json.dumps(row, ensure_ascii=ascii)
    if slashes:
        raw = raw.replace("/", "\\/").replace("<", "\\u003c")
    trace = decode_trace(raw)
    assert faults(trace, "C") == faults(trace, "C", LOOKS[flags(raw.encode()) >> 1] + looks(raw.encode()))
    assert decode_trace(encode(trace)) == trace


def test_every_value_has_its_pointer():
    raw = '{"a": [1, {"b/c": "x", "d~": null}], "": {}}'
    found = [(kind, pointer) for kind, _, pointer in tokens(raw)]
    assert [p for k, p in found if k != "key"] == ["", "/a", "/a/0", "/a/1", "/a/1/b~1c", "/a/1/d~0", "/"]
