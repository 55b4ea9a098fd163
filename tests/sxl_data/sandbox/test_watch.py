"""sxl_data.sandbox.watch"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sxl_data.sandbox.watch import Watch, descendants, remove

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


def test_a_folder_is_removed_however_deep_it_is(tmp_path):
    top = tmp_path / "box"
    (top / "work").mkdir(parents=True)
    here = os.open(top / "work", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d" * 50, dir_fd=here)
        here, before = os.open("d" * 50, os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(here)
    remove(str(top))
    assert not top.exists()


def test_closed_folders_are_removed_and_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x", encoding="utf-8")
    top = tmp_path / "box"
    (top / "work" / "inner" / "deep").mkdir(parents=True)
    (top / "work" / "link").symlink_to(outside)
    (top / "work" / "inner" / "link").symlink_to(outside / "kept")
    os.mkfifo(top / "work" / "pipe")
    for closed in (top / "work" / "inner" / "deep", top / "work" / "inner", top / "work"):
        closed.chmod(0)
    remove(str(top))
    assert not top.exists()
    assert (outside / "kept").read_text(encoding="utf-8") == "x"
    assert outside.stat().st_mode & 0o777


def test_descendants_are_found_over_generations():
    child = subprocess.Popen(["/bin/sh", "-c", "sleep 60 & sleep 60 & echo ready; wait"], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        assert child.pid in descendants(os.getpid())
        assert len(descendants(child.pid)) == 2
    finally:
        for pid in (*descendants(child.pid), child.pid):
            os.kill(pid, 9)
        child.communicate()


def test_what_a_folder_holds_is_counted_with_files_that_are_gone_and_open(tmp_path: Path):
    def over(size: int, entries: int = 100) -> str | None:
        return Watch(None, None, (str(tmp_path), size, entries)).over()

    (tmp_path / "file").write_bytes(os.urandom(100_000))
    assert (over(50_000), over(200_000)) == ("scratch", None)
    program = "import os, sys; f = open(sys.argv[1], 'wb'); os.unlink(sys.argv[1]); f.write(os.urandom(300_000)); f.flush(); print(1, flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "gone")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"1\n"
        assert (over(200_000), over(800_000)) == ("scratch", None)
    finally:
        holder.communicate(b"\n")
    for number in range(20):
        (tmp_path / f"empty{number}").touch()
    assert (over(10**9, entries=10), over(10**9, entries=30)) == ("scratch", None)


def test_processes_with_their_threads_are_counted():
    program = "import threading; e = threading.Event(); [threading.Thread(target=e.wait, daemon=True).start() for _ in range(9)]; print(1, flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None and child.stdout.readline() == b"1\n"
        here = sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in descendants(os.getpid()))
        assert here >= 10
        assert (Watch(None, here - 1, None).over(), Watch(None, here, None).over()) == ("processes", None)
    finally:
        child.communicate(b"\n")
