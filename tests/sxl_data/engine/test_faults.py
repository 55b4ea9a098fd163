"""Short versions of the fault experiments, as `benchmarks/faults` runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks/faults"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SCRIPT.is_dir() or sys.platform != "linux", reason="needs Linux and a checkout"),
]


# Not `memory`: how much a step holds is a figure, and figures are measured by `make bench`, on a machine of its own.
@pytest.mark.parametrize("names", ["kills", "twice", "io", "bits", "matrix", "inputs bombs", "ray"])
def test_every_claim_holds(names: str, tmp_path: Path):
    if names == "ray":
        pytest.importorskip("ray")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *names.split(), "--quick", "--json", str(tmp_path / "claims.json")],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    claims = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))["claims"]
    assert [] == [claim for claim in claims if not claim["met"]]
