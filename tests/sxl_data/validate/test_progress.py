"""Progress of `validate`: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "recipes" / "samples" / "chat.jsonl"


@pytest.mark.parametrize("ci", [None, "1"])
def test_a_terminal_sees_how_far_it_is_and_ci_does_not(ci: str | None) -> None:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "FORCE_COLOR")}
    environment |= {"TERM": "xterm", **({"CI": ci} if ci else {})}
    subprocess.run(
        [sys.executable, "-m", "sxl_data", "validate", str(SAMPLE)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        cwd=ROOT,
        check=True,
    )
    os.set_blocking(ours, False)
    try:
        said = os.read(ours, 65536)
    except BlockingIOError:
        said = b""
    os.close(ours)
    os.close(theirs)
    assert (b"validate" in said) is (ci is None)
