"""The samples that a stranger tries commands on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sxl_data.build import sample_files
from sxl_data.contract.resources import samples_folder


def test_what_pip_compiled_beside_the_samples_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    installed = tmp_path / "installed"
    shutil.copytree(samples_folder(), installed, ignore=shutil.ignore_patterns("__pycache__"))
    (installed / "quixbugs" / "__pycache__").mkdir()
    (installed / "quixbugs" / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"\0")
    monkeypatch.setattr(sample_files, "samples_folder", lambda: installed)
    written = sample_files.samples(tmp_path / "samples")
    assert [] == [path for path in written if path.suffix == ".pyc"]
    assert sorted(path.relative_to(tmp_path / "samples").as_posix() for path in written) == sorted(
        path.relative_to(installed).as_posix()
        for path in installed.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
