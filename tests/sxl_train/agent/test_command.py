"""The command itself, asking a model behind a real address."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

import sxl_data
from sxl_data import toolsets
from sxl_data.trace.messages import text_of
from sxl_data.trace.types import Act
from sxl_train.agent.__main__ import _draw, main
from sxl_train.agent.live import Live
from sxl_train.agent.serve import Server
from sxl_train.answers.markup import Call
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.generate.types import Request, Sample


class InTurn(KnownAnswers):
    """Gives one answer after the other."""

    def __init__(self, answers: Sequence[str]) -> None:
        super().__init__({str(number): [text] for number, text in enumerate(answers)})
        self.asked = 0

    def generate(self, requests: Sequence[Request], progress: object = None) -> Iterator[Sample]:
        for request in requests:
            (sample,) = super().generate([msgspec.structs.replace(request, id=str(self.asked))])
            self.asked += 1
            yield msgspec.structs.replace(sample, request=request.id)


@contextlib.contextmanager
def serving(answers: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with Server(InTurn(answers), token="the token") as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("OPENAI_API_KEY", "the token")
        try:
            yield f"http://127.0.0.1:{made.port}/v1"
        finally:
            made.shutdown()
            thread.join()


def planned(seed: int) -> list[str]:
    """What a model would say that does as the set's planner does."""
    task = _draw("home", seed)
    acts = [step for step in toolsets.run(toolsets.get("home"), task, slips=0).trace.steps if isinstance(step, Act)]
    return [
        "".join(f'<tool_call>{{"name": "{c.name}", "arguments": {c.arguments_json}}}</tool_call>' for c in act.calls)
        or text_of(act.content)
        for act in acts
    ]


def test_a_closed_set_brings_its_own_task_and_says_whether_it_was_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for answers, goal in ((planned(3), "goal       met"), (["Done."], "goal       not met: ")):
        file = tmp_path / f"{len(answers)}.jsonl"
        with serving(answers, monkeypatch) as address:
            assert main([address, "--toolset", "home", "--seed", "3", "-o", str(file)]) == 0
        said = capsys.readouterr()
        assert _draw("home", 3).request in said.err and goal in said.err
        assert said.out.strip() == answers[-1]
        assert sxl_data.validate(file).findings == []


def test_a_task_of_ones_own_is_told_what_fits_the_drawn_world(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(["There is no such lamp."], monkeypatch) as address:
        assert main([address, "Light!", "--toolset", "home"]) == 0
    said = capsys.readouterr().err
    assert f"a task that fits: {_draw('home', 0).request}" in said and "goal" not in said


def test_a_run_that_did_nothing_keeps_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with serving([], monkeypatch) as address:
        assert main([address, "Light!", "--toolset", "home", "-o", str(tmp_path / "run.jsonl")]) == 1
    assert not (tmp_path / "run.jsonl").exists() and "none is kept" in capsys.readouterr().err


def test_flags_that_could_not_do_what_they_say_are_refused_before_a_model_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in (["--apply"], ["--apply", "--toolset", "home", "--folder", str(tmp_path)]):
        assert 2 == main([str(tmp_path / "no-model"), "do it", *more])
        assert "U401" in capsys.readouterr().err
    words = [sys.executable, "-m", "sxl_train.agent", str(tmp_path / "no-model"), "do it", "--ask"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, start_new_session=True, capture_output=True, text=True)
    assert 2 == done.returncode and "--ask without a terminal" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="no such terminals")
@pytest.mark.parametrize(("typed", "allowed"), [("y\n", True), ("YES\n", True), ("\n", False), ("maybe\n", False)])
def test_a_person_at_a_terminal_allows_a_call(
    typed: str, allowed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person, terminal = os.openpty()
    with os.fdopen(terminal, "r", encoding="utf-8") as stdin, os.fdopen(person, "wb", buffering=0) as keyboard:
        monkeypatch.setattr(sys, "stdin", stdin)
        keyboard.write(typed.encode())
        assert allowed is Live("model").allowed(Call("write_file", {}))
    assert "allow      write_file? [y/N] " in capsys.readouterr().err


def test_an_answer_without_a_word_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(["   "], monkeypatch) as address:
        assert 1 == main([address, "do it"])
    assert "why        the model ended without a word" in capsys.readouterr().err
