"""Votes into a round: checked against the sample and the build, kept with who gave them.

In: a round, files of votes, and the build or files that the sample was drawn from. Out: ``ratings/*.json``. An
item is the build's when a row of that id is there and all its shown text is the same; a build that has grown since
still holds it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.errors import UserError, error, finding
from sxl_data.engine.commit import commit_bytes
from sxl_data.engine.objects import here
from sxl_data.review.items import candidates
from sxl_data.review.rounds import Round, encode, read_round
from sxl_data.review.votes import Votes, read_votes, stored_at


class Imported(msgspec.Struct, frozen=True):
    """What came in: the votes, and how many items the round has."""

    votes: tuple[Votes, ...]
    items: int

    def text(self) -> str:
        """A line for each rater."""
        lines = []
        for votes in self.votes:
            judged = sum(bool(vote.answers) for vote in votes.votes.values())
            lines.append(f"{votes.rater.kind} {votes.rater.name}: {judged} of {self.items} items judged")
        return "\n".join(lines)


def import_votes(
    folder: str | Path, files: list[str | Path], of: list[str | Path], *, replace: bool = False
) -> Imported:
    """Take the votes in ``files`` into the round in ``folder``, all or none.

    ``of`` is what the sample was drawn from, in the same order. Raises `UserError`: H701 to H706, H710.
    """
    round = read_round(folder)
    check_items(round, [str(here(place)) for place in of])
    found = [read_votes(Path(path), round) for path in files]
    names = [votes.rater.name for votes in found]
    for path, votes in zip(files, found):
        target = stored_at(round.folder, votes.rater.name)
        known = target.exists() and read_votes(target, round) != votes
        if names.count(votes.rater.name) > 1 or (known and not replace):
            raise error("H710", file=str(path), found=votes.rater.name, expected="a name of its own, or the same votes")
    for votes in found:
        commit_bytes(stored_at(round.folder, votes.rater.name), encode(votes))
    return Imported(tuple(found), len(round.sample.items))


def check_items(round: Round, of: list[str]) -> None:
    """Whether every item stands in ``of`` as it was drawn. Raises H704 with each that does not."""
    wanted = {drawn.id: drawn.digest for drawn in round.key.items.values()}
    met: dict[str, str] = {}
    for found in candidates(of, round.key.by):
        if found.id in wanted and met.get(found.id) != wanted[found.id]:
            met[found.id] = found.digest()
    problems = []
    for name, drawn in round.key.items.items():
        if met.get(drawn.id) != drawn.digest:
            said = "the same id with another text" if drawn.id in met else "no such row"
            problems.append(
                finding(
                    "H704",
                    file=", ".join(of),
                    trace_id=drawn.id,
                    found=f"{said} (item {name})",
                    expected=f"the row as it was drawn from {', '.join(round.key.of)}",
                )
            )
    if problems:
        raise UserError(*problems)
