"""Tool calls of three published sets: Seal-Tools, ToolAlpaca, and API-Bank, whose calls are executed.

``seal-tools`` (arXiv 2405.08355): the development rows; the tools of the right calls stand among others of the
catalogue, five in all, in an order of chance that is always the same (the paper retrieves five). ``toolalpaca`` (arXiv
2306.05301): both evaluation files, all functions of the interface declared, golden answers. ``api-bank`` (arXiv
2304.08244): levels 1 and 2, each call after the true dialogue before it; beside the exact call, whether the call
returns what the true one returns when both are run on the set's own databases, in the sandbox.

Calls are right when they are the same, whatever their order: names, and arguments as texts without outer space and
case, since the sets write numbers as texts; an empty text is an argument that is not given.
"""

from __future__ import annotations

import json
import random
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

import msgspec

from sxl_data.contract.errors import error
from sxl_data.files.json_text import dump, load_object, load_plain
from sxl_data.formats.toolalpaca import FORMAT as TOOLALPACA
from sxl_data.ground.api_bank import agrees, replay
from sxl_data.read.adapters.api_bank_folder import FORMAT as API_BANK
from sxl_data.read.adapters.seal_tools_folder import FORMAT as SEAL_TOOLS
from sxl_data.sandbox.limits import Limits
from sxl_data.trace.format import Document, Origin, Reading
from sxl_data.trace.messages import declare, to_messages
from sxl_data.trace.types import Act, Trace
from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.tool_calls import read
from sxl_train.run.objects import Object, Value
from sxl_train.suites import files
from sxl_train.suites.single_turn import Question, measure
from sxl_train.suites.types import Asker, Options, Outcome, Suite, spread

SHOWN = 5
_LIMITS = Limits(seconds=120.0, output=40_000_000, file=40_000_000)
_MOST = 4_000_000


class Step(msgspec.Struct, frozen=True):
    """A question with what was called before it and what is right."""

    question: Question
    before: tuple[Call, ...]
    right: tuple[Call, ...]


def same(calls: Sequence[Call | None], right: Sequence[Call]) -> str:
    """Why ``calls`` are not those of ``right``; empty where they are."""
    if any(call is None for call in calls):
        return "a call does not parse"
    if len(calls) != len(right):
        return f"{len(calls)} calls where {len(right)} are wanted"
    left = [_plain(call) for call in calls if call is not None]
    for wanted in map(_plain, right):
        if wanted not in left:
            names = {name for name, _ in left}
            return f"{wanted[0]} has other arguments" if wanted[0] in names else f"no call of {wanted[0]}"
        left.remove(wanted)
    return ""


def _plain(call: Call) -> tuple[str, dict[str, str]]:
    given = {key: _text(value) for key, value in call.arguments.items()}
    return call.name, {key: value for key, value in given.items() if value}


def _text(value: Value) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.strip().casefold()


def steps(trace: Trace, name: str, group: str) -> Iterator[Step]:
    """A question for each turn of ``trace`` that calls, after the true turns before it."""
    # Numbers as numbers: what a literal looked like is not asked for.
    messages, tools = load_plain(dump(to_messages(trace)))
    before: list[Call] = []
    for place, message in enumerate(messages):
        right = [Call(c["function"]["name"], c["function"]["arguments"]) for c in message.get("tool_calls", ())]
        if right:
            question = Question(
                id=f"{name}#{place}",
                messages=tuple(messages[:place]),
                tools=tuple(tools or ()),
                judge=partial(same, right=right),
                wanted=json.dumps(msgspec.to_builtins(right), ensure_ascii=False),
                group=group,
            )
            yield Step(question, tuple(before), tuple(right))
            before += right


class Reader(Protocol):
    """The part of a format that is needed here."""

    def read(self, document: Document, origin: Origin) -> Iterable[object]:
        """What stands in ``document``."""


def _read(reader: Reader, document: Document, source: str) -> Iterator[Reading]:
    return (item for item in reader.read(document, Origin(source=source)) if isinstance(item, Reading))


def seal_tools(options: Options) -> list[Step]:
    """The development rows among tools of the catalogue."""
    path = files.find(options.data, ("tool.jsonl",), "seal-tools")
    rows = path.with_name("dev.jsonl")
    if not rows.is_file():
        raise error("T301", file=str(rows), found="seal-tools: no dev.jsonl beside tool.jsonl")
    texts = {each.name: each.read_text(encoding="utf-8") for each in (path, rows)}
    traces = [reading.trace for reading in _read(SEAL_TOOLS, Document(file="seal-tools", value=texts), "seal-tools")]
    catalogue = {tool.name: tool for trace in traces for tool in trace.tools}
    names, found = sorted(catalogue), []
    for trace in traces:
        if len([step for step in trace.steps if isinstance(step, Act)]) != 1:
            continue
        name = trace.provenance.source_id or trace.trace_id
        chance = random.Random(f"seal-tools/{name}")
        tools = list(trace.tools)
        while len(tools) < SHOWN:
            other = catalogue[chance.choice(names)]
            if other.name not in {tool.name for tool in tools}:
                tools.append(other)
        chance.shuffle(tools)
        for step in steps(trace, name, ""):
            shown = msgspec.structs.replace(
                step.question, tools=tuple(load_plain(dump([declare(tool) for tool in tools])))
            )
            found.append(msgspec.structs.replace(step, question=shown))
    return found


