"""How far raters agree, persons among persons and models among models, and where they do not.

In: a round with imported votes. Out: ``agreement.json``, a text, ``ratings.json`` for cards and reports (see
`write.ratings`), and for each kind of rater a file of disagreements to be decided (see `adjudication`). Persons and
models are never counted together. Here, after the votes, it is told which side of a pair was which file.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit_bytes
from sxl_data.review.adjudication import Disagreement, decisions, write_open
from sxl_data.review.measures import REPEATS, Estimate, Matrix, bootstrap, measure
from sxl_data.review.rounds import Round, encode, read_round
from sxl_data.review.rubric import CANNOT_JUDGE, Answer, Question
from sxl_data.review.votes import KINDS, PLURAL, RaterKind, Votes, ratings
from sxl_data.write.ratings import FORMAT as RATINGS_FORMAT
from sxl_data.write.ratings import RATINGS, Rated, Raters, Ratings, Share

AGREEMENT = "agreement.json"


class Pair(msgspec.Struct, frozen=True):
    """Two raters and Cohen's κ."""

    raters: tuple[str, str]
    kappa: Estimate


class OnQuestion(msgspec.Struct, frozen=True):
    """Agreement on one question; ``counts`` by rater and answer."""

    question: str
    scale: str
    percent: Estimate
    alpha: Estimate
    fleiss: Estimate
    cohen: list[Pair]
    counts: dict[str, dict[str, int]]
    agreed: int
    decided: int
    open: int
    preferred: dict[str, int] = {}
    """Votes for each file of a pair, for ties, and for neither."""
    lead: Estimate | None = None
    """Votes for the first file less those for the second, as a share of votes: from -1 to 1."""


class Group(msgspec.Struct, frozen=True):
    """The raters of one kind, and what they agree on."""

    raters: list[str]
    questions: list[OnQuestion]
    disagreements: list[Disagreement]
    adjudication: str


class Agreement(msgspec.Struct, frozen=True):
    """The result; a kind with fewer than two raters has no group."""

    sample: str
    of: tuple[str, ...]
    items: int
    raters: dict[str, list[str]]
    groups: dict[str, Group]

    def text(self) -> str:
        """The result for a terminal."""
        from sxl_data.review.shown import text

        return text(self)


def agree(folder: str | Path, *, seed: int = 0, repeats: int = REPEATS) -> Agreement:
    """Compare the imported votes of the round in ``folder`` and write the result beside them.

    Raises `UserError`: H707 where no kind has two raters with items in common, H711 for a wrong decision.
    """
    round = read_round(folder)
    votes = ratings(round)
    by_kind = {kind: [v for v in votes if v.rater.kind == kind] for kind in KINDS}
    groups: dict[str, Group] = {}
    for kind, of_kind in by_kind.items():
        if len(of_kind) > 1 and (found := _group(round, kind, of_kind, seed, repeats)):
            groups[kind] = found
    if not groups:
        said = ", ".join(f"{len(of_kind)} {PLURAL[kind]}" for kind, of_kind in by_kind.items())
        raise error("H707", file=str(folder), found=said, expected="two of a kind who judged the same items")
    names: dict[str, list[str]] = {kind: [v.rater.name for v in of_kind] for kind, of_kind in by_kind.items()}
    made = Agreement(round.hash, round.key.of, len(round.sample.items), names, groups)
    commit_bytes(round.folder / AGREEMENT, encode(made))
    commit_bytes(round.folder / RATINGS, encode(_summary(round, made, by_kind)))
    return made


def _summary(round: Round, made: Agreement, by_kind: dict[RaterKind, list[Votes]]) -> Ratings:
    """What a card may show: each question of each kind of raters, those apart that are alone in their kind."""
    raters: dict[str, Raters] = {}
    for kind, votes in by_kind.items():
        found = {q.question: q for q in made.groups[kind].questions} if kind in made.groups else {}
        rated = tuple(_rated(question, votes, found.get(question.id)) for question in round.sample.rubric.questions)
        if votes:
            names = tuple(v.rater.name for v in votes)
            raters[kind] = Raters(names, tuple(one for one in rated if one.answers))
    ids = tuple(sorted(drawn.id for drawn in round.key.items.values()))
    return Ratings(RATINGS_FORMAT, round.hash, round.sample.rubric.title, round.key.of, ids, raters)


def _rated(question: Question, votes: list[Votes], found: OnQuestion | None) -> Rated:
    given = [str(vote.answers[question.id]) for v in votes for vote in v.votes.values() if question.id in vote.answers]
    order = [*map(str, question.values()), CANNOT_JUDGE]
    answers = {answer: given.count(answer) for answer in order if answer in given}
    none = Share(None, None, None, 0)
    equal, alpha = (_share(found.percent), _share(found.alpha)) if found else (none, none)
    return Rated(question.id, question.ask, answers, equal, alpha, found.preferred if found else {})


