"""Whatever happens inside a command: one message, one exit code, no traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from sxl_data.contract.entry import answer
from sxl_data.contract.failures import explain

PROBLEMS = [
    (OSError(errno.ENOSPC, "No space left on device", "x"), "U301"),
    (OSError("38 requested and 12 written"), "U301"),
    (PermissionError(errno.EACCES, "Permission denied", "x"), "U316"),
    (IsADirectoryError(errno.EISDIR, "Is a directory"), "U316"),
    (FileNotFoundError(errno.ENOENT, "No such file", "x"), "U201"),
    (OSError(errno.EROFS, "Read-only file system", "x"), "U316"),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), "U315"),
    (MemoryError(), "U315"),
    (pa.ArrowMemoryError("malloc"), "U315"),
    (RuntimeError("can't start new thread"), "U315"),
    (ImportError("x.so: failed to map segment from shared object"), "U315"),
    (pa.ArrowInvalid("Not a Parquet file"), "U204"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "U204"),
    (ModuleNotFoundError("No module named 'torch'", name="torch"), "U402"),
    (ModuleNotFoundError("x", name="ray.data"), "U402"),
]


def doing(problem: BaseException):
    def work() -> int:
        raise problem

    return work


@pytest.mark.parametrize(("problem", "code"), PROBLEMS, ids=[repr(problem)[:40] for problem, _ in PROBLEMS])
def test_what_a_user_can_change_is_an_error_of_theirs(
    problem: Exception, code: str, capsys: pytest.CaptureFixture[str]
):
    assert 2 == answer(doing(problem))
    said = capsys.readouterr().err
    assert said.startswith(f"error {code} ") and "  fix  " in said and "Traceback" not in said


@pytest.mark.parametrize("package", ["torch", "transformers", "peft", "trl", "optuna"])
def test_a_package_of_the_trainer_names_its_extra(package: str):
    problem = explain(ModuleNotFoundError(f"No module named {package!r}", name=package))
    assert problem is not None and "pip install 'sheikh-sxl[train]'" == problem.findings[0].fix


def test_the_trainer_without_its_packages_says_what_to_install(tmp_path: Path):
    (tmp_path / "rows.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
    )
    block = "import sys\nfor name in ('torch', 'transformers', 'trl', 'peft', 'optuna'): sys.modules[name] = None\n"
    for words in (["recipe", "demo", "dataset=rows.jsonl", "--dry-run"], ["recipe", "demo", "dataset=rows.jsonl"]):
        code = f"{block}from sxl_train.recipe import main\nsys.exit(main({words!r}))"
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        assert 2 == done.returncode
        assert "pip install 'sheikh-sxl[train]'" in done.stderr and "Traceback" not in done.stderr


def test_our_own_bug_is_said_as_such_with_its_place_and_no_traceback(capsys: pytest.CaptureFixture[str], monkeypatch):
    assert 70 == answer(doing(KeyError("x\x1b[31m")))
    said = capsys.readouterr().err
    assert "bug in sxl" in said and "KeyError" in said and "test_entry.py line" in said
    assert "\x1b" not in said and "Traceback" not in said
    monkeypatch.setenv("SXL_TRACEBACK", "1")
    assert 70 == answer(doing(KeyError("x")))
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_and_an_exit_stay_what_they_are():
    assert 130 == answer(doing(KeyboardInterrupt()))
    with pytest.raises(SystemExit):
        answer(doing(SystemExit(0)))


COMMANDS = """
import json, sys
from sxl_data.cli import run
encoding, commands = sys.argv[1:]
for words in json.loads(commands):
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding=encoding, errors="strict")  # as a process of its own begins
    code = run(words)
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\nexit %d\\n" % code)
"""


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp932"])
def test_output_is_utf_8_under_any_code_page(encoding: str, tmp_path: Path):
    row = '{"messages":[{"role":"user","content":"日本語 ☃"},{"role":"assistant","tool_calls":[{"id":"é","function":{"name":"ツール","arguments":"{}"}}]}]}\n'
    (tmp_path / "é☃.jsonl").write_text(row, encoding="utf-8")
    commands = [
        ["stats", "é☃.jsonl"],
        ["show", "é☃.jsonl"],
        ["validate", "é☃.jsonl", "--all"],
        ["explain", "formats"],
        ["validate", "é☃.jsonl", "--output", "github"],
        ["validate", "nowhere☃.jsonl"],
    ]
    words = [sys.executable, "-c", COMMANDS, encoding, json.dumps(commands)]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(words, env=environment, capture_output=True, cwd=tmp_path)
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    said, errors = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert len(commands) == len([line for line in said.splitlines() if line in ("exit 0", "exit 1", "exit 2")])
    assert "日本語" in said.split("\nexit ")[1] and "☃" in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_behind_standard_output_is_no_success():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "sxl_data", "explain", "P"], stdout=full, stderr=subprocess.PIPE)
    assert (2, True) == (done.returncode, done.stderr.startswith(b"error U301 "))
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space")
@pytest.mark.parametrize("limit", [60_000_000, 200_000_000, 390_000_000])
def test_spent_memory_is_one_error(limit: int, tmp_path: Path):
    (tmp_path / "rows.csv").write_text("id,text\n1,a b c d e f\n")
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))\nfrom sxl_data.cli import run\n"
        "sys.exit(run(['dedup', 'rows.csv', '--column', 'text', '-o', 'out']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (2, True) == (done.returncode, done.stderr.startswith("error U315 ")), done.stderr
    assert ["rows.csv"] == [path.name for path in tmp_path.iterdir()]
