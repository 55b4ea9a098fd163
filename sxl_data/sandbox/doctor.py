"""What the sandbox of this machine holds, tried out: `sxl-data sandbox doctor`.

In: nothing. Out: for each tier whether it can be had and, of the one that is used, a line per danger with what a
program met that tried it just now: blocked, or open. Nothing here is read from versions or settings.
"""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from sxl_data.sandbox.dangers import DANGERS, LIMITS
from sxl_data.sandbox.limits import Tier
from sxl_data.sandbox.run import INSTALL, TIERS, best, open_box, why_not


class Checked(NamedTuple):
    """What came of one danger."""

    name: str
    blocked: bool
    met: str


def report() -> tuple[str, bool]:
    """What to print, and whether there is a tier that blocks everything."""
    lines = ["sandbox of this machine"]
    lines += [f"  {tier:<12}{why_not(tier) or 'works'}" for tier in TIERS]
    used = best()
    if used is None:
        return "\n".join([*lines, "  no program of the data is run here", f"  install     {INSTALL}"]), False
    lines += [f"  used        {used}", *(f"  {what:<12}{who}" for what, who in totals(used).items())]
    if used != TIERS[0]:
        lines.append(f"  stronger    {INSTALL}")
    checked = check(used)
    lines += ["", *(f"  {'blocked' if item.blocked else 'OPEN':<9}{item.name:<26}{item.met}" for item in checked)]
    return "\n".join(lines), all(item.blocked for item in checked)


def check(tier: Tier) -> list[Checked]:
    """Try every danger in ``tier``, each in a box of its own."""
    found = []
    with _world() as known:
        for danger in DANGERS:
            program = danger.program
            for name, value in known.items():
                program = program.replace(f"@{name}@", str(value))
            with open_box(limits=LIMITS, tier=tier) as box:
                done = box.run(program)
            outlived = _runs(str(known["TOKEN"]))
            blocked = "OPEN" not in done.stdout and done.status in danger.ends and not outlived
            met = (done.detail or done.stderr).strip().rpartition("\n")[2]
            over = "" if done.status in ("ok", "failed") else f"ended: {done.status}"
            found.append(Checked(danger.name, blocked, (over or met or "ended with the run")[:60]))
    return found


def totals(tier: Tier) -> dict[str, str]:
    """What is bounded for all processes of a run together → who counts it."""
    with open_box(limits=LIMITS, tier=tier) as box:
        box.run("pass")
        return {
            "memory": "bounded by a control group" if box.grouped else "watched: counted every few milliseconds",
            "scratch": "a file system of its size" if box.mounted else "watched: counted every few milliseconds",
        }


@contextmanager
def _world() -> Iterator[dict[str, object]]:
    """A file, a service and a process that a program must not reach."""
    with tempfile.NamedTemporaryFile(prefix="sxl-doctor-") as secret, socket.create_server(("127.0.0.1", 0)) as service:
        secret.write(b"secret")
        secret.flush()
        Path(secret.name).chmod(0o644)  # so that only the sandbox keeps another user from it
        port = service.getsockname()[1]
        yield {"SECRET": secret.name, "PORT": port, "PID": os.getpid(), "TOKEN": secrets.token_hex(16)}


def _runs(token: str) -> bool:
    """Whether a process has ``token`` among its arguments."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if token.encode() in place.read_bytes():
                return True
    return False
