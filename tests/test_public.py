"""What `sxl_data` promises to those who import it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sxl_data
from sxl_data.cli import make_parser


def commands() -> set[str]:
    (choices,) = (action.choices for action in make_parser()._actions if action.dest == "command")
    return set(choices)


def test_every_command_is_a_function_too():
    assert commands() <= {name for name in sxl_data.__all__ if callable(getattr(sxl_data, name))}


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_teaches_itself(name: str):
    done = subprocess.run([sys.executable, "-m", "sxl_data", name, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert f"sxl-data {name}" in done.stdout


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sxl_data.nothing  # noqa: B018


def test_a_wrong_command_exits_with_two():
    done = subprocess.run([sys.executable, "-m", "sxl_data", "bild"], capture_output=True, text=True)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("U104", ["build", "nowhere.yaml", "-o", "{out}"]),
        ("U101", ["build", "demo", "-o", "{out}", "dedup.treshold=0.5"]),
        ("U102", ["build", "demo", "-o", "{out}", "dedup.threshold=high"]),
        ("U305", ["why", "x:1", "{out}"]),
        ("U201", ["validate", "nowhere.jsonl"]),
        ("U202", ["convert", "nowhere.jsonl", "--to", "nothing", "-o", "{out}"]),
    ],
)
def test_bad_input_is_one_clear_error_and_leaves_nothing(tmp_path, code: str, arguments: list[str]):
    out = tmp_path / "out"
    words = [word.replace("{out}", str(out)) for word in arguments]
    done = subprocess.run([sys.executable, "-m", "sxl_data", *words], capture_output=True, text=True)
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert f"error {code} " in said
    assert "Traceback" not in said
    assert "fix" in said
    assert not (out / "manifest.json").exists()
