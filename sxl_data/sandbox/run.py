"""Running a program safely: which tier this machine has, and one call that does it all.

In: a program. Out: a `Result`. The tiers are bubblewrap, else Landlock with the filter of system calls; each is
tried once with a program that must end with a number of its own. Where neither works nothing runs: limits alone keep
no program from reading the user's files. `missing` says why, `require` raises it.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, get_args

from sxl_data.contract.errors import error
from sxl_data.sandbox.limits import DEFAULT, Limits, Result, Tier

if TYPE_CHECKING:
    from sxl_data.sandbox.box import Box, Language

INSTALL = "apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora), apk add bubblewrap (Alpine)"
TIERS: tuple[Tier, ...] = get_args(Tier)
_PROBE = Limits(seconds=30.0)


@cache
def why_not(tier: Tier) -> str | None:
    """Why ``tier`` cannot be had here; None where it holds."""
    if sys.platform != "linux":
        return f"it needs Linux, this is {sys.platform}"
    from sxl_data.sandbox import bubblewrap, landlock, seccomp
    from sxl_data.sandbox.box import Box, Refused

    if platform.machine() not in seccomp.MACHINES:
        return f"no filter of system calls for {platform.machine()}"
    reason = (bubblewrap if tier == "bubblewrap" else landlock).missing()
    if reason is not None:
        return reason
    try:
        with Box(tier, _PROBE) as box:
            done = box.run("exit 7", "bash")
    except Refused as problem:
        return str(problem)
    return None if done.exit_code == 7 else f"a first program failed: {done.detail or done.stderr.strip()[:300]}"


@cache
def best() -> Tier | None:
    """The strongest tier of this machine; None where there is none."""
    return next((tier for tier in TIERS if why_not(tier) is None), None)


def missing() -> str | None:
    """Why programs cannot be run safely here; None when they can."""
    return None if best() else "; ".join(f"{tier}: {why_not(tier)}" for tier in TIERS)


def require() -> Tier:
    """The strongest tier. Raises `UserError` U403, with the line that installs one, where there is none."""
    tier = best()
    if tier is None:
        raise error("U403", found=missing(), expected="bubblewrap, or a Linux with Landlock", fix=INSTALL)
    return tier


def open_box(
    files: Mapping[str, str | bytes] | None = None,
    limits: Limits = DEFAULT,
    *,
    tier: Tier | None = None,
    python: str | None = None,
    packages: str | None = None,
    watched: bool = False,
) -> Box:
    """A box for several programs that share ``files`` and what they write. Raises `UserError` U403, and
    `box.Refused` for names that leave the box. ``python`` is the path of another interpreter, ``packages`` a
    folder that programs may read beside it; ``tier`` and ``watched`` ask for less than the best, for tests."""
    tier = tier or require()
    from sxl_data.sandbox.box import Box

    return Box(tier, limits, files, python=python, packages=packages, watched=watched)


def run(
    program: str | bytes,
    language: Language = "python",
    *,
    files: Mapping[str, str | bytes] | None = None,
    stdin: str | bytes = b"",
    limits: Limits = DEFAULT,
    tier: Tier | None = None,
) -> Result:
    """Run ``program`` once, in a box of its own, and wait for its end.

    Whatever the program, its files' names and its input are, a `Result` comes back; only where nothing can be
    run safely `UserError` U403 is raised. ``tier`` asks for a weaker one than the best, for tests and `doctor`.
    """
    tier = tier or require()
    from sxl_data.sandbox.box import Refused

    try:
        with open_box(files, limits, tier=tier) as box:
            return box.run(program, language, stdin=stdin)
    except Refused as problem:
        return Result(
            status="refused", exit_code=None, stdout="", stderr="", duration_ms=0.0, tier=tier, detail=str(problem)
        )
