"""What is in a file of traces, in numbers.

In: paths of any format. Out: `Stats` with text and JSON: turns, calls, errors, reasoning, the share of each
phase, tool coverage, valid arguments, licences and the codes found. Shares are of UTF-8 bytes, or of
tokens where a tokenizer is given. One pass, one trace in memory at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_count, format_table
from sxl_data.contract.errors import shorten
from sxl_data.contract.printable import as_json
from sxl_data.rules.families import faults
from sxl_data.trace.format import Format
from sxl_data.trace.types import Act, Iterate, Observe, Part, Reflect, Step, Trace
from sxl_data.validate.submission import Submission, opened

_FAILED = ("error", "timeout", "denied", "cancelled")
_BAD_ARGUMENTS = ("A305", "A306", "A307", "A308", "A309")
_TOP = 10
_NAME = 44  # columns of a name: with its count a line stays within 60
PHASES = ("system", "observe", "reflect", "act", "iterate")


class Stats(msgspec.Struct):
    """Counts over all traces. ``calls_per_turn`` and ``turns_per_trace`` are histograms."""

    unit: str = "bytes"
    files: int = 0
    traces: int = 0
    unread: int = 0
    turns: int = 0
    acts: int = 0
    acts_with_reasoning: int = 0
    calls: int = 0
    parallel_acts: int = 0
    tool_acts: int = 0
    results: int = 0
    errors: int = 0
    unanswered: int = 0
    bad_arguments: int = 0
    declared: int = 0
    """Tools declared, summed over traces."""
    used: int = 0
    """Declared tools that a call of their trace names."""
    share: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    turns_per_trace: Counter[int] = msgspec.field(default_factory=Counter)
    calls_per_turn: Counter[int] = msgspec.field(default_factory=Counter)
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    formats: Counter[str] = msgspec.field(default_factory=Counter)
    tools: Counter[str] = msgspec.field(default_factory=Counter)
    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    licences: Counter[str] = msgspec.field(default_factory=Counter)
    codes: Counter[str] = msgspec.field(default_factory=Counter)

    def rates(self) -> dict[str, float | None]:
        """The quotients that people ask for; None where there is nothing to divide by."""
        return {
            "turns per trace": _over(self.turns, self.traces),
            "calls per turn": _over(self.calls, self.turns),
            "calls per tool act": _over(self.calls, self.tool_acts),
            "parallel acts": _over(self.parallel_acts, self.tool_acts),
            "results that failed": _over(self.errors, self.results),
            "calls unanswered": _over(self.unanswered, self.calls),
            "acts with reasoning": _over(self.acts_with_reasoning, self.acts),
            "declared tools that are used": _over(self.used, self.declared),
            "calls with valid arguments": None if not self.calls else 1 - self.bad_arguments / self.calls,
        }

    def json(self) -> str:
        """All counts and rates as one JSON object."""
        value = {**msgspec.to_builtins(self), "rates": self.rates()}
        return as_json(value)

    def text(self) -> str:
        """For people: counts, rates, shares, then the commonest of each kind."""
        counts = ("files", "traces", "unread", "turns", "calls", "results")
        rows: list[tuple[str, str]] = [(name, format_count(getattr(self, name))) for name in counts]
        for name, value in self.rates().items():
            many = name.endswith(("per trace", "per turn", "per tool act"))
            rows.append((name, "–" if value is None else f"{value:.2f}" if many else f"{100 * value:.1f} %"))
        total = sum(self.share.values())
        if total:
            rows += [(f"{self.unit} in {name}", f"{100 * size / total:.1f} %") for name, size in self.share.items()]
        blocks = [format_table(("what", "value"), rows)]
        for title, counter in (
            ("format", self.formats),
            ("kind", self.kinds),
            ("licence", self.licences),
            ("outcome", self.outcomes),
            ("result status", self.statuses),
            ("tool", self.tools),
        ):
            if counter:
                listed = [
                    (shorten(name, _NAME) or "(none)", format_count(count)) for name, count in counter.most_common(_TOP)
                ]
                if len(counter) > _TOP:
                    listed.append((f"… {len(counter) - _TOP} more", ""))
                blocks.append(format_table((title, "count"), listed))
        if self.codes:
            found = [(code, CODES[code].rule, format_count(n)) for code, n in sorted(self.codes.items())]
            blocks.append(format_table(("code", "rule", "count"), found))
        return "\n\n".join(blocks)


def stats(
    paths: str | Path | Submission | Sequence[str | Path | Submission],
    format: str = "auto",
    *,
    known: dict[str, Format] | None = None,
    tokenizer: str | Path | None = None,
) -> Stats:
    """Count what is in ``paths``. Raises `UserError` for a file that cannot be read."""
    measure: Callable[[str], int] = _bytes
    result = Stats()
    if tokenizer is not None:
        from sxl_data.trace.template import open_tokenizer

        loaded = open_tokenizer(Path(tokenizer))
        result.unit = "tokens"

        def measure(text: str) -> int:
            return len(loaded.encode(text, add_special_tokens=False).ids)

    for path in [paths] if isinstance(paths, (str, Path, Submission)) else paths:
        result.files += 1
        submission = opened(path, format, known)
        for item in submission:
            result.codes.update([found.code for found in item.findings] + [fault.code for fault in item.faults])
            if item.reading is None:
                result.unread += not item.passed
            else:
                result.formats[submission.format.name if submission.format else "?"] += 1
                _count(result, item.reading.trace, measure)
                for found in item.reading.findings:
                    result.codes[found.code] += 1
    return result


def _count(s: Stats, trace: Trace, measure: Callable[[str], int]) -> None:
    s.traces += 1
    s.kinds[trace.kind] += 1
    s.licences[trace.provenance.licence] += 1
    s.outcomes[trace.outcome.status] += 1
    bad: set[str] = set()
    for fault in faults(trace, "SPOACM"):
        s.codes[fault.code] += 1
        if fault.code in ("P103", "P104"):
            s.unanswered += 1
        elif fault.code in _BAD_ARGUMENTS:
            bad.add(fault.pointer.partition("/arguments_json")[0])
    s.bad_arguments += len(bad)
    calls_of_turn: dict[int, int] = {}
    thinking: set[int] = set()
    called: set[str] = set()
    any_result, by_host = False, 0
    for step in trace.steps:
        s.share[_phase(step)] += _size(step, measure)
        if isinstance(step, Reflect):
            thinking.add(step.turn)
            calls_of_turn.setdefault(step.turn, 0)
        elif isinstance(step, Act):
            s.acts += 1
            s.acts_with_reasoning += step.turn in thinking
            s.tool_acts += bool(step.calls)
            s.parallel_acts += len(step.calls) > 1
            calls_of_turn[step.turn] = calls_of_turn.get(step.turn, 0) + len(step.calls)
            for call in step.calls:
                s.tools[call.name] += 1
                called.add(call.name)
                by_host += call.kind == "server"
        elif isinstance(step, Iterate):
            any_result = any_result or bool(step.results)
            for result in step.results:
                s.results += 1
                s.statuses[result.status] += 1
                s.errors += result.status in _FAILED
    calls = sum(calls_of_turn.values())
    if not any_result:
        s.unanswered += calls - by_host
    s.calls += calls
    s.turns += len(calls_of_turn)
    s.turns_per_trace[len(calls_of_turn)] += 1
    for count in calls_of_turn.values():
        s.calls_per_turn[count] += 1
    declared = {tool.name for tool in trace.tools}
    s.declared += len(declared)
    s.used += len(declared & called)
    for inner in trace.subtraces:
        _count(s, inner, measure)
        s.traces -= 1  # counted as part of the trace that holds it


def _phase(step: Step) -> str:
    if isinstance(step, Observe):
        return "system" if step.origin in ("system", "developer") else "observe"
    return str(step.__struct_config__.tag)


def _size(step: Step, measure: Callable[[str], int]) -> int:
    if isinstance(step, Reflect):
        return measure(step.text)
    if isinstance(step, Iterate):
        return sum(_parts(result.content, measure) for result in step.results)
    size = _parts(step.content, measure)
    if isinstance(step, Act):
        size += sum(measure(call.name) + measure(call.arguments_json) for call in step.calls)
    return size


def _parts(content: tuple[Part, ...], measure: Callable[[str], int]) -> int:
    return sum(measure(part.text) for part in content if part.text)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _over(count: int, of: int) -> float | None:
    return count / of if of else None
