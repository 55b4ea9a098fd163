"""ReAct as text: ``Thought:``, ``Action:`` and ``Observation:`` in chat messages.

In: messages whose answers are ReAct steps. An action is ``name[input]``, ``name(input)`` or a name with an
``Action Input:``; ``finish[…]`` and ``Final Answer:`` are the final answer. The user message after an action is
its observation; one after the answer that names a reward is the outcome and no step. An answer of another
shape is said as it is.
Source: https://arxiv.org/abs/2210.03629.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.markup import is_react, text_dialect, value_of
from sxl_data.formats.openai_chat import key_of
from sxl_data.trace.build import Builder, parts
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Outcome, Result

NAME = "react_text"
_HEADS = ("Thought:", "Action Input:", "Action:", "Final Answer:", "Observation:")


class ReactText:
    """Format of ReAct text."""

    name = NAME
    title = "ReAct text: Thought, Action, Observation"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Answers with `Thought:` and `Action:`."""
        messages = sample.get(key_of(sample)) if isinstance(sample, dict) else None
        chat = isinstance(messages, list) and messages and isinstance(messages[0], dict) and "role" in messages[0]
        if not chat:
            return None
        return "has answers with `Thought:` and `Action:`" if text_dialect(messages) == NAME else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        key = key_of(row) if isinstance(row, dict) else "messages"
        messages = row.get(key) if isinstance(row, dict) else None
        if not isinstance(messages, list) or not messages:
            raise RowError(type(messages).__name__, "a list `messages`", "/messages")
        builder = Builder("agent")
        closing = ""
        for i, message in enumerate(messages):
            at = f"/{key}/{i}"
            if not isinstance(message, dict):
                raise RowError(type(message).__name__, "a message", at)
            text = message.get("content")
            text = text if isinstance(text, str) else "" if text is None else dump(text)
            if message.get("role") == "assistant":
                builder.end_turn()
                _read_answer(builder, text, at, i)
                continue
            observed = text.removeprefix("Observation:").strip() if text.startswith("Observation:") else None
            if builder.open_calls:
                seen = text if observed is None else observed
                builder.result(Result(call_id=builder.next_call(at), content=parts(seen)), at=at)
            elif observed is not None and _outcome(observed) is not None:
                closing = observed  # what the environment says of the whole, after the answer
            elif observed is not None:
                builder.observe(observed, "environment", at=at)
            else:
                builder.observe(text, "system" if message.get("role") == "system" else "user", at=at)
                builder.task = builder.task or (text if message.get("role") == "user" else "")
            builder.outcome = _outcome(observed) or builder.outcome
        ext = {name: value for name, value in row.items() if name not in (key, "id")}
        if closing:
            ext["closing"] = closing
        if ext and origin.lossless:
            builder.ext[NAME] = ext
        source_id = row.get("id")
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id is not None else None)


FORMAT = ReactText()


def _sections(text: str) -> list[tuple[str, str]]:
    """``text`` cut at its heads, each at the start of a line: (head, what follows)."""
    found: list[tuple[str, str]] = []
    head, lines = "", list[str]()
    for line in text.split("\n"):
        new = next((h for h in _HEADS if line.startswith(h)), None)
        if new is None:
            lines.append(line)
            continue
        if head or "".join(lines).strip():
            found.append((head, "\n".join(lines).strip()))
        head, lines = new, [line[len(new) :]]
    found.append((head, "\n".join(lines).strip()))
    return found


def _read_answer(builder: Builder, text: str, at: str, number: int) -> None:
    if not is_react(text):
        builder.say(text, at=at)
        return
    sections = _sections(text)
    for k, (head, body) in enumerate(sections):
        if head == "Thought:" and body:
            builder.reflect(body, "scratchpad", at=at)
        elif head == "Final Answer:":
            builder.say(body, final=True, at=at)
        elif head == "Action:":
            given = next((b for h, b in sections[k + 1 :] if h == "Action Input:"), None)
            _read_action(builder, body, given, f"call_{number}_{k}", at)
        elif head not in ("Thought:", "Action Input:") and body:
            builder.say(body, at=at)


def _read_action(builder: Builder, body: str, given: str | None, call_id: str, at: str) -> None:
    name, inside = body, given
    if given is None:
        for opening, closing in (("[", "]"), ("(", ")")):
            start = body.find(opening)
            if start > 0 and body.rstrip().endswith(closing) and body[:start].strip().replace("_", "").isalnum():
                name, inside = body[:start].strip(), body.rstrip()[start + 1 : -1]
                break
    if name.strip().lower() in ("finish", "final answer"):
        builder.say(inside or "", final=True, at=at)
        return
    try:
        value = value_of(inside) if inside else None
    except ValueError:
        value = None
    if isinstance(value, dict):
        builder.call(name.strip(), dump(value), call_id, at=at)
    else:
        builder.call(name.strip(), inside or "", call_id, kind="custom", form="raw", at=at)


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