def toolalpaca(options: Options) -> list[Step]:
    """Both evaluation files; the first call of each instruction, since nothing says what it returns."""
    found = []
    for name in ("eval_simulated.json", "eval_real.json"):
        for row, value in enumerate(files.rows(files.find(options.data, (name,), "toolalpaca"))):
            for reading in _read(TOOLALPACA, Document(file=name, value=value, row=row), name.removesuffix(".json")):
                trace = reading.trace
                place = f"{name.removesuffix('.json')}/{trace.provenance.source_id}"
                if all(
                    load_object(c.arguments_json) is not None
                    for s in trace.steps
                    if isinstance(s, Act)
                    for c in s.calls
                ):
                    found += list(steps(trace, place, str(value.get("Name"))))[:1]
    return found


def api_bank(options: Options) -> list[Step]:
    """Levels 1 and 2, a step for each call."""
    path = files.find(options.data, ("api_bank.tar.gz",), "api-bank")
    texts: dict[str, str] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                wanted = member.name.endswith(".py") or "/lv1-lv2-samples/" in member.name
                held = archive.extractfile(member) if member.isfile() and wanted and member.size < _MOST else None
                if held is not None:
                    texts[member.name] = held.read().decode("utf-8", "replace")
    except (OSError, EOFError, tarfile.TarError) as problem:
        raise error("T302", file=str(path), found=str(problem)) from None
    found: list[Step] = []
    for reading in _read(API_BANK, Document(file="api-bank", value=texts), "api-bank"):
        name = (reading.trace.provenance.source_id or reading.trace.trace_id).partition("lv1-lv2-samples/")[2]
        found += steps(reading.trace, name or reading.trace.trace_id, name)
    return found


def _measure(name: str, load: Callable[[Options], list[Step]], ask: Asker, options: Options) -> list[Outcome]:
    chosen = spread(load(options), options.limit)
    found = measure(name, [step.question for step in chosen], ask, options)
    return _executed(chosen, found, options) if name == "api-bank" else found


def _executed(chosen: Sequence[Step], found: Sequence[Outcome], options: Options) -> list[Outcome]:
    """Outcomes with whether what was called returns what the true call returns. A true call that returns another
    thing each time, such as a new token, says nothing and is left out."""
    by_id = {step.question.id: step for step in chosen}
    dialogues: list[list[Object]] = []
    for outcome in found:
        step = by_id[outcome.item]
        made = read(outcome.text, read_schemas([dict(tool) for tool in step.question.tools])).calls
        called = made[0] if len(made) == 1 and made[0] is not None else Call("no such tool", {})
        true = _called([*step.before, step.right[0]])
        dialogues += [true, _called([*step.before, called]), true]
    answers, _ = replay(dialogues, files.find(options.data, ("api_bank.tar.gz",), "api-bank"), _LIMITS)
    judged = []
    for place, outcome in enumerate(found):
        wanted, got, again = (each[-1] for each in answers[3 * place : 3 * place + 3])
        scores = dict(outcome.scores)
        if wanted.unavailable is None and agrees(wanted, again):
            scores["same result"] = float(got.unavailable is None and agrees(wanted, got))
        judged.append(msgspec.structs.replace(outcome, scores=scores))
    return judged


def _called(calls: Sequence[Call]) -> list[Object]:
    return [{"name": call.name, "arguments": call.arguments} for call in calls]


def _suite(
    name: str, title: str, protocol: str, needs: tuple[str, ...], load: Callable[[Options], list[Step]]
) -> Suite:
    measured = partial(_measure, name, load)
    return Suite(name=name, title=title, protocol=protocol, main="right", files=needs, measure=measured)


SUITES = (
    _suite(
        "seal-tools",
        "Seal-Tools, development rows",
        f"arXiv 2405.08355; {SHOWN} tools shown; all calls of a row in one turn, the same as the golden ones",
        ("tool.jsonl",),
        seal_tools,
    ),
    _suite(
        "toolalpaca",
        "ToolAlpaca, both evaluation files",
        "arXiv 2306.05301; the first golden call of each instruction",
        ("eval_simulated.json",),
        toolalpaca,
    ),
    _suite(
        "api-bank",
        "API-Bank, levels 1 and 2",
        "arXiv 2304.08244; each call after the true dialogue; executed on the set's databases",
        ("api_bank.tar.gz",),
        api_bank,
    ),
)
