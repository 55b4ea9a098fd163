"""sxl_data.sandbox.run and sxl_data.sandbox.box"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sxl_data.sandbox.box import Refused
from sxl_data.sandbox.limits import Limits, Result
from sxl_data.sandbox.run import TIERS, best, missing, open_box, run, why_not

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(missing() is not None, reason=f"no sandbox: {missing()}")
each_tier = pytest.mark.parametrize(
    "tier", [pytest.param(t, marks=pytest.mark.skipif(why_not(t) is not None, reason=f"{why_not(t)}")) for t in TIERS]
)


def shell(command: str, **more: Any) -> Result:
    return run(command, "bash", **more)


@each_tier
def test_outputs_exit_code_tier_and_duration_come_back(tier):
    done = shell("echo out; echo err >&2; exit 3", tier=tier)
    assert (done.status, done.exit_code, done.stdout, done.stderr, done.tier) == ("failed", 3, "out\n", "err\n", tier)
    assert done.duration_ms > 0
    assert (done.truncated, done.detail) == (False, None)


@each_tier
def test_a_program_reads_its_files_and_its_input(tier):
    program = "import helper, sys; print(helper.x, open('deep/in/it.bin', 'rb').read(), sys.stdin.read())"
    done = run(program, files={"helper.py": "x = 7", "deep/in/it.bin": b"\xff"}, stdin="given", tier=tier)
    assert (done.status, done.stdout) == ("ok", "7 b'\\xff' given\n")


@each_tier
def test_a_box_keeps_its_files_from_one_run_to_the_next_and_gives_them_back(tier):
    with open_box(tier=tier) as box:
        box.run("open('kept', 'w').write('x')")
        assert box.run("cat kept; mkdir out; echo y > out/file", "bash").stdout == "x"
        assert box.read("out/file") == b"y\n"
        for name in ("../program/1.py", "/etc/hostname", "out/../../tmp"):
            with pytest.raises(Refused):
                box.read(name)
        for name in ("absent", "out", "kept/file"):
            with pytest.raises(OSError):
                box.read(name)


@each_tier
def test_runs_in_other_boxes_are_not_seen(tier):
    with open_box({"mine": "x"}, tier=tier) as box, open_box(tier=tier) as other:
        assert other.run("ls -A . $TMPDIR", "bash").stdout.split() in (
            [],
            [".:", "/tmp:"],
            [".:", f"{other.folder}/tmp:"],
        )
        assert box.run("ls", "bash").stdout == "mine\n"


@each_tier
def test_a_signal_ends_with_its_number(tier):
    assert shell("kill -SEGV $$", tier=tier).exit_code == 139


@each_tier
def test_a_program_that_overruns_its_time_is_ended_with_its_children(tier):
    with open_box(tier=tier) as box:
        size = 0
        for seconds in (0.5, 5, 50):  # until the child has come so far as to write
            done = box.run(
                "(while :; do echo x >> alive; sleep 0.05; done) & sleep 600", "bash", limits=Limits(seconds=seconds)
            )
            assert (done.status, done.exit_code) == ("timeout", None)
            with suppress(OSError):
                size = len(box.read("alive"))
                break
        assert size > 0
        box.run("sleep 0.3", "bash")
        assert len(box.read("alive")) == size


@each_tier
def test_outputs_are_cut_at_characters_and_said_to_be(tier):
    done = run("print('é' * 9000)", limits=Limits(output=5000), tier=tier)
    assert (done.stdout, done.truncated, done.status) == ("é" * 5000, True, "ok")
    whole = run("print('é' * 4999)", limits=Limits(output=5000), tier=tier)
    assert (whole.stdout, whole.truncated) == ("é" * 4999 + "\n", False)


@each_tier
def test_an_output_can_be_opened_again_by_its_name(tier):
    done = shell("echo one > /dev/stderr; echo two > /dev/stderr", tier=tier)
    assert done.stderr == "one\ntwo\n"


@each_tier
def test_how_much_the_user_runs_beside_changes_nothing(tier):
    """The limit of processes is the run's own: 12 boxes of 6 processes each fit where a limit is 8."""
    program = "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        time.sleep(1)\n        os._exit(0)\nprint('all')"
    found: list[Result] = []
    threads = [
        threading.Thread(target=lambda: found.append(run(program, limits=Limits(processes=8), tier=tier)))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(done.status, done.stdout) for done in found] == [("ok", "all\n")] * 12


