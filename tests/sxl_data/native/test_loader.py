from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sxl_data.native import loader

pytestmark = pytest.mark.slow

TOY = """
from numba import njit
@njit(nogil=True, error_model="numpy")
def double(values, times):
    for i in range(values.shape[0]):
        values[i] *= 2 * times
ENTRIES = {"double": (double, "u4[::1], i8")}
"""
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from sxl_data.native import loader as native
loader, *places = sys.argv[1:]
native._folders = lambda package: [Path(place) for place in places]
values = np.array([1, 2], dtype=np.uint32)
native.load("toy", ("kernel",), ("kernel",), loader)["double"](values, 3)
print(values.tolist(), "numba" in sys.modules)
"""
SAME = """
import sys
import numpy as np, pyarrow as pa
from sxl_data.dedup import deduplicate
words = ["é", "数据", "x" * 40, "a+=b;", "\\r\\n", "def", "12345678", "123456789", " "]
draw = np.random.default_rng(0)
texts = [" ".join(draw.choice(words, draw.integers(0, 200))) for _ in range(150)]
texts += [text + " end" for text in texts]
one, two = (deduplicate(None, pa.array(texts), compiled=compiled) for compiled in (True, False))
same = all(np.array_equal(getattr(one, k), getattr(two, k)) for k in ("kept", "twin", "shared", "union", "keys"))
print(same and np.array_equal(one.sketches.signatures, two.sketches.signatures), int((~one.kept).sum()) > 100,
      "numba" in sys.modules)
"""
ROOT = Path(__file__).parents[3]


def run(program: str, *arguments: str, **environment: str) -> str:
    done = start(program, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def start(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=os.environ | environment,
    )


def run_toy(tmp_path: Path, loader: str, *places: Path) -> str:
    done = toy(tmp_path, PROGRAM, loader, *places)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def toy(tmp_path: Path, program: str, loader: str, *places: Path) -> subprocess.CompletedProcess[str]:
    (tmp_path / "toy").mkdir(exist_ok=True)
    (tmp_path / "toy" / "__init__.py").touch()
    (tmp_path / "toy" / "kernel.py").write_text(TOY, encoding="utf-8")
    return start(program, loader, *map(str, places), PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))


def sealed(tmp_path: Path) -> Path:
    # A path below a file can be written by nobody, the superuser included: a package folder that is read-only.
    (tmp_path / "file").write_text("", encoding="utf-8")
    return tmp_path / "file" / "below"


def test_object_code_goes_to_the_first_writable_folder_and_is_loaded_without_numba(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run_toy(tmp_path, "object", sealed(tmp_path), cache) == "[6, 12] True"
    assert [path.suffix for path in cache.iterdir()] == [".bin"]
    assert run_toy(tmp_path, "object", sealed(tmp_path), cache) == "[6, 12] False"


def test_numba_keeps_its_own_code_in_the_first_writable_folder_and_finds_it_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run_toy(tmp_path, "numba", sealed(tmp_path), cache) == "[6, 12] True"
    kept = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")}
    assert {path.suffix for path in kept} == {".nbi", ".nbc"}
    assert run_toy(tmp_path, "numba", sealed(tmp_path), cache) == "[6, 12] True"
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")} == kept


def test_without_any_writable_folder_the_kernels_still_work(tmp_path: Path) -> None:
    assert run_toy(tmp_path, "object", sealed(tmp_path)) == "[6, 12] True"
    assert run_toy(tmp_path, "numba", tmp_path / "file" / "below") == "[6, 12] True"


def test_a_file_of_object_code_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    run_toy(tmp_path, "object", cache)
    (kept,) = cache.iterdir()
    whole = kept.stat().st_size
    for damage in (b"", b"no object code", kept.read_bytes()[:1000]):
        kept.write_bytes(damage)
        assert run_toy(tmp_path, "object", cache) == "[6, 12] True"
        assert kept.stat().st_size == whole


def test_a_numba_whose_private_names_are_gone_is_used_by_its_public_ones_and_said_once(tmp_path: Path) -> None:
    gone = "from numba.core.codegen import CPUCodeLibrary\ndel CPUCodeLibrary.serialize_using_object_code\n"
    done = toy(tmp_path, gone + PROGRAM, "object", sealed(tmp_path))  # numba keeps files by that name too
    assert done.stdout.strip() == "[6, 12] True", done.stderr
    assert 1 == len(done.stderr.splitlines()) and "SXL_KERNELS=numba" in done.stderr


def test_object_code_that_answers_wrongly_or_ends_the_process_fails_the_check() -> None:
    program = """
import numba
from sxl_data.native.object_code import compile_objects, passes_check
from sxl_data.native.probe import ENTRIES
right, spelled = ENTRIES["self_check"]
def wrong(values, times):
    values[0, 0] += times
def deadly(values, times):
    values[1 << 50, 0] = times
signature = numba.void(numba.uint32[:, ::1], numba.int64)
for function in (right.py_func, wrong, deadly):
    made = numba.njit(nogil=True, error_model="numpy")(function)
    print(passes_check(compile_objects({"self_check": (made, signature, spelled)})))
"""
    assert run(program).split() == ["True", "False", "False"]


def test_numba_reads_mapped_files_that_may_not_be_written(tmp_path: Path) -> None:
    program = """
import numpy as np, pyarrow as pa, pyarrow.parquet as pq, sys
from pathlib import Path
from sxl_data.dedup.tables.command import rethreshold, run_files
folder = Path(sys.argv[1])
rows = [f"row {n} " + " ".join(f"word{n % 350}x{k}" for k in range(800)) for n in range(400)]
pq.write_table(pa.table({"text": rows}), folder / "rows.parquet")
first = run_files([folder / "rows.parquet"], "text", folder / "out")
print(first.near, rethreshold(folder / "out", 0.8).near)
"""
    assert run(program, str(tmp_path), SXL_KERNELS="numba") == "50 50"


def test_deduplication_through_numba_gives_the_bits_of_numpy() -> None:
    assert run(SAME, SXL_KERNELS="numba") == "True True True"


def test_an_unknown_loader_is_refused_by_name() -> None:
    program = "from sxl_data.native.loader import load; load('sxl_data.dedup', (), (), 'jit')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert "SXL_KERNELS=jit" in done.stderr


def test_what_was_made_once_is_kept_and_made_anew_where_it_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"tables")
        return made[-1]

    assert [b"tables"] * 2 == [loader.kept("sxl_data.secrets", "t", b"rules", make) for _ in range(2)]
    assert len(made) == 1
    (place,) = tmp_path.iterdir()
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    assert loader.kept("sxl_data.secrets", "t", b"rules", make) == b"tables"
    assert loader.kept("sxl_data.secrets", "t", b"other rules", make) == b"tables"
    assert len(made) == 3
