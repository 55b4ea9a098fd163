"""Lets models work on tasks of a tool set, many at a time, and judges what they did.

A play is one task: the model's turn goes in as text, its calls are really made, results and the person's answers come
back, until it says something and calls nothing. `answer` generates for all plays that wait, greedily and in batches.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data import toolsets
from sxl_data.files.json_text import dump
from sxl_data.toolsets.session import Session
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.messages import declare, to_messages
from sxl_data.trace.types import Act, Trace
from sxl_train.answers.markup import Call, Reader, read_schemas
from sxl_train.data import mask

MOST_ACTS = 8
"""Turns of the model in one task; our own planner needs five at most."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a task. ``first``: the calls of the first turn are the planner's, in name, arguments and order;
    ``exact``: all calls of all turns are; ``met``: the end state and all else that `toolsets.check` looks at."""

    task: str
    kind: str
    pattern: str
    first: bool
    exact: bool
    met: bool
    reasons: tuple[str, ...]


class Play:
    """One task and the model that works on it."""

    def __init__(self, toolset: Any, task: Any, reader: Reader) -> None:
        self.toolset, self.task, self.reader = toolset, task, reader
        self.session = Session(toolset, task.state.copied(), task.side, task.busy)
        self.builder = Builder("tool_use", task.request)
        self.tools = [declare(function.declared) for function in self.session.tools.values()]
        self.schemas = read_schemas(self.tools)
        self.messages: list[dict[str, Any]] = []
        self.replies = list(task.replies)
        self.acts: list[list[Call | None]] = []
        self.done = False
        for function in self.session.tools.values():
            self.builder.tool(function.declared)
        if task.context:
            self.builder.observe(task.context, "system")
            self.messages.append({"role": "system", "content": task.context})
        self._hear(task.request)

    def take(self, text: str) -> None:
        """The model's next turn, without the token that ended it."""
        reasoning, content = "", text
        if text.startswith("<think>") and "</think>" in text:
            reasoning, content = text.removeprefix("<think>").split("</think>", 1)
        calls = self.reader(content, self.schemas)
        said = content.split("<tool_call>", 1)[0].strip()
        self.acts.append(calls)
        message: dict[str, Any] = {"role": "assistant", "content": said}
        if reasoning:
            self.builder.reflect(reasoning)
            message["reasoning_content"] = reasoning
        if said or not calls:
            self.builder.say(said, final=not calls and not self.replies)
        if calls:
            made = [(call.name, call.arguments) if call else ("unreadable", {}) for call in calls]
            message["tool_calls"] = [{"function": {"name": name, "arguments": given}} for name, given in made]
        self.messages.append(message)
        if calls:
            self._call(made)
        elif self.replies:
            self._hear(self.replies.pop(0))
        self.done = self.messages[-1]["role"] == "assistant" or len(self.acts) >= MOST_ACTS

    def judge(self) -> Outcome:
        """What became of it."""
        task = self.task
        wanted = read_calls(toolsets.run(self.toolset, task, slips=0.0).trace)
        verdict = toolsets.check(self.trace(), task, self.toolset)
        mine, planned = ([call for act in acts for call in act] for acts in (self.acts, wanted))
        self.session.state.close()
        return Outcome(
            task=task.id,
            kind=task.kind,
            pattern=task.pattern,
            first=self.acts[:1] == wanted[:1],
            exact=mine == planned,
            met=verdict.met,
            reasons=verdict.reasons,
        )

    def trace(self) -> Trace:
        """The run so far."""
        document = Document(file=self.task.toolset, value={"task": self.task.id}, row=self.task.number)
        return self.builder.build(document, Origin(source=self.toolset.name), "toolset", source_id=self.task.id).trace

    def _hear(self, text: str) -> None:
        self.builder.observe(text)
        self.messages.append({"role": "user", "content": text})

    def _call(self, made: list[tuple[str, dict[str, Any]]]) -> None:
        first = sum(len(act) for act in self.acts[:-1])
        ids = [f"call_{first + n}" for n in range(len(made))]
        for call_id, (name, given) in zip(ids, made):
            self.builder.call(name, dump(given), call_id)
        for call_id, (name, given) in zip(ids, made):
            result = self.session.call(call_id, name, dump(given))
            self.builder.result(result)
            self.messages.append({"role": "tool", "content": result.content[0].text or ""})


def read_calls(trace: Trace) -> list[list[Call | None]]:
    """The calls of each turn of a trace."""
    messages, _ = to_messages(trace)
    turns = [message.get("tool_calls") or [] for message in messages if message["role"] == "assistant"]
    assert sum(isinstance(step, Act) for step in trace.steps) == len(turns)
    return [[Call(call["function"]["name"], call["function"]["arguments"]) for call in turn] for turn in turns]


def play_all(plays: list[Play], model: Any, tokenizer: Any, template: mask.Template, batch: int, longest: int) -> int:
    """Let the model work on all ``plays`` to their ends; returns the tokens that it generated."""
    tokens = 0
    while waiting := [play for play in plays if not play.done]:
        prompts = [mask.tokenise_prompt(tokenizer, template, play.messages, play.tools) for play in waiting]
        order = sorted(range(len(prompts)), key=lambda n: len(prompts[n]))
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            for place, ids in zip(some, answer(model, tokenizer, [prompts[n] for n in some], longest)):
                tokens += len(ids)
                waiting[place].take(tokenizer.decode(ids, skip_special_tokens=False))
    return tokens


def answer(model: Any, tokenizer: Any, prompts: list[list[int]], longest: int) -> list[list[int]]:
    """The likeliest continuations, each without the token that ends it."""
    import torch

    device, size = model.get_input_embeddings().weight.device, max(map(len, prompts))
    end = tokenizer.eos_token_id
    ids = torch.full((len(prompts), size), end)
    mark = torch.zeros((len(prompts), size), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, size - len(prompt) :] = torch.tensor(prompt)
        mark[row, size - len(prompt) :] = 1
    with torch.inference_mode():
        made = model.generate(
            ids.to(device),
            attention_mask=mark.to(device),
            max_new_tokens=longest,
            do_sample=False,
            eos_token_id=end,
            pad_token_id=end,
        )[:, size:].tolist()
    return [row[: row.index(end)] if end in row else row for row in made]
