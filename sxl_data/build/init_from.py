"""`sxl-data init DIR --from FILE`: an adapter drafted from the shape of a file that no format reads, and its test.

In: a file of records. Out: the texts of a recipe, an adapter, its test and a sample of the file's first records. What
each key is for is guessed by its name and by what it holds; the test reads the sample and names every place of it whose
text is in no trace yet, so that what is open stands there and nothing is lost in silence.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, NamedTuple

from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_data.files.json_text import dump
from sxl_data.files.records import open_records

_RECORDS = 5
_PROMPTS = ("prompt", "question", "instruction", "query", "input", "task", "ask", "problem", "intent", "request")
_ANSWERS = ("answer", "response", "output", "reply", "completion", "solution", "result", "target", "snippet")
_SPEAKERS = ("role", "speaker", "from", "author", "sender", "who", "source", "type")
_TEXTS = ("content", "text", "value", "message", "words", "body", "utterance", "msg")
_USERS = ("user", "human", "customer", "person", "client", "prompter", "student")
_ODD = patterns.compile(r"[^a-z0-9]+")

_HEAD = '''\
"""A first draft of a reader, made from the shape of one file; the test beside it says what is still open."""

from sxl_data.trace.build import Builder
from sxl_data.trace.format import RowError


class Draft:
    name = {name}
    title = "drafted from a file"
    unit = "row"

    def detect(self, sample):
        marks = {marks}
        return "has the keys of the draft" if isinstance(sample, dict) and marks <= sample.keys() else None

    def read(self, document, origin):
        row = document.value
'''
_PAIR = """\
        prompt, answer = row.get({prompt}), row.get({answer})
        if not isinstance(prompt, str) or not isinstance(answer, str):
            raise RowError("no prompt and answer", "two texts", {at_prompt})
        builder = Builder("instruction", prompt)
        builder.observe(prompt, at={at_prompt})
        builder.say(answer, final=True, at={at_answer})
        yield builder.build(document, origin, self.name)
"""
_TURNS = """\
        turns = row.get({turns})
        if not isinstance(turns, list) or not turns:
            raise RowError("no turns", "a list of turns", {at_turns})
        builder = Builder("instruction")
        for n, turn in enumerate(turns):
            text, at = turn.get({text}), f{at_text}
            if not isinstance(text, str):
                raise RowError("a turn without text", "a text", at)
            if turn.get({speaker}) in {users}:  # look at what else the key says: tools, system texts
                builder.task = builder.task or text
                builder.observe(text, at=at)
            else:
                builder.say(text, final=n == len(turns) - 1, at=at)
        yield builder.build(document, origin, self.name)
"""
_NOTHING = """\
        raise RowError("a reader that is not written yet", "builder.observe(…) and builder.say(…) for each part")
        yield Builder("instruction").build(document, origin, self.name)
"""
_TEST = '''\
"""Run with `pytest -rx`: what is not read yet is named."""

import json
from pathlib import Path

import pytest
from {name} import FORMAT
from sxl_data.trace.coverage import measure
from sxl_data.trace.format import Document, Origin, RowError

LINES = Path(__file__).with_name("sample.jsonl").read_text(encoding="utf-8").splitlines()
ROWS = [json.loads(line) for line in LINES]


def test_the_sample_is_recognised():
    assert all(FORMAT.detect(row) for row in ROWS)


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_a_row_is_read_whole(number):
    document = Document(file="sample.jsonl", value=ROWS[number], row=number)
    try:
        traces = [reading.trace for reading in FORMAT.read(document, Origin(source="sample"))]
    except RowError as problem:
        pytest.xfail(f"open: {{problem}}")
    assert traces and all(trace.steps for trace in traces)
    unread = measure(document, traces, FORMAT).unread
    if unread:
        pytest.xfail("open: no trace has " + ", ".join(sorted({{item.pointer for item in unread}})))
'''
_RECIPE = """\
# Build it:  sxl-data build recipe.yaml -o out
name: my-dataset
sources:
  - {{name: {name}, path: sample.jsonl, format: {name}.py, licence: LicenseRef-unknown}}
