"""The command that opens the viewer: read a build, say where to look, answer until nobody looks any more."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, Unpack

from sxl_data.contract.console import format_count, format_seconds, say
from sxl_data.contract.errors import error
from sxl_data.serve.answers import Answers
from sxl_data.serve.index import Index, open_side
from sxl_data.serve.server import Server
from sxl_data.trace.template import load

IDLE_MINUTES = 120


class Opening(TypedDict, total=False):
    """What is shown, and where."""

    template: str | None
    """A template's name, file or model folder; with it trained pieces are marked."""
    tokenizer: str | Path | None
    max_length: int | None
    """Tokens that training sees of a row."""
    port: int
    """0: a free one is chosen."""


def serve(
    build: str | Path,
    against: str | Path | None = None,
    *,
    idle_minutes: int = IDLE_MINUTES,
    ready: Callable[[str], None] | None = None,
    **opening: Unpack[Opening],
) -> None:
    """Show the finished ``build`` to a browser on this machine, beside the build ``against`` where one is given.

    ``ready`` is told the address. Returns when there was no request for ``idle_minutes``; 0: at once, for who only asks
    whether it would open. Raises `UserError` U305, U304 for what is no whole build, U401 for a port that is taken.
    """
    with open_server(build, against, **opening) as server:
        (ready or say)(server.address)
        server.run(60 * idle_minutes)


def open_server(build: str | Path, against: str | Path | None = None, **opening: Unpack[Opening]) -> Server:
    """The server, which answers when it is run."""
    started, template, port = time.monotonic(), opening.get("template"), opening.get("port", 0)
    shown = None if template is None else load(template, opening.get("tokenizer"))
    index = Index(open_side(build), None if against is None else open_side(against))
    say(f"{format_count(len(index.rows))} rows read in {format_seconds(time.monotonic() - started)}")
    try:
        return Server(Answers(index, shown, opening.get("max_length")), secrets.token_urlsafe(24), port)
    except OSError as problem:
        raise error(
            "U401", found=f"port {port}: {problem}", expected="a free port", fix="leave --port out: one is chosen"
        ) from None
