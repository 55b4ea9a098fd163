"""Conversations in which calls are written as text in tags.

In: ``conversations``, ``messages`` or ``trajectory``, as lists or as JSON text, whose answers hold
``<tool_call>{…}</tool_call>`` (Hermes) or ``<function=…><parameter=…>`` (Qwen3-Coder, OpenHands, SWE-agent); results
in ``<tool_response>`` or behind the head of a harness, tools in the system prompt, reasoning in ``<think>`` or
``<scratch_pad>``; or one text with ``SYSTEM:``, ``USER:``, ``ASSISTANT:`` lines under ``example``. What is no call
after all stays one with raw arguments, for the reader to find. See `spoken`, `answers` and `prompt_tools`.
Source: https://github.com/NousResearch/Hermes-Function-Calling, https://github.com/SWE-Gym/SWE-Gym.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec

from sxl_data.files.json_text import dump
from sxl_data.formats.answers import Answer, answer, in_blocks, listed, marked, tell_rest
from sxl_data.formats.chat_frame import key_of, messages_of, read_response, tell_system, tools_declared
from sxl_data.formats.chat_reading import is_trained
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.function_markup import types_of
from sxl_data.formats.harness import task_in
from sxl_data.formats.markup import text_dialect
from sxl_data.formats.prompt_tools import tools_told
from sxl_data.formats.spoken import tell
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Outcome

NAME = "hermes_text"
_SAID = {"gpt", "assistant", "model", "ai"}
_ROLES = {"system": "system", "developer": "developer", "human": "user", "user": "user"}
_RESULTS = {"tool", "function", "observation", "tool_response", "ipython", "environment"}
_OWN = _SAID | _ROLES.keys() | _RESULTS
_HEADS = {"SYSTEM:": "system", "USER:": "user", "ASSISTANT:": "assistant", "TOOL:": "tool"}
_IDS = ("id", "instance_id", "traj_id", "trajectory_id", "task_id")
_READ = {"messages", "conversations", "trajectory", "example", "tools", "functions", "response", "system", "reward"}


class HermesText:
    """Format of calls in tags."""

    name = NAME
    title = "Calls as text in <tool_call> or <function=…> tags (Hermes, Qwen3-Coder, OpenHands, SWE-smith)"
    unit = "row"
    leaves_out = (LeftOut("*", "tags of calls, thoughts and results, and the heads that harnesses put before them"),)

    def detect(self, sample: Any) -> str | None:
        """Answers that hold a call in a tag."""
        if not isinstance(sample, dict):
            return None
        if isinstance(sample.get("example"), str) and "<tool_call>" in sample["example"]:
            return "has an `example` with `<tool_call>`"
        return "has answers with calls in tags" if text_dialect(messages_of(sample)) == NAME else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        entries, at = _entries(row)
        if not entries:
            raise RowError("no entries", "`conversations`, `messages` or `example`", at)
        builder = Builder("tool_use")
        for tool, place in tools_declared(row):
            builder.tool(tool, at=place)
        tell_system(builder, row, messages_of(row))
        if not builder.tools and isinstance(row.get("system"), str):
            _read_tools(builder, row["system"], "/system")
        _read_entries(builder, entries, at)
        read_response(builder, row, messages_of(row))
        if isinstance(row.get("resolved"), bool):
            builder.outcome = Outcome(status="success" if row["resolved"] else "failure", verifier="resolved")
        reward = row.get("reward")
        if isinstance(reward, (int, float)) and not isinstance(reward, bool):
            builder.outcome = msgspec.structs.replace(builder.outcome, reward=float(reward))
        if isinstance(row.get("model"), str) and not builder.agent.model:
            builder.agent = msgspec.structs.replace(builder.agent, model=row["model"])
        ext = {key: value for key, value in row.items() if key not in _READ}
        if ext and origin.lossless:
            builder.ext[NAME] = ext
        source_id = next((row[key] for key in _IDS if isinstance(row.get(key), (str, int))), None)
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id is not None else None)


FORMAT = HermesText()


def _read_entries(builder: Builder, entries: list[tuple[str, Any, bool]], at: str) -> None:
    ids = (number for number in count())
    types = types_of(builder.tools)
    tagged = False  # whether the last calls are of a harness that answers in the user's name
    builder.roles.meet(role for role, _, _ in entries)
    for i, (stated, content, trained) in enumerate(entries):
        place = at if at == "/example" else f"{at}/{i}"
        meant = stated if stated in _OWN else builder.speaker(stated, place)
        role = stated if meant == "environment" else meant  # what nobody knows is no environment that answers
        parts = parts_of(content)
        text = task_of(parts)
        if role in _SAID:
            builder.end_turn()
            common: dict[str, Any] = {} if trained else {"train": False}
            tagged = tell(builder, text, ids, types, at=place, **common)
            others = tuple(part for part in parts if part.type != "text")
            if others:
                builder.say(others, at=place, **common)
        elif builder.open_calls and (several := in_blocks(content))[0]:
            answer(builder, several[0], place)
            tell_rest(builder, several[1], place)
        elif found := _answers(builder, role, text, tagged):
            rest = [part for part in parts if part.type != "text"]
            answer(builder, found, place)
            if rest:
                builder.observe(rest, "environment", at=place)
        else:
            if role == "system" and not builder.tools:
                _read_tools(builder, text, place)
                types = types_of(builder.tools)
            builder.observe(parts, _ROLES.get(role, "environment"), at=place)
            if _ROLES.get(role) == "user" and not builder.task:
                builder.task = task_in(text)


def _answers(builder: Builder, role: str, text: str, tagged: bool) -> list[Answer]:
    """The results that an entry holds, if it answers calls."""
    found = marked(text) if role in _RESULTS or builder.open_calls or "<tool_response>" in text else []
    if role not in _RESULTS and not builder.open_calls and not text.lstrip().startswith("<tool_response>"):
        return []
    if not found and (role in _RESULTS or (tagged and role in ("user", "human"))):
        found = listed(builder.open_calls, text) or [Answer(text)]
    return found


def _entries(row: Any) -> tuple[list[tuple[str, Any, bool]], str]:
    """(role, content, whether it is trained on) of each entry, and the pointer of their list."""
    if not isinstance(row, dict):
        return [], ""
    if isinstance(row.get("example"), str):
        return [(role, text, True) for role, text in _cut(row["example"])], "/example"
    key = key_of(row)
    found: list[tuple[str, Any, bool]] = []
    for i, entry in enumerate(messages_of(row) or ()):
        if not isinstance(entry, dict):
            raise RowError(type(entry).__name__, "an entry", f"/{key}/{i}")
        content = entry.get("value", entry.get("content", entry.get("text")))
        content = content if isinstance(content, (str, list)) or content is None else dump(content)
        found.append((str(entry.get("from", entry.get("role"))), content, is_trained(entry)))
    return found, f"/{key}"


def _cut(text: str) -> Iterator[tuple[str, str]]:
    """One text of ``SYSTEM:`` / ``USER:`` / ``ASSISTANT:`` lines as entries."""
    role, lines = "", list[str]()
    for line in text.strip().removeprefix("```").removesuffix("```").split("\n"):
        head = next((h for h in _HEADS if line.startswith(h)), None)
        if head is None:
            lines.append(line)
            continue
        if role:
            yield role, "\n".join(lines).strip()
        role, lines = _HEADS[head], [line[len(head) :]]
    if role:
        yield role, "\n".join(lines).strip()


def _read_tools(builder: Builder, text: str, at: str) -> None:
    for tool in tools_told(text):
        builder.tool(tool, at=at)