decontaminate: {{against: []}}
"""


class Shape(NamedTuple):
    """What the keys of a file's records are taken for."""

    keys: list[str]
    pair: tuple[str, str] | None = None
    turns: tuple[str, str, str] | None = None
    """The key of the list, and of its items those of the speaker and of the text."""


def drafted(file: str | Path) -> dict[str, str]:
    """File name → text, of a draft for ``file``. Raises `UserError`: U201 and U204 for what cannot be read, U208 where
    it holds no objects."""
    values = (record.value for record in open_records(file) if isinstance(record.value, dict))
    rows: list[dict[str, Any]] = list(itertools.islice(values, _RECORDS))
    if not rows:
        raise error("U208", file=str(file), found="no record that is an object", expected="records with keys")
    name = "draft_" + (_ODD.sub("_", Path(file).name.split(".")[0].lower()).strip("_") or "file")[:40]
    return {
        "recipe.yaml": _RECIPE.format(name=name),
        f"{name}.py": adapter(name, shape_of(rows), rows),
        f"test_{name}.py": _TEST.format(name=name),
        "sample.jsonl": "".join(dump(row) + "\n" for row in rows),
    }


def adapter(name: str, shape: Shape, rows: list[dict[str, Any]]) -> str:
    """The draft's text; keys of the file stand in it as quoted text only."""
    text = _HEAD.format(name=ascii(name), marks="{" + ", ".join(map(ascii, shape.keys)) + "}")
    if shape.turns is not None:
        turns, speaker, said = shape.turns
        at = _pointer(turns).replace("{", "{{").replace("}", "}}")
        below = _pointer(said).replace("{", "{{").replace("}", "}}")
        held = {str(turn.get(speaker)) for row in rows for turn in row.get(turns) or () if isinstance(turn, dict)}
        users = sorted(who for who in held if who.lower() in _USERS) or ["user"]
        text += _TURNS.format(
            turns=ascii(turns),
            at_turns=ascii(_pointer(turns)),
            at_text=ascii(f"{at}/{{n}}{below}"),
            speaker=ascii(speaker),
            text=ascii(said),
            users=ascii(tuple(users)),
        )
    elif shape.pair is not None:
        prompt, answer = shape.pair
        places = {"at_prompt": ascii(_pointer(prompt)), "at_answer": ascii(_pointer(answer))}
        text += _PAIR.format(prompt=ascii(prompt), answer=ascii(answer), **places)
    else:
        text += _NOTHING
    return text + "\n\nFORMAT = Draft()\n"


def shape_of(rows: list[dict[str, Any]]) -> Shape:
    """What the keys that all of ``rows`` have are taken for."""
    keys = [key for key in rows[0] if all(key in row for row in rows)]
    for key in keys:
        inner = rows[0][key]
        if isinstance(inner, list) and inner and all(isinstance(turn, dict) for turn in inner):
            speaker = _first(inner[0], _SPEAKERS)
            said = _first({k: v for k, v in inner[0].items() if isinstance(v, str) and k != speaker}, _TEXTS)
            if speaker is not None and said is not None:
                return Shape(keys, turns=(key, speaker, said))
    texts = {key: rows[0][key] for key in keys if isinstance(rows[0][key], str)}
    prompt = _first(texts, _PROMPTS)
    answer = _first({key: text for key, text in texts.items() if key != prompt}, _ANSWERS)
    if prompt is None and answer is None and len(texts) > 1:  # names in another language: the two first texts
        prompt, answer = itertools.islice(texts, 2)
    elif prompt is None or answer is None:
        rest = [key for key in texts if key not in (prompt, answer)]
        prompt, answer = prompt or next(iter(rest), None), answer or next(iter(rest), None)
    return Shape(keys, pair=None if prompt is None or answer is None else (prompt, answer))


def _first(held: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The key of ``held`` that is one of ``names``, or has it in its name."""
    for whole in (True, False):
        for name in names:
            for key in held:
                if (key.lower() == name) if whole else (name in key.lower()):
                    return key
    return None


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
