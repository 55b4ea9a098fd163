"""Which program an answer holds: each rule on answers as models give them."""

from __future__ import annotations

import pytest

from sxl_train.answers.extraction import assemble, cut, extract, find_blocks

F = "def f(x):\n    return x + 1"
PROMPT = 'from typing import List\n\n\ndef f(x: int) -> int:\n    """Add one."""\n'


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{F}\n```",
        f"Sure! Here it is:\n\n```python\n{F}\n```\nHope it helps.",
        f"```\n{F}\n```",
        f"```py\n{F}",
        f"~~~python\n{F}\n~~~",
        f"````python\n{F}\n````",
        f"```Python\n{F}\n```",
        f"``` python\n{F}\n```",
        f"1. First:\n   ```python\n   {F.replace(chr(10), chr(10) + '   ')}\n   ```",
        f"<think>```python\ndef f(x):\n    return 0\n```</think>```python\n{F}\n```",
        f"Use it:\n```python\nprint(f(1))\n```\nwhere\n```python\n{F}\n```",
        f"```python\n{F}\n```\nOr shorter:\n```python\ndef f(x): return 1 + x\n```",
        f"```bash\npip install x\n```\n```python\n{F}\n```",
        F,
        f"Here is the code.\n\n{F}\n\nThis adds one to x.",
        f"```python\r\n{F}\r\n```".replace("\n", "\n"),
    ],
)
def test_the_function_is_found(answer):
    names: dict = {}
    exec(extract(answer, "f"), names)
    assert names["f"](1) == 2


def test_helpers_of_earlier_blocks_come_along_and_examples_do_not():
    text = "```python\nimport math\nK = 1\n```\nthen\n```python\nprint(f(2))\n```\n```python\ndef f(x):\n    return x + K\n```"
    found = extract(text, "f")
    assert "import math" in found and "K = 1" in found and "print" not in found


def test_a_body_alone_continues_the_prompt():
    for answer in ("```python\nreturn x + 1\n```", "```python\n    return x + 1\n```"):
        names: dict = {}
        exec(assemble(PROMPT, answer, "f"), names)
        assert names["f"](1) == 2


def test_imports_of_the_prompt_are_there_for_a_whole_function():
    names: dict = {}
    exec(assemble(PROMPT, "```python\ndef f(x: List) -> int:\n    return x + 1\n```", "f"), names)
    assert names["f"](1) == 2


def test_a_continuation_ends_at_the_first_stop():
    stops = ("\ndef", "\n#", "\nprint")
    assert cut("    return 1\n# next\ndef g(): pass", stops) == "    return 1"
    assert cut("    return 1", stops) == "    return 1"
    assert cut("", stops) == "" and cut("x", ("",)) == "x"


def test_blocks_know_their_language_and_whether_they_end():
    found = find_blocks("```json\n{}\n```\n~~~\na\n```\nb\n~~~\n```python\nx = 1")
    assert [(b.language, b.body, b.closed) for b in found] == [
        ("json", "{}", True),
        ("", "a\n```\nb", True),
        ("python", "x = 1", False),
    ]


@pytest.mark.parametrize(
    "text", ["", "```", "``````", "I cannot do that.", "</think>", "\x00", "def f(", "```python\n```" * 500]
)
def test_whatever_is_said_something_comes_back(text):
    assert isinstance(extract(text, "f"), str) and isinstance(assemble(PROMPT, text, "f"), str)


def test_hostile_answers_take_linear_time():
    import time

    for text in (
        "`" * 200_000,
        "```\n" * 50_000,
        "def f(x):\n" * 20_000,
        "(" * 100_000,
        "def f():\n" + " " * 10 + "x=(" * 20_000,
    ):
        began = time.monotonic()
        extract(text, "f")
        assert time.monotonic() - began < 5
