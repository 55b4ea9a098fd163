"""sxl_data.sandbox.doctor"""

from __future__ import annotations

import pytest

from sxl_data.cli import run as command
from sxl_data.sandbox import doctor
from sxl_data.sandbox.dangers import DANGERS, Danger
from sxl_data.sandbox.run import best, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"no sandbox: {missing()}")


@pytest.mark.slow
def test_everything_is_tried_and_blocked_and_the_tier_is_said(capsys):
    assert command(["sandbox", "doctor"]) == 0
    out = capsys.readouterr().out
    assert f"used        {best()}" in out
    assert [line.split()[0] for line in out.splitlines()[-len(DANGERS) :]] == ["blocked"] * len(DANGERS)


def test_what_is_open_is_said_and_makes_the_command_fail(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "DANGERS", (Danger("printing", "print('OPEN')"), Danger("failing", "1 / 0")))
    assert command(["sandbox", "doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].split()[:2] == ["OPEN", "printing"]
    assert lines[-1].split()[:2] == ["blocked", "failing"]
