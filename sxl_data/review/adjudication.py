"""Disagreements ↔ ``adjudication-person.yaml``: written to be decided, read when it was.

In: disagreements of raters of one kind. Out: a file with an empty ``decision`` for each, and the decisions that were
filled in. Persons' disagreements are decided by a named person; what a model would decide about them is no human's.
Decisions stay when `agree` runs again.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from sxl_data.contract import yaml as plain_yaml
from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit_bytes
from sxl_data.review.rounds import Round
from sxl_data.review.rubric import CANNOT_JUDGE, Answer
from sxl_data.review.votes import KINDS, Rater, RaterKind


class _Dumper(yaml.SafeDumper):
    """Quotes a text that our reader would take for a number, such as a rater named 1e-4."""


_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", plain_yaml.EXPONENT, list("-+0123456789"))


class Disagreement(msgspec.Struct, frozen=True):
    """Answers of raters that differ, and how far on the scale."""

    item: str
    id: str
    question: str
    answers: dict[str, Answer]
    spread: int


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One disagreement in the file."""

    item: str
    question: str
    answers: dict[str, Answer]
    decision: Answer | None = None


class Adjudication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    sample: str
    adjudicator: Rater
    cases: tuple[Case, ...]


def path_of(round: Round, kind: RaterKind) -> Path:
    """The file of disagreements among raters of this kind."""
    return round.folder / f"adjudication-{kind}.yaml"


def decisions(round: Round, kind: RaterKind, split: list[Disagreement]) -> dict[tuple[str, str], Answer]:
    """What was decided of the disagreements that there are, by item and question. Raises H711."""
    path = path_of(round, kind)
    if (found := _read(path, round)) is None:
        return {}
    open_ones = {(entry.item, entry.question): entry.answers for entry in split}
    values = {question.id: [*question.values(), CANNOT_JUDGE] for question in round.sample.rubric.questions}
    taken: dict[tuple[str, str], Answer] = {}
    for at, case in enumerate(found.cases):
        if case.decision is None or open_ones.get((case.item, case.question)) != case.answers:
            continue  # not decided, or the votes have changed since
        if case.decision not in values[case.question]:
            allowed = ", ".join(map(str, values[case.question]))
            pointer = f"/cases/{at}/decision"
            raise error("H711", file=str(path), pointer=pointer, found=case.decision, expected=allowed)
        taken[case.item, case.question] = case.decision
    who = found.adjudicator
    if taken and (not who.name.strip() or who.kind not in KINDS or (kind == "person" and who.kind != "person")):
        expected = "a named person" if kind == "person" else "a named person or model"
        raise error(
            "H711",
            file=str(path),
            pointer="/adjudicator",
            found=f"{who.kind or 'nobody'} {who.name!r}",
            expected=expected,
        )
    return taken


def write_open(round: Round, kind: RaterKind, split: list[Disagreement]) -> str:
    """Write the file with the decisions that it has; its name."""
    path = path_of(round, kind)
    known = _read(path, round)
    decided = {(c.item, c.question, tuple(c.answers.items())): c.decision for c in known.cases} if known else {}
    cases = tuple(
        Case(e.item, e.question, e.answers, decided.get((e.item, e.question, tuple(e.answers.items())))) for e in split
    )
    made = Adjudication(round.hash, known.adjudicator if known else Rater("", ""), cases)
    head = f"# Disagreements among {kind}s, the widest first. Fill in `adjudicator` (kind: person or model) and each\n"
    head += "# `decision` (an answer of the question, or cannot_judge), then run `sxl-data review agree` again.\n"
    body = yaml.dump(msgspec.to_builtins(made), Dumper=_Dumper, sort_keys=False, width=1000)
    commit_bytes(path, (head + body).encode("utf-8"))
    return path.name


def _read(path: Path, round: Round) -> Adjudication | None:
    if not path.is_file():
        return None
    try:
        values, _ = plain_yaml.parse(path.read_text(encoding="utf-8-sig"), str(path))
        found = msgspec.convert(values, Adjudication)
    except (msgspec.ValidationError, UnicodeDecodeError) as problem:
        raise error("H711", file=str(path), found=problem, expected="the file as `review agree` wrote it") from None
    if found.sample != round.hash:
        raise error("H711", file=str(path), pointer="/sample", found=found.sample, expected=round.hash)
    return found
