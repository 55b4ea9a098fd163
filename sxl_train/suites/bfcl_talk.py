"""One conversation of BFCL's multi-turn tasks: what is asked turn by turn, and whether what was called is right.

As `bfcl-eval` asks: a turn lasts until an answer has no call that parses; more than 20 answers with calls end the whole
conversation, which then is wrong but where it was the last turn. As it judges: after each turn with golden calls there
must have been a call, the objects' public attributes are those after the golden calls, and what these returned was
returned so far, in any order.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import msgspec

from sxl_data.contract.errors import error
from sxl_data.read.adapters.bfcl_folder import CLASSES
from sxl_train.answers.markup import Call, Schemas, read_schemas
from sxl_train.answers.tool_calls import valid
from sxl_train.answers.turns import apart, assistant
from sxl_train.generate.types import Message, Sample, Tool
from sxl_train.run.objects import Object
from sxl_train.suites import files
from sxl_train.suites.bfcl import declare
from sxl_train.suites.bfcl_backend import GoldCall, Played, Talk, as_calls
from sxl_train.suites.types import Options
from sxl_train.suites.ways import READERS

STEPS = 20
"""Answers with calls in one turn; a further one ends the conversation."""
MORE_FUNCTIONS = "I have updated some more functions you can choose from. What about now?"
DOCS = {name: file for name, file in CLASSES.items() if name != "WebSearchAPI"}
"""Class → file of its functions; what is searched in the web is asked apart."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation as it is asked."""

    id: str
    turns: tuple[tuple[Message, ...], ...]
    tools: tuple[Tool, ...]
    more: dict[int, tuple[Tool, ...]]
    """Turn → tools that are shown from it on."""
    classes: list[str]
    config: Object
    gold: list[list[GoldCall]]

    def talk(self, turns: list[list[list[GoldCall]]], judged: bool) -> Talk:
        """What is played of it: everything beside the golden calls, or what the last step returns."""
        gold, new = (self.gold, 1_000_000) if judged else ([], 1)
        long = "long_context" in self.id
        return Talk(classes=self.classes, config=self.config, long=long, turns=turns, gold=gold, new=new)


def tasks(category: str, options: Options) -> list[Task]:
    """The conversations of one category. Raises `UserError` T301 and T302."""
    path = files.find(options.data, (f"BFCL_v4_{category}.json",), category)
    beside = path.parent / "possible_answer" / path.name
    docs = {name: path.parent / "multi_turn_func_doc" / f"{file}.json" for name, file in DOCS.items()}
    for needed in (beside, *docs.values()):
        if not needed.is_file():
            raise error("T301", file=str(needed), found=f"{category}: no {needed.name}")
    answers = {row["id"]: row["ground_truth"] for row in files.rows(beside)}
    functions = {name: list(files.rows(doc)) for name, doc in docs.items()}
    found = []
    for number, row in enumerate(files.rows(path), 1):
        try:
            found.append(_task(row, functions, answers[row["id"]]))
        except (KeyError, TypeError, ValueError, SyntaxError, AttributeError) as wrong:
            raise error("T302", file=str(path), line=number, found=f"{type(wrong).__name__}: {wrong}") from None
    return found


def _task(row: Object, functions: dict[str, list[Object]], answers: list[list[str]]) -> Task:
    shown = [function for name in row["involved_classes"] for function in functions[name]]
    later: dict[int, tuple[Tool, ...]] = {}
    for turn, names in row.get("missed_function", {}).items():
        held = [function for function in shown if function["name"] in names]
        shown = [function for function in shown if function["name"] not in names]
        later[int(turn)] = tuple(declare(function, "python") for function in held)
    return Task(
        id=row["id"],
        turns=tuple(tuple(messages) for messages in row["question"]),
        tools=tuple(declare(function, "python") for function in shown),
        more=later,
        classes=row["involved_classes"],
        config=row["initial_config"],
        gold=[[golden(call) for call in turn] for turn in answers],
    )


def golden(text: str) -> GoldCall:
    """A call as the answers write it, in Python. Raises ValueError or SyntaxError for anything but a plain call."""
    made = ast.parse(text, mode="eval").body
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name):
        raise ValueError(f"{text} is no call")
    given = {str(each.arg): ast.literal_eval(each.value) for each in made.keywords}
    return made.func.id, [ast.literal_eval(each) for each in made.args], given


def verdict(task: Task, turns: Sequence[Sequence[Sequence[object]]], played: Played) -> str:
    """Why a conversation is wrong; empty where it is right. ``turns`` are its calls by turn and step."""
    if played.detail:
        return f"not played: {played.detail}"
    if len(turns) != len(task.gold):
        return f"more than {STEPS} answers with calls in one turn"
    steps, so_far = iter(played.steps), list[str]()
    for turn, gold in enumerate(task.gold):
        so_far += [result for _ in turns[turn] for result in next(steps)]
        if not gold:
            continue
        if not turns[turn]:
            return f"no call in turn {turn}"
        if played.differs[turn]:
            return f"another state after turn {turn}: {', '.join(played.differs[turn])}"
        left = list(so_far)
        for wanted in played.wanted[turn]:
            if wanted not in left:
                return f"not looked up in turn {turn}: {wanted}"[:500]
            left.remove(wanted)
    return ""


class Conversation:
    """The messages and calls so far."""

    def __init__(self, task: Task, way: str) -> None:
        self.task, self.way = task, way
        self.messages: list[Message] = list(task.turns[0])
        self.tools: list[Tool] = list(task.tools)
        self.turns: list[list[list[Call]]] = [[]]
        self.waiting: list[tuple[str, Call]] = []
        self.made: list[Call | None] = []
        self.answers = self.valid = self.prompt_tokens = self.tokens = 0
        self.done = False
        self.finish, self.error = "", ""

    def take(self, sample: Sample) -> None:
        """The model's next answer: calls wait for their results, anything else ends the turn."""
        self.answers += 1
        self.finish, self.error = sample.finish, sample.error
        self.prompt_tokens += sample.prompt_tokens
        self.tokens += sample.tokens
        if sample.error:
            self.done = True
            return
        thought, text = apart(sample.text)
        schemas: Schemas = read_schemas([dict(tool) for tool in self.tools])
        found = READERS[self.way](text, schemas)
        self.made += found.calls
        self.valid += sum(valid(call, schemas) for call in found.calls)
        calls = [call for call in found.calls if call is not None]
        if not calls or len(calls) < len(found.calls):
            self.messages.append(assistant(text.strip(), thought))
            self._next()
            return
        self.waiting = [(f"call_{len(self.made) - len(calls) + number}", call) for number, call in enumerate(calls)]
        self.messages.append(assistant(found.content, thought, self.waiting))
        self.turns[-1].append(calls)

    def hear(self, results: Sequence[str]) -> None:
        """What the waiting calls returned."""
        for (key, _), result in zip(self.waiting, results):
            self.messages.append({"role": "tool", "tool_call_id": key, "content": result})
        self.waiting = []
        if len(self.turns[-1]) > STEPS:
            self.done = True

    def played(self) -> list[list[list[GoldCall]]]:
        """All calls so far, as they are played."""
        return [[as_calls(step) for step in turn] for turn in self.turns]

    def _next(self) -> None:
        turn = len(self.turns)
        if turn == len(self.task.turns):
            self.done = True
            return
        self.turns.append([])
        self.messages += self.task.turns[turn]
        if turn in self.task.more:
            self.tools += self.task.more[turn]
            self.messages.append({"role": "user", "content": MORE_FUNCTIONS})
