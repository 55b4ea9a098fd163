"""The rubric: what a rater is asked, and the answers with an example that anchors each.

In: ``rubric.yaml``. Out: a `Rubric`, checked. ``cannot_judge`` is an answer to every question and no value of any
scale: whoever cannot judge must not be made to guess.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from sxl_data.contract import yaml
from sxl_data.contract.errors import error

CANNOT_JUDGE = "cannot_judge"
MOST_ANSWERS = 9
"""One key of the keyboard for each; 0 is for who cannot judge."""

Answer = int | str


class Anchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer: its value, what it means, and an example."""

    value: Answer
    means: str
    example: str = ""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question, asked of the kinds of items in ``of`` that have its ``phase``."""

    id: str
    phase: Literal["observe", "reflect", "act", "iterate", "whole"]
    of: tuple[Literal["trace", "output", "pair"], ...]
    scale: Literal["ordinal", "nominal"]
    ask: str
    answers: tuple[Anchor, ...]

    def values(self) -> list[Answer]:
        """What can be answered, without cannot_judge."""
        return [anchor.value for anchor in self.answers]


class Rubric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All questions."""

    title: str
    questions: tuple[Question, ...]

    def asked(self, kind: str, phases: tuple[str, ...]) -> list[Question]:
        """The questions about an item of this kind with these phases."""
        return [q for q in self.questions if kind in q.of and (q.phase == "whole" or q.phase in phases)]


def default_text() -> str:
    """Our own rubric."""
    return (files("sxl_data.review") / "rubric.yaml").read_text(encoding="utf-8")


def read_rubric(path: str | Path | None = None) -> tuple[Rubric, str]:
    """The rubric in ``path`` (ours for None) and its text. Raises U103 for what is no YAML, H709."""
    name = "rubric.yaml" if path is None else str(path)
    if path is None:
        text = default_text()
    else:
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as problem:
            raise error("H709", file=name, found=problem, expected="UTF-8 text") from None
    values, _ = yaml.parse(text, name)
    try:
        rubric = msgspec.convert(values, Rubric)
    except msgspec.ValidationError as problem:
        raise error("H709", file=name, found=problem, expected="title and questions") from None
    _check(rubric, name)
    return rubric, text


def _check(rubric: Rubric, file: str) -> None:
    ids = [question.id for question in rubric.questions]
    if not ids or len(ids) != len(set(ids)):
        raise error(
            "H709", file=file, found=", ".join(ids) or "no question", expected="questions with ids of their own"
        )
    for at, question in enumerate(rubric.questions):
        pointer = f"/questions/{at}"
        values = question.values()
        if not (question.id.isidentifier() and question.id.isascii() and question.id[0] != "_"):
            raise error("H709", file=file, pointer=f"{pointer}/id", found=question.id, expected="a plain name")
        if not 2 <= len(values) <= MOST_ANSWERS or len(values) != len(set(values)) or CANNOT_JUDGE in values:
            raise error(
                "H709",
                file=file,
                pointer=f"{pointer}/answers",
                found=", ".join(map(str, values)),
                expected=f"2 to {MOST_ANSWERS} different values, {CANNOT_JUDGE} not among them",
            )
        whole = all(isinstance(value, int) for value in values)
        if question.scale == "ordinal" and not (whole and values == sorted(values, key=int)):
            raise error(
                "H709",
                file=file,
                pointer=f"{pointer}/answers",
                found=", ".join(map(str, values)),
                expected="whole numbers that grow, for the scale `ordinal`",
            )
        if question.scale == "nominal" and not all(isinstance(value, str) for value in values):
            raise error(
                "H709", file=file, pointer=f"{pointer}/answers", found="numbers", expected="words, for `nominal`"
            )
