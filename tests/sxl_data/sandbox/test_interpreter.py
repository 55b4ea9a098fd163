"""sxl_data.sandbox.interpreter"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sxl_data.sandbox import interpreter
from sxl_data.sandbox.interpreter import Interpreter, describe, system_folders, with_packages, without_homes
from sxl_data.sandbox.run import TIERS, open_box, why_not

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


def test_an_interpreter_of_the_system_needs_nothing_more():
    found = interpreter.find()
    assert isinstance(found, Interpreter)
    if found.path.startswith("/usr/"):
        assert (found.own, found.hidden) == ((), ())


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with an interpreter in ~/bin, its library in ~/lib, and files of the user beside them."""
    # The system's own where there is one: it stands alone, others need a shared library from where they were built.
    original = next(path for path in ("/usr/bin/python3", sys.executable) if Path(path).exists())
    asked = subprocess.run(
        [original, "-I", "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    library = Path(asked.stdout.strip())
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        home = Path(folder) / "home"
        shutil.copytree(
            library,
            home / "lib" / library.name,
            symlinks=True,
            ignore=shutil.ignore_patterns("site-packages", "test", "idlelib", "__pycache__"),
        )
        (home / "lib" / library.name / "site-packages").mkdir(exist_ok=True)
        (home / "lib" / library.name / "site-packages" / "own.py").write_text("", encoding="utf-8")
        (home / "bin").mkdir()
        shutil.copy(Path(original).resolve(), home / "bin" / "python3")
        (home / "diary.txt").write_text("secret", encoding="utf-8")
        Path(folder).chmod(0o755)  # as root, programs run as another user
        monkeypatch.setenv("HOME", str(home))
        describe.cache_clear()
        yield home
        describe.cache_clear()


def usable(home: Path) -> Interpreter:
    found = describe(str(home / "bin" / "python3"))
    if isinstance(found, str) and ("does not run" in found or "closed to others" in found):
        pytest.skip(found)  # a shared library was left behind
    assert isinstance(found, Interpreter), found
    return found


def test_an_interpreter_in_the_home_brings_its_own_files_and_never_the_home(home):
    found = usable(home)
    assert str(home / "bin" / "python3") in found.own
    assert any(Path(path).name.startswith("python3") and "lib" in path for path in found.own)
    for path in found.own:
        assert not home.is_relative_to(path)
        assert path != str(home / "bin")


def test_an_interpreter_whose_library_holds_the_home_is_refused(home, monkeypatch):
    usable(home)
    library = next((home / "lib").iterdir())
    monkeypatch.setenv("HOME", str(library / "json"))
    describe.cache_clear()
    found = describe(str(home / "bin" / "python3"))
    assert isinstance(found, str) and "holds one" in found


@pytest.mark.parametrize("tier", TIERS)
def test_a_program_of_such_an_interpreter_runs_and_sees_nothing_of_the_home(home, tier):
    if why_not(tier) is not None:
        pytest.skip(f"no {tier}: {why_not(tier)}")
    usable(home)
    program = f"""
import json, os, sys
print(sys.executable, json.dumps([1]))
for action in (lambda: open("{home}/diary.txt").read(), lambda: os.listdir("{home}/bin") == ["python3"] or 1 / 0):
    try:
        print(action())
    except (OSError, ZeroDivisionError) as problem:
        print(type(problem).__name__)
try:
    import own
    print("own")
except ImportError:
    print("no own")
"""
    with open_box(tier=tier, python=str(home / "bin" / "python3")) as box:
        done = box.run(program)
    assert done.status == "ok", done
    first, diary, listing, package = done.stdout.splitlines()
    assert first == f"{home}/bin/python3 [1]"
    assert diary in ("FileNotFoundError", "PermissionError")
    assert listing in ("True", "PermissionError")
    assert package == "no own"


def test_a_home_among_the_systems_folders_is_left_out(monkeypatch):
    monkeypatch.setenv("HOME", "/usr/share")
    given = system_folders()
    assert "/usr" not in given and "/usr/share" not in given
    assert "/usr/bin" in given and "/usr/lib" in given


def test_a_folder_without_a_home_is_given_whole(tmp_path, monkeypatch):
    (tmp_path / "a" / "home").mkdir(parents=True)
    (tmp_path / "a" / "tools").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "a" / "home"))
    assert without_homes(tmp_path / "b") == [str(tmp_path / "b")]
    assert without_homes(tmp_path) == [str(tmp_path / "a" / "tools"), str(tmp_path / "b")]
    assert without_homes(tmp_path / "a" / "home") == []


def test_a_folder_of_packages_is_given_unless_it_is_a_home_or_is_not_there(tmp_path, monkeypatch):
    python = Interpreter("/usr/bin/python3", ("/opt/x",), ("/opt/x/site-packages",))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    assert "there is no folder" in str(with_packages(python, str(tmp_path / "none")))
    for closed in (tmp_path, tmp_path / "home"):
        assert isinstance(with_packages(python, str(closed)), str)
    assert with_packages(python, "/usr/lib") == python


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("inner", [".", "a/b"])
def test_packages_where_the_box_has_folders_of_its_own_are_read_and_nothing_is_left_there(tier, inner):
    if why_not(tier) is not None:
        pytest.skip(f"no {tier}: {why_not(tier)}")
    with tempfile.TemporaryDirectory(dir="/tmp") as outer:
        folder = Path(outer, inner).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "doubling.py").write_text("def twice(value):\n    return 2 * value\n", encoding="utf-8")
        Path(outer).chmod(0o755)
        program = f"""
import os, sys
sys.path.append({str(folder)!r})
import doubling
print(doubling.twice(4))
for place in ({str(folder)!r}, {outer!r}):
    try:
        open(os.path.join(place, "left.py"), "w")
    except OSError:
        print("closed")
"""
        with open_box(tier=tier, packages=str(folder)) as box:
            for _ in range(2):
                done = box.run(program)
                assert (done.status, done.stdout.split()) == ("ok", ["8", "closed", "closed"]), done
                assert box.untouched()
        assert sorted(path.name for path in folder.iterdir()) == ["doubling.py"]
