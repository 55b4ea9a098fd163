"""sxl_data.ground.sandbox"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sxl_data.ground.sandbox import Limits, Run, missing, python, run

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"no sandbox: {missing()}")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that the user nobody can reach, as whom programs run when tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def shell(folder: Path, command: str, **limits: float) -> Run:
    return run(["/bin/sh", "-c", command], folder, Limits(**limits))  # type: ignore[arg-type]


def test_output_exit_code_and_files_come_back(scratch):
    done = shell(scratch, "echo out; echo err >&2; echo kept > file; exit 3")
    assert (done.stdout, done.stderr, done.exit_code) == ("out\n", "err\n", 3)
    assert (scratch / "file").read_text(encoding="utf-8") == "kept\n"


def test_the_users_files_are_out_of_reach(scratch):
    here = Path(__file__)
    assert "No such file" in shell(scratch, f"cat {here}").stderr
    assert shell(scratch, f"echo x > /usr/{here.name}").exit_code != 0


def test_there_is_no_network(scratch):
    assert shell(scratch, "cat /proc/net/dev | grep -v lo: | grep -c :").stdout.strip() == "0"


def test_the_environment_is_empty_of_ours(scratch, monkeypatch):
    monkeypatch.setenv("SXL_SECRET", "x")
    assert "SXL_SECRET" not in shell(scratch, "env").stdout


def test_a_program_that_overruns_is_killed_with_its_children(scratch):
    done = shell(scratch, "(while :; do echo x >> alive; sleep 0.05; done) & sleep 60", seconds=0.6)
    size = (scratch / "alive").stat().st_size
    assert done.exit_code is None
    assert shell(scratch, "sleep 0.3").exit_code == 0
    assert (scratch / "alive").stat().st_size == size


def test_memory_is_bounded(scratch):
    done = run([python(), "-c", "bytearray(3 * 10**9)"], scratch, Limits())
    assert (done.exit_code, "MemoryError" in done.stderr) == (1, True)


def test_a_flood_of_output_is_cut(scratch):
    done = run([python(), "-c", "while True: print('x' * 1000)"], scratch, Limits(output=5000, file=1_000_000))
    assert (len(done.stdout), done.truncated, done.exit_code == 0) == (5000, True, False)
