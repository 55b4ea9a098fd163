"""A round as one page that works without a network: `sheet.html`.

In: a round. Out: one HTML file with the questions and texts as data and our script (see `contract.offline`).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.offline import offline_page
from sxl_data.engine.commit import commit_bytes
from sxl_data.review.rounds import SHEET, Round, read_round
from sxl_data.review.votes import FORMAT


def sheet(folder: str | Path) -> Path:
    """Write ``sheet.html`` into the round's folder. Raises `UserError` H701."""
    round = read_round(folder)
    path = round.folder / SHEET
    commit_bytes(path, page(round).encode("ascii"))
    return path


def page(round: Round) -> str:
    """The sheet of ``round``, in ASCII."""
    shown = {
        "format": FORMAT,
        "hash": round.hash,
        "title": round.sample.rubric.title,
        "questions": msgspec.to_builtins(round.sample.rubric.questions),
        "items": msgspec.to_builtins(round.sample.items),
    }
    return offline_page("sxl_data.review", shown)