@each_tier
def test_a_place_for_temporary_files_that_others_cannot_enter_is_no_hindrance(tier, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = f"from sxl_data.sandbox.run import run; print(run('print(1)', tier={tier!r}).stdout)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"TMPDIR": str(closed)},
    )
    assert done.stdout == "1\n\n", done.stderr
    assert list(closed.iterdir()) == []


@each_tier
def test_no_descriptor_is_left_behind(tier):
    def some() -> int:
        for files in ({"../x": ""}, {"a": "", "a/b": ""}, {"deep/er/x": ""}):
            run("pass", files=files, tier=tier)
        run("while True: print('x' * 1000)", limits=Limits(file=100_000), tier=tier)
        run("import time; time.sleep(9)", limits=Limits(seconds=0.2), tier=tier)
        with open_box(tier=tier) as box:
            for name in ("absent", "a/b", "../x"):
                with pytest.raises((OSError, Refused)):
                    box.read(name)
        return len(list(Path("/proc/self/fd").iterdir()))

    assert some() == some()


@pytest.mark.parametrize("name", Limits.__struct_fields__)
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), 10**30])
def test_a_limit_that_bounds_nothing_is_an_error(name, value):
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})


@each_tier
def test_a_fork_of_the_caller_starts_a_launcher_of_its_own(tier):
    run("pass", tier=tier)
    child = os.fork()
    if child == 0:
        os._exit(0 if run("print(1)", tier=tier).stdout == "1\n" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert run("print(2)", tier=tier).stdout == "2\n"


@each_tier
def test_a_launcher_that_was_ended_is_started_anew(tier):
    from sxl_data.sandbox.watch import descendants

    run("pass", tier=tier)
    before = set(descendants(os.getpid()))
    assert before
    for pid in before:
        with contextlib.suppress(ProcessLookupError):  # it went with its parent
            os.kill(pid, 9)
    assert run("print(3)", tier=tier).stdout == "3\n"


@each_tier
def test_a_caller_that_is_killed_takes_its_programs_along(tier):
    token = secrets.token_hex(16)
    program = (
        f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', {token!r}])"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", f"from sxl_data.sandbox.run import run; run({program!r}, tier={tier!r})"], cwd=ROOT
    )
    wait_until(lambda: runs(token, beside=caller.pid))
    caller.kill()
    caller.wait()
    wait_until(lambda: not runs(token, beside=caller.pid))


def runs(token: str, beside: int) -> list[int]:
    """Processes with ``token`` among their arguments, without the one that started them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if token.encode() in place.read_bytes() and int(place.parent.name) != beside:
                found.append(int(place.parent.name))
    return found


def wait_until(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def test_without_a_tier_nothing_runs_and_the_line_that_installs_one_is_said(monkeypatch):
    from sxl_data.contract.errors import UserError

    best.cache_clear()
    why_not.cache_clear()
    monkeypatch.setattr("sys.platform", "sunos5")
    try:
        with pytest.raises(UserError) as raised:
            run("pass")
        assert raised.value.findings[0].code == "U403"
        assert "install" in raised.value.findings[0].fix
    finally:
        best.cache_clear()
        why_not.cache_clear()


def test_the_stages_can_be_imported_where_there_is_no_unix():
    absent = ("resource", "pwd", "fcntl", "grp", "termios")
    code = f"import sys; sys.modules.update(dict.fromkeys({absent!r})); import sxl_data.ground.stage, sxl_data.sandbox.doctor"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
