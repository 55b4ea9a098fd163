"""What a person sees while an agent works: one line for each thing that happens, as it happens."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import IO

from sxl_data.contract.console import format_seconds, say
from sxl_data.contract.printable import printable_line
from sxl_data.toolsets import Task, Verdict
from sxl_train.agent.loop import Ask, Outcome
from sxl_train.agent.servers import Server
from sxl_train.agent.workspace import Change
from sxl_train.answers.markup import Call

_LINES = 12
_WIDTH = 160


class Live:
    """Prints events on stderr; lines and results are cut for the eye, never for the trace."""

    def __init__(self, model: str) -> None:
        say(f"agent      {model}")

    def event(self, kind: str, text: str) -> None:
        """One event of the loop."""
        lines = text.strip().splitlines() or [""]
        shown = [line[:_WIDTH] + "…" * (len(line) > _WIDTH) for line in lines[:_LINES]]
        if len(lines) > _LINES:
            shown.append(f"… {len(lines) - _LINES} more lines")
        for number, line in enumerate(shown):
            say(f"{kind if not number else '':<10} {line}")

    def asker(self, *, everything: bool, names: Collection[str]) -> Ask | None:
        """What asks the person before calls: before all of them, or those of the tools ``names``."""
        if not everything and not names:
            return None
        return lambda call: self.allowed(call) if everything or call.name in names else True

    def allowed(self, call: Call) -> bool:
        """Ask the person, who has just seen the arguments in the line above."""
        return self._yes(f"{call.name}?")

    def allows_server(self, where: str) -> bool:
        """Ask before a server of tools is started."""
        say(f"server     {where}")
        say("           runs outside the sandbox: with your rights, your files and your network, whatever it is")
        return self._yes("start it?")

    def _yes(self, question: str) -> bool:
        """Anything but yes is no, and so is a keyboard that is not there."""
        with _keyboard() as keyboard:
            if keyboard is None:
                return False
            sys.stderr.write(f"{'allow':<10} {printable_line(question)} [y/N] ")
            sys.stderr.flush()
            said = keyboard.readline()
        if not said.endswith("\n"):
            say("")  # the end of what is typed ends no line
        return said.strip().lower() in ("y", "yes")

    def server(self, server: Server) -> None:
        """What a server offers, and what of it is left out."""
        say(f"server     {server.where}: {', '.join(server.tools) or 'no tool that can be used'}")
        self.left_out(server.left_out, "left out")

    def left_out(self, lines: Sequence[str], what: str) -> None:
        """What was not copied into the sandbox, or is not brought back from it."""
        for line in lines[:_LINES]:
            say(f"{what:<10} {printable_line(line)}")
        if len(lines) > _LINES:
            say(f"{what:<10} {len(lines) - _LINES:,} more")

    def changes(self, changes: list[Change]) -> None:
        """The diff of everything that changed."""
        for change in changes:
            say(f"{change.kind:<10} {change.path}")
            for line in change.diff.splitlines()[:200]:
                say(f"           {line[:_WIDTH]}")

    def world(self, task: Task, given: bool) -> None:
        """The world of a closed set, and what can be asked of it."""
        say(f"world      {task.toolset}, drawn by its seed {task.seed}")
        if given:
            say(f"           what stands in it you do not see; a task that fits: {printable_line(task.request)}")

    def judged(self, verdict: Verdict) -> None:
        """Whether the goal of a drawn task was met."""
        self.event("goal", "met" if verdict.met else "not met: " + "\n".join(verdict.reasons))

    def end(self, outcome: Outcome, *, applied: bool, changed: int) -> None:
        """How it went, in one line."""
        where = "written into the folder" if applied else "changed in the copy only (--apply writes them)"
        files = f", {_counted(changed, 'file')} {where}"
        say(
            f"{outcome.status:<10} {_counted(outcome.turns, 'turn')}, {_counted(outcome.calls, 'call')}, "
            f"{outcome.tokens:,} tokens in {format_seconds(outcome.seconds)}{files if changed else ''}"
        )
        if outcome.status != "answered":
            say(f"{'why':<10} {printable_line(outcome.answer)}")
        elif not outcome.answer.strip():
            say(f"{'why':<10} the model ended without a word")


@contextlib.contextmanager
def _keyboard() -> Iterator[IO[str] | None]:
    """Where a person types: stdin, or the terminal itself where stdin is a task that is read; None without one."""
    if sys.stdin is not None and sys.stdin.isatty():
        yield sys.stdin
        return
    try:
        terminal = Path("CONIN$" if os.name == "nt" else "/dev/tty").open(encoding="utf-8", errors="replace")  # noqa: SIM115
    except OSError:
        yield None
        return
    with terminal:
        yield terminal


def can_ask() -> bool:
    """Whether there is somebody to ask."""
    with _keyboard() as keyboard:
        return keyboard is not None


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
