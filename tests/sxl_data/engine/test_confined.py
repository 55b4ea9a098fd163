"""A function in a process of its own ends, whatever it does, and its caller goes on."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sxl_data.engine.confined import STRIKES, Confined, Exceeded, Raised

SOURCE = """
import os, sys, threading, time
def answer(asked):
    how = asked["how"]
    if how == "loop":
        while True: pass
    if how == "say":
        return "y" * asked["n"]
    if how == "hold":
        return len(bytearray(asked["n"]))
    if how == "compute":
        began = time.process_time()
        while (taken := time.process_time() - began) < asked["n"]: pass
        return taken
    if how == "raise":
        raise KeyError("x" * 10_000)
    if how == "exit":
        os._exit(0)
    if how == "leave":
        threading.Timer(0.05, os._exit, (0,)).start()
    print("printed")
    os.write(1, b"written")
    return asked
"""


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    module = f"confined_{abs(hash(str(tmp_path)))}"
    (tmp_path / f"{module}.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield f"{module}:answer"
    sys.modules.pop(module, None)


def test_values_come_back_and_what_is_printed_is_no_answer(name: str):
    process = Confined(name)
    asked = {"how": "echo", "é": [1, 2.5, None, {"a": "b"}]}
    assert [asked] * 3 == [process.call(asked) for _ in range(3)]
    process.close()


@pytest.mark.parametrize(
    "asked", [{"how": "loop"}, {"how": "say", "n": 2_000_000}, {"how": "hold", "n": 8 << 30}, {"how": "exit"}]
)
def test_a_call_beyond_its_limits_is_stopped_and_the_next_one_answered(name: str, asked: dict[str, object]):
    patient = 120  # on a busy machine even a short answer takes a while
    process = Confined(name, seconds=1 if asked["how"] == "loop" else patient, output=1_000_000, memory=1 << 30)
    with pytest.raises(Exceeded):
        process.call(asked)
    process.seconds = patient
    assert "yyy" == process.call({"how": "say", "n": 3})
    process.close()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="shares one core")
def test_on_a_busy_core_a_call_has_its_whole_time(name: str):
    loads = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    core = {min(os.sched_getaffinity(0))}
    process = Confined(name, seconds=1.5)
    try:
        process.call({"how": "echo"})
        assert process._process is not None
        for busy in (process._process.pid, *(load.pid for load in loads)):
            os.sched_setaffinity(busy, core)
        began = time.monotonic()
        assert 0.5 <= process.call({"how": "compute", "n": 0.6}) < 1
        assert time.monotonic() - began > 1.5  # a clock on the wall would have stopped it
    finally:
        for load in loads:
            load.kill()
            load.wait()
        process.close()


def test_what_is_stopped_again_and_again_is_given_up(name: str):
    process = Confined(name)
    for _ in range(STRIKES):
        with pytest.raises(Exceeded):
            process.call({"how": "exit"})
    with pytest.raises(Exceeded, match="before"):
        process.call({"how": "echo"})


def test_a_child_that_died_between_two_calls_is_told_and_replaced(name: str):
    process = Confined(name)
    process.call({"how": "leave"})
    assert process._process is not None and 0 == process._process.wait(60)
    with pytest.raises(Exceeded):
        process.call({"how": "x" * 5_000_000})  # more than a pipe holds, so words are left unread
    assert "yyy" == process.call({"how": "say", "n": 3})
    process.close()


def test_an_exception_comes_as_its_first_words(name: str):
    process = Confined(name)
    with pytest.raises(Raised, match="KeyError: 'xxx") as caught:
        process.call({"how": "raise"})
    assert len(str(caught.value)) <= 2_000
    process.close()


def test_a_child_ends_when_its_object_goes(name: str):
    process = Confined(name)
    process.call({"how": "echo"})
    child = process._process
    assert child is not None and child.poll() is None
    del process
    gc.collect()
    assert child.returncode is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_fork_that_loses_the_object_leaves_its_parents_child_alone(name: str):
    process = Confined(name)
    process.call({"how": "echo"})
    if not (fork := os.fork()):
        del process
        gc.collect()
        os._exit(0)
    os.waitpid(fork, 0)
    assert "yyy" == process.call({"how": "say", "n": 3}) and not process.strikes
    process.close()


def test_children_end_with_the_program_that_asked_them(name: str, tmp_path: Path):
    program = f"from sxl_data.engine.confined import Confined; p = Confined({name!r}); p.call({{'how': 'echo'}})"
    program += "; print(p._process.pid)"
    where = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": where},
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
