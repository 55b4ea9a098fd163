"""The suites as tasks of inspect-ai, so that others can rerun them with their own models and logs:

    inspect eval sxl_train/evaluate/inspect_tasks.py@humaneval_chat --model hf/… -T data=FOLDER

What is asked and how it is judged is the suites' own: a program is graded in the sandbox, calls are read from the
answer's text or from the model's own tool calls. One task for each suite of one turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset
from inspect_ai.dataset import Sample as Item
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
)
from inspect_ai.scorer import Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.generate.types import Request, Sample
from sxl_train.generate.types import Score as Likelihood
from sxl_train.run.objects import Object
from sxl_train.suites.registry import get
from sxl_train.suites.types import Options


class Noted:
    """Keeps what a suite asks instead of answering it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, requests: Sequence[Request]) -> list[list[Sample]]:
        self.requests += requests
        raise _Asked

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Likelihood]:
        raise NotImplementedError("a suite of likelihoods is no task of inspect-ai")


class _Asked(Exception):
    """Everything that a suite of one turn asks is known."""


def make_task(name: str, data: str, limit: int = 0) -> Task:
    """The suite called ``name`` on the files below ``data``."""
    options, noted = Options(data=Path(data), limit=limit), Noted()
    with suppress(_Asked):
        get(name).measure(noted, options)
    config = GenerateConfig(temperature=0.0, max_tokens=options.max_tokens, stop_seqs=list(noted.requests[0].stop))
    items = [Item(input=_input(request), id=request.id, metadata={"request": request.id}) for request in noted.requests]
    return Task(
        dataset=MemoryDataset(items, name=name), solver=generate(), scorer=judged(name, data, limit), config=config
    )


@scorer(metrics=[accuracy(), stderr()])
def judged(name: str, data: str, limit: int) -> Scorer:
    """The suite's own verdict on one answer."""
    options = Options(data=Path(data), limit=limit)
    main = get(name).main.replace("pass@1", "pass")

    async def score(state: TaskState, target: Target) -> Score:
        request = str(state.metadata["request"])
        ask = Ask(KnownAnswers({request: [_said(state)]}))
        found = next(o for o in get(name).measure(_Only(ask, request), options) if f"{name}:{o.item}" == request)
        return Score(value=found.scores[main], answer=found.text, explanation=found.detail or None)

    return score


class _Only:
    """Asks for one of a suite's requests."""

    def __init__(self, ask: Ask, request: str) -> None:
        self.ask, self.request = ask, request

    def __call__(self, requests: Sequence[Request]) -> list[list[Sample]]:
        return [self.ask([each])[0] if each.id == self.request else [] for each in requests]

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Likelihood]:
        return self.ask.score(pairs)


def _input(request: Request) -> str | list[ChatMessage]:
    if request.messages is None:
        return request.prompt or ""
    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
    messages: list[ChatMessage] = [
        kinds.get(str(each["role"]), ChatMessageTool)(content=_content(each)) for each in request.messages
    ]
    if request.tools:
        functions = json.dumps([tool["function"] for tool in request.tools], ensure_ascii=False)
        said = 'Answer with calls of these functions, each as <tool_call>{"name": …, "arguments": …}</tool_call>:\n'
        messages.insert(0, ChatMessageSystem(content=said + functions))
    return messages


def _content(message: Object) -> str:
    calls = [f"<tool_call>{json.dumps(call['function'])}</tool_call>" for call in message.get("tool_calls", ())]
    return "\n".join([str(message.get("content") or ""), *calls]).strip()


def _said(state: TaskState) -> str:
    return state.output.completion


@task
def humaneval(data: str = ".", limit: int = 0) -> Task:
    return make_task("humaneval", data, limit)


@task
def humaneval_chat(data: str = ".", limit: int = 0) -> Task:
    return make_task("humaneval-chat", data, limit)


@task
def mbpp(data: str = ".", limit: int = 0) -> Task:
    return make_task("mbpp", data, limit)


@task
def mbpp_chat(data: str = ".", limit: int = 0) -> Task:
    return make_task("mbpp-chat", data, limit)


@task
def mbpp_plus_chat(data: str = ".", limit: int = 0) -> Task:
    return make_task("mbpp-plus-chat", data, limit)


@task
def bfcl_simple_python(data: str = ".", limit: int = 0) -> Task:
    return make_task("bfcl-simple-python", data, limit)


@task
def bfcl_multiple(data: str = ".", limit: int = 0) -> Task:
    return make_task("bfcl-multiple", data, limit)


@task
def bfcl_parallel(data: str = ".", limit: int = 0) -> Task:
    return make_task("bfcl-parallel", data, limit)


@task
def bfcl_irrelevance(data: str = ".", limit: int = 0) -> Task:
    return make_task("bfcl-irrelevance", data, limit)


@task
def seal_tools(data: str = ".", limit: int = 0) -> Task:
    return make_task("seal-tools", data, limit)


@task
def toolalpaca(data: str = ".", limit: int = 0) -> Task:
    return make_task("toolalpaca", data, limit)


@task
def api_bank(data: str = ".", limit: int = 0) -> Task:
    return make_task("api-bank", data, limit)
