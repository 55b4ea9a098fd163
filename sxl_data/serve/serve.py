"""The command that opens the viewer: read a build, say where to look, answer until nobody looks any more."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from sxl_data.contract.console import format_count, format_seconds, say
from sxl_data.contract.errors import error
from sxl_data.serve.answers import Answers
from sxl_data.serve.index import Index, open_side
from sxl_data.serve.server import Server
from sxl_data.trace.template import load

IDLE_MINUTES = 120


def serve(
    build: str | Path,
    against: str | Path | None = None,
    *,
    template: str | None = None,
    tokenizer: str | Path | None = None,
    max_length: int | None = None,
    port: int = 0,
    idle_minutes: int = IDLE_MINUTES,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Show the finished ``build`` to a browser on this machine, beside the build ``against`` where one is given.

    ``ready`` is told the address. Returns when there was no request for ``idle_minutes``; 0: at once, for who only asks
    whether it would open. Raises `UserError` U305, U304 for what is no whole build, U401 for a port that is taken.
    """
    with open_server(
        build, against, template=template, tokenizer=tokenizer, max_length=max_length, port=port
    ) as server:
        (ready or say)(server.address)
        server.run(60 * idle_minutes)


def open_server(
    build: str | Path,
    against: str | Path | None = None,
    *,
    template: str | None = None,
    tokenizer: str | Path | None = None,
    max_length: int | None = None,
    port: int = 0,
) -> Server:
    """The server, which answers when it is run."""
    started = time.monotonic()
    shown = None if template is None else load(template, tokenizer)
    index = Index(open_side(build), None if against is None else open_side(against))
    say(f"{format_count(len(index.rows))} rows read in {format_seconds(time.monotonic() - started)}")
    try:
        return Server(Answers(index, shown, max_length), secrets.token_urlsafe(24), port)
    except OSError as problem:
        raise error(
            "U401", found=f"port {port}: {problem}", expected="a free port", fix="leave --port out: one is chosen"
        ) from None
