"""sxl_data.formats.spoken: thoughts, calls and words of one text."""

from __future__ import annotations

import pytest

from sxl_data.formats.function_markup import Asked
from sxl_data.formats.spoken import pieces_of


def told(text: str) -> list[tuple[str, ...]]:
    """The pieces of ``text``: (kind, words), or ("call", name, arguments)."""
    return [
        ("call", p.name, p.arguments_json) if isinstance(p, Asked) else (p[0], p[1].strip())
        for p in pieces_of(text, {})
    ]


CALL = '<tool_call>\n{"name": "f", "arguments": {"t": "x"}}\n</tool_call>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"I call.\n{CALL}", [("text", "I call."), ("call", "f", '{"t":"x"}')]),
        (f"{CALL}\n{CALL} done", [("call", "f", '{"t":"x"}')] * 2 + [("text", "done")]),
        (
            '<tool_call>{"name": "f", "arguments": {"t": "</tool_call> <tool_call>{"}}</tool_call>',
            [("call", "f", '{"t":"</tool_call> <tool_call>{"}')],
        ),
        (
            "<tool_call>{'name': 'f', 'arguments': {'t': '</tool_call>', 'n': None}}</tool_call>",
            [("call", "f", '{"t":"</tool_call>","n":null}')],
        ),
        (
            '<tool_call>[{"name": "f"}, {"name": "g", "arguments": {}}]</tool_call>',
            [("call", "f", "{}"), ("call", "g", "{}")],
        ),
        ('<tool_call>\n{"name": "f"}\n{"name": "g"}\n</tool_call>', [("call", "f", "{}"), ("call", "g", "{}")]),
        ('<tool_call>{"name": "f", "arguments": {"t": "a\nb"}}</tool_call>', [("call", "f", '{"t":"a\\nb"}')]),
        ('<tool_call>{"name": "f", "arguments": {}}}\n</tool_call>', [("call", "f", "{}")]),
        ('<tool_call>{"function": {"name": "f", "arguments": {"n": 1.0}}}</tool_call>', [("call", "f", '{"n":1.0}')]),
        ("<tool_call>f\n<arg_key>n</arg_key>\n<arg_value>2</arg_value>\n</tool_call>", [("call", "f", '{"n":2}')]),
        (
            "<tool_call>\n<function=f>\n<parameter=t>\nx\n</parameter>\n</function>\n</tool_call>",
            [("call", "f", '{"t":"x"}')],
        ),
        ("Look.\n<function=f>\n</function>\n</tool_call>", [("text", "Look."), ("call", "f", "{}")]),
    ],
)
def test_a_call_is_what_stands_in_its_tag(text: str, expected: list[tuple[str, ...]]) -> None:
    assert expected == told(text)


@pytest.mark.parametrize(
    "text",
    [
        "The tag `<tool_call>` opens a call and `</tool_call>` closes it.",
        "The tag <tool_call> opens a call.",
        "Write <tool_call>{json}</tool_call> to call.",
        "A call is\n```\n" + CALL + "\n```\nand nothing else.",
        "Inline: `<function=f></function>` is one.",
        "Use <function=name> and its parameters.",
        "<function=f> is how it begins, </function> how it ends.",
        "<function=f>\n<parameter=t>\nno end",
        "Put <think> and </think> around it.",
        "It ends at the </think> tag.",
        "`</think>` ends a thought.",
        "a < b, c > d",
    ],
)
def test_a_tag_in_prose_or_in_code_is_words(text: str) -> None:
    assert [("text", text)] == pieces_of(text, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>\nhm\n</think>\n\nYes.", [("think_tag", "hm"), ("text", "Yes.")]),
        ("hm\n</think>\n\nYes.", [("think_tag", "hm"), ("text", "Yes.")]),
        ("hm</think>It is 4.", [("think_tag", "hm"), ("text", "It is 4.")]),
        ("I look. <think>hm</think> Yes.", [("text", "I look."), ("think_tag", "hm"), ("text", "Yes.")]),
        ("<think>is `</think>` a tag?</think>Yes.", [("think_tag", "is `</think>` a tag?"), ("text", "Yes.")]),
        ("<think>\nand then the text", [("think_tag", "and then the text")]),
        ("<scratch_pad>hm</scratch_pad>Yes.", [("scratchpad", "hm"), ("text", "Yes.")]),
        ("hm</think>\n" + CALL, [("think_tag", "hm"), ("call", "f", '{"t":"x"}')]),
        (
            "<think>I could use <tool_call>.</think>" + CALL,
            [("think_tag", "I could use <tool_call>."), ("call", "f", '{"t":"x"}')],
        ),
    ],
)
def test_thoughts_are_told_from_words(text: str, expected: list[tuple[str, ...]]) -> None:
    assert expected == told(text)


def test_a_call_that_is_none_after_all_stays_one_with_raw_arguments() -> None:
    for inside in ('{"name": "f", "arguments": {"t": ', '{"nom": "f"}', '{"name": "f", 3}'):
        assert [("call", "", inside.strip())] == told(f"<tool_call>\n{inside}\n</tool_call>")


def test_without_calls_only_thoughts_are_looked_for() -> None:
    assert [("think_tag", "hm"), ("text", CALL)] == pieces_of(f"<think>hm</think>{CALL}", {}, calls=False)


def test_no_letter_is_lost_or_invented_whatever_the_tags() -> None:
    tags = [
        "<tool_call>",
        "</tool_call>",
        "<function=f>",
        "</function>",
        "<parameter=p>",
        "</parameter>",
        "<think>",
        "</think>",
    ]
    bits = [*tags, "```", "`", "\n", '{"name": "f"}', "word ", '"', "{"]
    for seed in range(3000):
        chosen = [bits[(seed * (7 + k) + k * k * 13) % len(bits)] for k in range(seed % 12)]
        text = "".join(chosen)
        said = "".join(p.arguments_json + p.name if isinstance(p, Asked) else p[1] for p in pieces_of(text, {}))
        assert text.count("word") == said.count("word"), text
