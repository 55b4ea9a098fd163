"""Builds a trace step by step from whatever a source has, and keeps the books of the loop.

A reader says what it sees in order: `observe`, `reflect`, `say`, `call`, `result`. The builder numbers
turns and iterations, collects the parallel calls of one response into one Act, puts an Iterate after
every Act with calls, and infers what the agent decided next. It invents no text: a phase that the
source does not have is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sxl_data.contract.errors import Finding, finding
from sxl_data.files.json_text import dump
from sxl_data.trace.decisions import infer_decisions
from sxl_data.trace.format import Document, Origin, Reading, trace_id
from sxl_data.trace.open_calls import OpenCalls
from sxl_data.trace.roles import Roles
from sxl_data.trace.types import (
    SCHEMA_VERSION,
    Act,
    Agent,
    Call,
    Iterate,
    Kind,
    Metrics,
    Observe,
    Outcome,
    Part,
    Reflect,
    Result,
    Step,
    Tool,
    Trace,
    parts,
)


class Builder:
    """Collects one trace. ``kind`` and ``task`` as in `Trace`; ``at`` arguments are JSON pointers into
    the submitted document, ``line`` its line, both kept for findings."""

    def __init__(self, kind: Kind, task: str = "") -> None:
        self.kind: Kind = kind
        self.task = task
        self.agent = Agent()
        self.tools: list[Tool] = []
        self.outcome = Outcome()
        self.subtraces: list[Trace] = []
        self.metrics: Metrics | None = None
        self.ext: dict[str, Any] = {}
        self.executed = False
        self.submitted = False
        """Whether the source says that the task ended with the last results: the agent's call was to hand in."""
        self.findings: list[Finding] = []
        self.roles = Roles()
        """Who speaks by which name; a reader of chats says first which roles are stated."""
        self._matched: list[tuple[str | None, int | None]] = []
        self._steps: list[Step] = []
        self._turn = 0
        self._iteration = 0
        self._open = False  # a model response is being collected
        self._act: dict[str, Any] | None = None
        self._results: dict[str, Any] | None = None
        self._waiting = OpenCalls(())
        self._places: dict[str, str] = {}
        self._lines: dict[str, int] = {}

    def speaker(self, role: object, at: str = "", line: int | None = None) -> str:
        """The known role that ``role`` of a message means. What is only like a result and answers no call is the
        environment's; so is what nobody knows, which the findings say."""
        meant = self.roles.of(role, at, line)
        return "environment" if meant == "tool" and role not in ("tool", "function") and not self.open_calls else meant

    def observer(self, role: object, at: str = "", line: int | None = None) -> str:
        """As `speaker`, for a message that is observed: the origin that ``role`` means."""
        meant = self.speaker(role, at, line)
        return "environment" if meant in ("assistant", "tool") else meant

    # What the source shows, in order ---------------------------------------------------------------

    def tool(self, tool: Tool, at: str | None = None, line: int | None = None) -> None:
        """Declare a tool."""
        self._mark(f"/tools/{len(self.tools)}", at, line)
        self.tools.append(tool)

    def observe(
        self,
        content: str | Sequence[Part],
        origin: str = "user",
        *,
        at: str | None = None,
        line: int | None = None,
        **common: Any,
    ) -> None:
        """Input that answers no call."""
        self.end_turn()
        self._close_results()
        step = Observe(**self._here(), origin=origin, content=parts(content), **common)  # type: ignore[arg-type]
        self._append(step, at, line)

    def reflect(
        self,
        text: str,
        form: str = "field",
        *,
        signature: str | None = None,
        at: str | None = None,
        line: int | None = None,
        **common: Any,
    ) -> None:
        """Reasoning stated by the source. After the turn's act it opens a new turn."""
        if self._act is not None:
            self.end_turn()
        self._begin_turn()
        step = Reflect(**self._here(), text=text, form=form, signature=signature, **common)  # type: ignore[arg-type]
        self._append(step, at, line)

    def say(
        self,
        content: str | Sequence[Part],
        *,
        final: bool = False,
        at: str | None = None,
        line: int | None = None,
        **common: Any,
    ) -> None:
        """Text of the current response, beside its calls if it has any."""
        act = self._current_act(at, line, common)
        act["content"] += parts(content)  # a list: a turn may have any number of texts
        act["final"] = act["final"] or final

    def call(
        self,
        name: str,
        arguments_json: str,
        call_id: str,
        *,
        kind: str = "function",
        form: str = "object",
        language: str | None = None,
        at: str | None = None,
        line: int | None = None,
        **common: Any,
    ) -> None:
        """One call of the current response."""
        act = self._current_act(at, line, common)
        self._mark(f"/steps/{len(self._steps)}/calls/{len(act['calls'])}", at, line)
        act["calls"].append(
            Call(
                call_id=call_id,
                name=name,
                arguments_json=arguments_json,
                kind=kind,  # type: ignore[arg-type]
                arguments_form=form,  # type: ignore[arg-type]
                language=language,
            )
        )

    def result(self, result: Result, *, at: str | None = None, line: int | None = None, **common: Any) -> None:
        """What came back from a call of the current or, where the source is late, an earlier act."""
        self.end_turn()
        if self._results is None:
            self._results = {"results": [], "common": common}
        if not self._results["results"]:
            self._mark(f"/steps/{len(self._steps)}", at, line)
        self._mark(f"/steps/{len(self._steps)}/results/{len(self._results['results'])}", at, line)
        self._results["results"].append(result)
        self._waiting.answered.add(result.call_id)

    def end_turn(self) -> None:
        """Close the current response; the next `reflect`, `say` or `call` opens a new one."""
        if self._act is not None:
            act, self._act = self._act, None
            self._steps.append(
                Act(
                    **self._here(),
                    kind="tool" if act["calls"] else "message",
                    content=tuple(act["content"]),
                    calls=tuple(act["calls"]),
                    final=act["final"],
                    **act["common"],
                )
            )
            if act["calls"]:
                self._results = {"results": [], "common": {}}
                self._waiting = OpenCalls(act["calls"])
        self._open = False

    def observed(self, origin: str) -> Iterator[str]:
        """The texts that were observed of ``origin``, in order."""
        for step in self._steps:
            if isinstance(step, Observe) and step.origin == origin:
                yield from (part.text for part in step.content if part.text)

    def next_call(self, at: str | None = None, line: int | None = None) -> str:
        """Id of the first open call, for a result that names none (empty when none is open). That the two
        were matched by position is noted for the findings."""
        waiting = self.open_calls
        if not waiting:
            return ""
        self._matched.append((at, line))
        return waiting[0].call_id

    # The finished trace ----------------------------------------------------------------------------

    def build(
        self,
        document: Document,
        origin: Origin,
        format: str,
        *,
        part: int = 0,
        source_id: str | None = None,
        group: str | None = None,
        language: str | None = None,
    ) -> Reading:
        """The trace with its id, provenance and inferred decisions."""
        self.end_turn()
        self._close_results(last=True)
        place = source_id if source_id is not None else f"{document.file}#{document.row}"
        provenance = origin.provenance(document, format, place)
        self.findings += self.roles.findings()
        if self._matched:
            at, line = self._matched[0]
            count = f"{len(self._matched)} result{'s' * (len(self._matched) > 1)} without an id, the first here"
            self.findings.append(finding("P108", pointer=at, line=line, found=count))
        trace = Trace(
            schema_version=SCHEMA_VERSION,
            trace_id=trace_id(origin.source, document, part),
            kind=self.kind,
            task=self.task,
            agent=self.agent,
            tools=tuple(self.tools),
            steps=infer_decisions(self._steps, self.submitted),
            outcome=self.outcome,
            subtraces=tuple(self.subtraces),
            metrics=self.metrics,
            provenance=msgspec.structs.replace(provenance, executed=self.executed),
            ext_json=dump(self.ext) if self.ext else None,
        )
        return Reading(
            trace=trace,
            places=self._places,
            lines=self._lines,
            line=document.lines[0],
            findings=tuple(self.findings),
            group=group,
            language=language,
        )

    @property
    def open_calls(self) -> Sequence[Call]:
        """Calls of the latest act that have no result yet, in order; they become fewer as results come."""
        if self._act is not None:
            return list(self._act["calls"])
        if self._results is not None and self._steps and isinstance(self._steps[-1], Act):
            return self._waiting
        return []

    # ------------------------------------------------------------------------------------------------

    def _here(self) -> dict[str, Any]:
        """Where the next step stands."""
        return {"index": len(self._steps), "turn": self._turn, "iteration": self._iteration}

    def _begin_turn(self) -> None:
        if not self._open:
            self._close_results()
            self._turn += 1
            self._open = True

    def _current_act(self, at: str | None, line: int | None, common: dict[str, Any]) -> dict[str, Any]:
        self._begin_turn()
        if self._act is None:
            self._act = {"content": [], "calls": [], "final": False, "common": common}
            self._mark(f"/steps/{len(self._steps)}", at, line)
        return self._act

    def _close_results(self, last: bool = False) -> None:
        """Put the Iterate of the latest act. A trace that ends in open calls gets none: what the source
        does not show is not made up."""
        pending, self._results = self._results, None
        if pending is None or (last and not pending["results"]):
            return
        self._steps.append(Iterate(**self._here(), results=tuple(pending["results"]), **pending["common"]))
        self._iteration += 1

    def _append(self, step: Step, at: str | None, line: int | None) -> None:
        self._mark(f"/steps/{len(self._steps)}", at, line)
        self._steps.append(step)

    def _mark(self, pointer: str, at: str | None, line: int | None) -> None:
        if at is not None:
            self._places.setdefault(pointer, at)
        if line is not None:
            self._lines.setdefault(pointer, line)