def _share(found: Estimate) -> Share:
    return Share(found.value, found.low, found.high, found.items)


def _group(round: Round, kind: RaterKind, votes: list[Votes], seed: int, repeats: int) -> Group | None:
    rated = {question.id: _matrix(round, question, votes) for question in round.sample.rubric.questions}
    if not any(((~np.isnan(matrix)).sum(axis=0) >= 2).any() for matrix in rated.values()):
        return None
    split = _disagreements(round, votes)
    decided = decisions(round, kind, split)
    questions = []
    for question in round.sample.rubric.questions:
        matrix = rated[question.id]
        if np.isnan(matrix).all():
            continue
        questions.append(_on_question(round, question, votes, matrix, split, decided, seed, repeats))
    return Group([v.rater.name for v in votes], questions, split, write_open(round, kind, split))


def _on_question(
    round: Round,
    question: Question,
    votes: list[Votes],
    matrix: Matrix,
    split: list[Disagreement],
    decided: dict[tuple[str, str], Answer],
    seed: int,
    repeats: int,
) -> OnQuestion:
    found = measure(matrix, len(question.answers), question.scale == "ordinal", seed=seed, repeats=repeats)
    names = [v.rater.name for v in votes]
    counts: dict[str, dict[str, int]] = {}
    for v in votes:
        given = [str(vote.answers[question.id]) for vote in v.votes.values() if question.id in vote.answers]
        counts[v.rater.name] = {answer: given.count(answer) for answer in sorted(set(given))}
    differ = [entry for entry in split if entry.question == question.id]
    settled = sum((entry.item, entry.question) in decided for entry in differ)
    both = int(((~np.isnan(matrix)).sum(axis=0) >= 2).sum())
    preferred, lead = _preferred(round, question, votes, seed, repeats)
    return OnQuestion(
        question.id,
        question.scale,
        found.percent,
        found.alpha,
        found.fleiss,
        [Pair((names[a], names[b]), estimate) for (a, b), estimate in found.cohen.items()],
        counts,
        both - len(differ),
        settled,
        len(differ) - settled,
        preferred,
        lead,
    )


def _matrix(round: Round, question: Question, votes: list[Votes]) -> Matrix:
    """Raters × items: the place of each answer on the scale, NaN for none and for who cannot judge."""
    place = {value: at for at, value in enumerate(question.values())}
    rows = [
        [
            place.get(v.votes[item.id].answers.get(question.id, ""), np.nan) if item.id in v.votes else np.nan
            for item in round.sample.items
        ]
        for v in votes
    ]
    return np.array(rows, dtype=np.float64)


def _disagreements(round: Round, votes: list[Votes]) -> list[Disagreement]:
    """Where answers differ, the widest first."""
    found = []
    for question in round.sample.rubric.questions:
        place = {value: at for at, value in enumerate(question.values())}
        for item in round.sample.items:
            given = {
                v.rater.name: v.votes[item.id].answers[question.id]
                for v in votes
                if item.id in v.votes and v.votes[item.id].answers.get(question.id) in place
            }
            if len(set(given.values())) > 1:
                places = [place[answer] for answer in given.values()]
                spread = max(places) - min(places) if question.scale == "ordinal" else 1
                found.append(Disagreement(item.id, round.key.items[item.id].id, question.id, given, spread))
    return sorted(found, key=lambda entry: (-entry.spread, entry.item, entry.question))


def _preferred(
    round: Round, question: Question, votes: list[Votes], seed: int, repeats: int
) -> tuple[dict[str, int], Estimate | None]:
    """Which file was preferred, of pairs whose order was hidden."""
    if "A" not in question.values() or "B" not in question.values() or len(round.key.of) != 2:
        return {}, None
    counts: dict[str, int] = dict.fromkeys(round.key.of, 0)
    leads = []
    for item in round.sample.items:
        sides = round.key.items[item.id].sides
        given = [v.votes[item.id].answers.get(question.id) for v in votes if item.id in v.votes]
        signs = []
        for answer in given:
            if answer in sides:
                counts[round.key.of[sides[str(answer)]]] += 1
                signs.append(1 - 2 * sides[str(answer)])
            elif answer in question.values():
                counts[str(answer)] = counts.get(str(answer), 0) + 1
                signs.append(0)
        if signs:
            leads.append(sum(signs) / len(signs))
    if not leads:
        return counts, None
    return counts, bootstrap(lambda matrix: float(matrix.mean()), np.array([leads]), seed=seed, repeats=repeats)
