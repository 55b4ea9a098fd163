"""ReAct as text: ``Thought:``, ``Action:`` and ``Observation:`` in chat messages.

In: messages whose answers are ReAct steps, one or a whole log of them; heads may be numbered (``Thought 1:``). An
action is ``name[input]``, ``name(input)`` or a name with an ``Action Input:``; ``finish[…]`` and ``Final Answer:`` are
the final answer. An ``Observation:`` line, or the user message after an action, is the result; one after the answer
that names a reward is the outcome and no step. An answer of another shape is said as it is.
Source: https://arxiv.org/abs/2210.03629.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump
from sxl_data.formats.chat_frame import key_of, messages_of, tell_system, tools_declared
from sxl_data.formats.chat_reading import is_trained
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.literal import value_of
from sxl_data.formats.markup import is_react, text_dialect
from sxl_data.formats.spoken import tell
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Outcome, Result, parts

NAME = "react_text"
_WORDS = ("Thought", "Action", "Final Answer", "Observation")
_HEAD = patterns.compile(r"\A(Thought|Action Input|Action|Final Answer|Observation)(?: \d{1,4})?:[ \t]?")
_ACTION = patterns.compile(r"\A[ \t]*[\w .-]{1,80}[\[(]")


class ReactText:
    """Format of ReAct text."""

    name = NAME
    title = "ReAct text: Thought, Action, Observation"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Answers with `Thought:` and `Action:`."""
        return "has answers with `Thought:` and `Action:`" if text_dialect(messages_of(sample)) == NAME else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        messages = messages_of(row)
        if not messages:
            raise RowError(type(messages).__name__, "a list `messages`", "/messages")
        key = key_of(row)
        builder = Builder("agent")
        for tool, place in tools_declared(row):
            builder.tool(tool, at=place)
        tell_system(builder, row, messages)
        ids = iter(count())
        closing = ""
        builder.roles.meet(m.get("role", m.get("from")) for m in messages if isinstance(m, dict))
        for i, message in enumerate(messages):
            at = f"/{key}/{i}"
            if not isinstance(message, dict):
                raise RowError(type(message).__name__, "a message", at)
            content = parts_of(message.get("content", message.get("value")))
            text, role = task_of(content), builder.speaker(message.get("role", message.get("from")), at)
            if role == "assistant":
                builder.end_turn()
                tell_react(builder, text, ids, at=at, **({} if is_trained(message) else {"train": False}))
                continue
            observed = text.removeprefix("Observation:").strip() if text.startswith("Observation:") else None
            if builder.open_calls:
                seen = parts_of(observed) if observed is not None else content
                builder.result(Result(call_id=builder.next_call(at), content=seen), at=at)
            elif observed is not None and _outcome(observed) is not None:
                closing = observed  # what the environment says of the whole, after the answer
            elif observed is not None:
                builder.observe(observed, "environment", at=at)
            else:
                builder.observe(content, "environment" if role == "tool" else role, at=at)
                builder.task = builder.task or (text if role == "user" else "")
            builder.outcome = _outcome(observed) or builder.outcome
        ext = {name: value for name, value in row.items() if name not in (key, "id", "tools", "functions")}
        if closing:
            ext["closing"] = closing
        if ext and origin.lossless:
            builder.ext[NAME] = {**builder.ext.get(NAME, {}), **ext}
        source_id = row.get("id")
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id is not None else None)


FORMAT = ReactText()


def is_log(text: str) -> bool:
    """Whether ``text``, which nothing but itself says of, is ReAct: thoughts with an action that has an input, or with
    a result or a final answer. Prose that only begins with such a word is none."""
    heads = [(head, body) for head, body in sections(text) if head or body]
    named = {head for head, _ in heads}
    if not heads or heads[0][0] not in ("Thought", "Action"):
        return False
    acted = any(head == "Action" and _ACTION.match(body) is not None for head, body in heads)
    acts = acted or {"Action", "Action Input"} <= named
    return (acts and ("Thought" in named or "Observation" in named)) or {"Thought", "Final Answer"} <= named


def sections(text: str) -> list[tuple[str, str]]:
    """``text`` cut at its heads, each at the start of a line: (head, what follows)."""
    found: list[tuple[str, str]] = []
    head, lines = "", list[str]()
    for line in text.split("\n"):
        new = _HEAD.match(line[:40]) if line.startswith(_WORDS) else None
        if new is None:
            lines.append(line)
            continue
        body = "\n".join(lines).strip()
        if head or body:
            found.append((head, body))
        head, lines = new[1], [line[new.end() :]]
    found.append((head, "\n".join(lines).strip()))
    return found


def tell_react(builder: Builder, text: str, ids: Iterator[int], *, at: str, **common: Any) -> None:
    """Tell ``builder`` the steps of ``text``, results of a log among them; what is no ReAct is said as it is."""
    if not is_react(text):
        tell(builder, text, ids, {}, at=at, **common)
        return
    found = sections(text)
    for k, (head, body) in enumerate(found):
        if head == "Thought" and body:
            builder.reflect(body, "scratchpad", at=at, **common)
        elif head == "Final Answer":
            builder.say(body, final=True, at=at, **common)
        elif head == "Action":
            # The input follows its action, before another head does.
            given = found[k + 1][1] if k + 1 < len(found) and found[k + 1][0] == "Action Input" else None
            _tell_action(builder, body, given, f"call_{next(ids)}", at, common)
        elif head == "Observation" and builder.open_calls:
            builder.result(Result(call_id=builder.next_call(at), content=parts(body)), at=at)
        elif head == "Observation" and (told := _outcome(body)) is not None:
            builder.outcome = told
            builder.ext[NAME] = {"closing": body}
        elif head == "Observation" and body:
            builder.observe(body, "environment", at=at)
        elif head == "" and body:
            builder.say(body, at=at, **common)


def _tell_action(builder: Builder, body: str, given: str | None, call_id: str, at: str, common: dict[str, Any]) -> None:
    name, inside = body, given
    if given is None:
        for opening, closing in (("[", "]"), ("(", ")")):
            start = body.find(opening)
            plain = body[:start].strip().replace("_", "").replace(" ", "").replace("-", "").replace(".", "")
            if start > 0 and body.rstrip().endswith(closing) and plain.isalnum():
                name, inside = body[:start].strip(), body.rstrip()[start + 1 : -1]
                break
    if name.strip().lower() in ("finish", "final answer"):
        builder.say(inside or "", final=True, at=at, **common)
        return
    try:
        value = value_of(inside) if inside and inside.lstrip()[:1] == "{" else None
    except ValueError:
        value = None
    if isinstance(value, dict):
        builder.call(name.strip(), dump(value), call_id, at=at, **common)
    else:
        builder.call(name.strip(), inside or "", call_id, kind="custom", form="raw", at=at, **common)


def _outcome(observed: str | None) -> Outcome | None:
    """The outcome of an observation such as ``Episode finished, reward = True``."""
    if observed is None or "reward = " not in observed:
        return None
    word = observed.rpartition("reward = ")[2].strip().rstrip(".")
    if word in ("True", "False"):
        return Outcome(status="success" if word == "True" else "failure", reward=1.0 if word == "True" else 0.0)
    try:
        return Outcome(reward=float(word))
    except ValueError:
        return None
