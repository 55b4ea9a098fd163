"""What a set declares: tools, a state, patterns of tasks.

A set is a module, or a package of its name, with one `Toolset`. Tools are functions decorated with `Toolset.tool`,
tasks come from functions decorated with `Toolset.pattern`, which draw values and return a `Job`: what is asked, how it
can be done, and how the world looks when it is done. The wanted end is stated apart from the plan and not through the
tools, so that a plan that does the wrong thing is found out.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import msgspec

from sxl_data.toolsets.pick import Pick, parse
from sxl_data.toolsets.plan import Plan
from sxl_data.toolsets.tools import Function, tool

Kind = Literal["single", "ordered", "parallel", "dependent", "ask", "recover", "refuse", "irrelevant"]
"""single: one call · ordered: several · parallel: several side by side · dependent: one needs another's result ·
ask: something is missing · recover: a call fails and another way is found · refuse: it cannot be done, and the person
is told · irrelevant: no tool fits."""
PatternSide = Literal["train", "patterns", "tools"]


class State(msgspec.Struct):
    """The world of a task, in memory. A set with things outside memory overrides `copied` and `close`."""

    def view(self) -> Any:
        """What is compared with the wanted end, as plain values: lists are compared without their order, and ids that
        the tools make up have no place in it."""
        return msgspec.to_builtins(self)

    def copied(self) -> Self:
        """A world of its own with the same content."""
        return copy.deepcopy(self)

    def close(self) -> None:
        """Let go of what lies outside memory."""


class Job(msgspec.Struct):
    """One task as a pattern composes it."""

    slots: dict[str, Any]
    """Values for the words of the pattern."""
    plan: Callable[[], Plan] | list[Any]
    """How it can be done: a generator function, or a list of what it would yield, see `plan`."""
    want: Callable[[Any], None] | None = None
    """Changes the view of the first state into that of the wanted end; None where nothing may change."""
    found: tuple[str, ...] = ()
    """Texts that results of the tools must have brought to light, for tasks that ask for something."""
    answer: tuple[str, ...] = ()
    """Numbers and names that the last message must hold."""
    calls: bool = True
    """False where no call may be made at all."""


class Words(NamedTuple):
    """The lines of a pattern's docstring: patterns for `Pick.say`."""

    requests: tuple[str, ...]
    answers: tuple[str, ...]
    reasons: tuple[str, ...]
    questions: tuple[str, ...]
    replies: tuple[str, ...]


def words(text: str) -> Words:
    """A docstring as `Words`. Each line is one way to put it: what the person asks, or after ``>`` what the agent says
    at the end, after ``~`` what it thinks, after ``?`` what it asks back, after ``<`` what the person answers to that.
    """
    found: dict[str, list[str]] = {mark: [] for mark in ("", ">", "~", "?", "<")}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        mark = line[0] if line[:2] in ("> ", "~ ", "? ", "< ") else ""
        found[mark].append(line[len(mark) :].strip())
    return Words(*(tuple(lines) for lines in found.values()))


class Pattern(NamedTuple):
    """One kind of task of a set."""

    name: str
    kind: Kind
    side: PatternSide
    make: Callable[[Pick, Any], Job]
    words: Words


class Toolset:
    """A closed set of tools with its tasks."""

    def __init__(
        self,
        name: str,
        title: str,
        start: Callable[[Pick], State],
        *,
        covers: str,
        context: Callable[[Any], str] | None = None,
        busy: str = "the service is busy, try again",
    ) -> None:
        """``start`` draws the world of a task; ``covers`` says in a phrase what the tools are for; ``context`` is a
        system text that a task needs (such as today's date); ``busy`` is what a tool says that fails for a moment."""
        self.name, self.title, self.start, self.covers, self.context, self.busy = (
            name,
            title,
            start,
            covers,
            context,
            busy,
        )
        self.tools: dict[str, Function] = {}
        self.held_out_tools: set[str] = set()
        self.patterns: list[Pattern] = []

    def tool(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Declare a tool."""
        made = tool(function)
        self.tools[made.name] = made
        return function

    def held_out_tool(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Declare a tool that the training side never sees."""
        self.held_out_tools.add(function.__name__)
        return self.tool(function)

    def pattern(self, kind: Kind, side: PatternSide = "train") -> Callable[[Callable[..., Job]], Callable[..., Job]]:
        """Declare a pattern, a function whose docstring holds its `words`: ``side`` train, or one of those kept for
        evaluation: new patterns over the tools of training, or tasks that the held-out tools solve.

        Raises TypeError for a pattern without a request or a last message, ValueError for braces that do not match.
        """

        def keep(make: Callable[..., Job]) -> Callable[..., Job]:
            said = words(make.__doc__ or "")
            if not said.requests or not said.answers:
                raise TypeError(
                    f"{make.__name__}: its docstring needs lines of what is asked and, after `> `, answered"
                )
            for line in (line for lines in said for line in lines):
                parse(line)
            self.patterns.append(Pattern(make.__name__, kind, side, make, said))
            return make

        return keep

    @cached_property
    def sha256(self) -> str:
        """Digest of the file that the set stands in, or of the package of its name; empty where there is none."""
        file = Path(inspect.getsourcefile(self.start) or "")
        if not file.is_file():
            return ""
        package = self.start.__module__.rpartition(".")[0].rpartition(".")[2] == self.name
        files = sorted(file.parent.rglob("*.py")) if package else [file]
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    def shown(self, side: str) -> list[Function]:
        """The tools that a task of ``side`` declares, in the order of the module."""
        if side == "all":
            return list(self.tools.values())
        return [t for t in self.tools.values() if (t.name in self.held_out_tools) is (side == "tools")]
