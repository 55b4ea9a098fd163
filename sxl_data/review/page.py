"""A round as one page that works without a network: `sheet.html`.

In: a round. Out: one HTML file with the questions and texts as data and our script, allowed by its digest alone; the
browser loads nothing, sends nothing and runs nothing else. The data are JSON in ASCII without ``<``, so no text can
end the element it stands in; the script writes every text as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path

import msgspec

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
    style, script = _asset("page.css"), _asset("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    shown = {
        "format": FORMAT,
        "hash": round.hash,
        "title": round.sample.rubric.title,
        "questions": msgspec.to_builtins(round.sample.rubric.questions),
        "items": msgspec.to_builtins(round.sample.items),
    }
    data = json.dumps(shown).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    pieces = {"policy": policy, "style": style, "script": script, "data": data}
    made, rest = "", _asset("page.html")
    while "{" in rest:  # from left to right once, so that no text is taken for a place
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        made += before + pieces[name]
    return "".join(char if ord(char) < 128 else f"&#{ord(char)};" for char in made + rest)


def _asset(name: str) -> str:
    return (files("sxl_data.review") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
