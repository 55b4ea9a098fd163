"""Nothing of a stranger's text acts on the terminal."""

from __future__ import annotations

import json

import pytest

from sxl_data.contract.errors import error, render
from sxl_data.contract.printable import as_json, encodable, printable, printable_line

ACTING = [
    chr(n)
    for n in (
        *range(9),
        *range(11, 32),
        *range(127, 160),
        0xAD,
        0x61C,
        0x200B,
        0x200E,
        0x200F,
        0x2028,
        0x2029,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0xFEFF,
        0xE0041,
        0xD800,
        0xDCE9,
    )
]


@pytest.mark.parametrize("char", ACTING)
def test_what_acts_is_escaped_in_text_messages_and_json(char: str):
    assert char not in printable(f"a{char}b") and printable(f"a{char}b").isprintable()
    message = render(
        error("U201", file=f"x{char}", found=char, expected=f"{char}y", trace_id=char, pointer=char).findings[0]
    )
    assert char not in message
    written = as_json({f"k{char}": [char]})
    assert char not in written
    assert {f"k{char}": [char]} == json.loads(written)


def test_text_of_all_scripts_stays_as_it_is():
    for text in ("naïve Ω 日本語 عربي हिन्दी 🙂", "12\u202f480\u00a0rows", "two\nlines\tand a tab"):
        assert text == printable(text)
    assert r"two\nlines" == printable_line("two\nlines")
    assert {"a": "日本語 🙂"} == json.loads(as_json({"a": "日本語 🙂"}))
    assert "日本語" in as_json({"a": "日本語"})


def test_only_what_no_encoder_takes_is_escaped_in_names():
    assert "caf\\udce9\x1b.jsonl" == encodable("caf\udce9\x1b.jsonl")


def test_a_finding_says_nothing_that_acts_and_keeps_its_places():
    (item,) = error("U201", file="a\x1b", pointer="/a\x1b", found="b\x1b\n", expected="c\u202e").findings
    assert ("a\x1b", "/a\x1b", "b\\x1b\n", "c\\u202e") == (item.file, item.pointer, item.found, item.expected)
