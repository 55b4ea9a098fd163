"""Votes: the file that a sheet saves or a model's run writes, and what was imported of it.

``{"format": "sxl-review-votes-1", "sample": HASH, "rater": {"name": …, "kind": "person" | "model"},
"votes": {"r0001": {"answers": {"act": 3, "reflect": "cannot_judge"}, "note": "", "seconds": 31}}}``
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import msgspec

from sxl_data.contract.documents import read_document
from sxl_data.contract.errors import Finding, UserError, error, finding
from sxl_data.review.rounds import MAX_BYTES, RATINGS, Round
from sxl_data.review.rubric import CANNOT_JUDGE, Answer

FORMAT = "sxl-review-votes-1"
MAX_NAME, MAX_NOTE = 200, 10_000
RaterKind = Literal["person", "model"]
KINDS: tuple[RaterKind, ...] = ("person", "model")
PLURAL = {"person": "persons", "model": "models"}


class Rater(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who rated. Text until it was checked, so that what is missing is told as H705."""

    name: str = ""
    kind: str = ""


class Vote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answers to one item."""

    answers: dict[str, Answer]
    note: str = ""
    seconds: float = 0


class Votes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All votes of one rater."""

    format: str
    sample: str
    rater: Rater
    votes: dict[str, Vote]


def read_votes(path: Path, round: Round) -> Votes:
    """The votes in ``path``, checked against the sample. Raises H702, H703, H705, H706 with everything found."""
    votes = read_document(path, Votes, "H702", "votes of a round of review", MAX_BYTES)
    if votes.format != FORMAT:
        raise error("H702", file=str(path), found=f"format {votes.format!r}", expected=FORMAT)
    if votes.sample != round.hash:
        raise error("H703", file=str(path), found=f"sample {votes.sample[:64]}", expected=round.hash)
    name = votes.rater.name
    if not name.strip() or name != name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise error("H705", file=str(path), found=f"the name {name!r}", expected="a name that prints, without edges")
    if votes.rater.kind not in KINDS:
        raise error("H705", file=str(path), found=f"the kind {votes.rater.kind!r}", expected="person or model")
    if problems := _faults(votes, round, str(path)):
        raise UserError(*problems)
    return votes


def _faults(votes: Votes, round: Round, file: str) -> list[Finding]:
    items, found = round.items(), []
    for id, vote in votes.votes.items():
        pointer = f"/votes/{id}"
        if (item := items.get(id)) is None:
            found.append(finding("H706", file=file, pointer=pointer, found=id, expected=f"one of {len(items)} items"))
            continue
        asked = {question.id: question.values() for question in round.sample.rubric.asked(item.kind, item.phases)}
        for name, answer in vote.answers.items():
            if name not in asked:
                expected: object = ", ".join(asked) or "no question"
            elif answer not in [*asked[name], CANNOT_JUDGE]:
                expected = ", ".join(map(str, [*asked[name], CANNOT_JUDGE]))
            else:
                continue
            said = f"{name}: {answer!r}"
            found.append(finding("H706", file=file, pointer=f"{pointer}/answers", found=said, expected=expected))
        if len(vote.note) > MAX_NOTE or not 0 <= vote.seconds < 1e9:
            said = f"a note of {len(vote.note)} characters, {vote.seconds} seconds"
            found.append(finding("H702", file=file, pointer=pointer, found=said, expected=f"at most {MAX_NOTE}"))
    return found


def stored_at(folder: Path, name: str) -> Path:
    """The file of a rater; a name from outside is no path."""
    return folder / RATINGS / f"{hashlib.sha256(name.encode('utf-8')).hexdigest()[:16]}.json"


def ratings(round: Round) -> list[Votes]:
    """All imported votes, by name, checked again."""
    found = [read_votes(path, round) for path in sorted((round.folder / RATINGS).glob("*.json"))]
    return sorted(found, key=lambda votes: votes.rater.name)
