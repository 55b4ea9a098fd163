from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from sxl_data.contract import native
native._folders = lambda package: [Path(place) for place in sys.argv[1:]]
import pyarrow as pa
from sxl_data.dedup import sketch
same = (sketch(pa.array(["a b c"]), compiled=True).signatures == sketch(pa.array(["a b c"]), compiled=False).signatures)
print(bool(same.all()), "numba" in sys.modules)
"""


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, encoding="utf-8",
        cwd=Path(__file__).parents[3], env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_object_code_goes_to_the_first_writable_folder_and_is_loaded_without_numba(tmp_path: Path) -> None:
    # A path below a file can be written by nobody, the superuser included: a package folder that is read-only.
    (tmp_path / "file").write_text("", encoding="utf-8")
    sealed, cache = str(tmp_path / "file" / "below"), tmp_path / "cache"
    assert run(sealed, str(cache)) == "True True"
    assert [path.suffix for path in cache.iterdir()] == [".bin"]
    assert run(sealed, str(cache)) == "True False"


def test_without_any_writable_folder_the_kernels_still_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run(str(tmp_path / "file" / "below")) == "True True"
