"""Conversations of Cline and Roo Code: ``api_conversation_history.json``, one list of Anthropic's messages.

In: messages with ``ts`` (times in milliseconds) whose calls are blocks, or tags in the text (`tool_tags`) that the user
side answers with ``[tool for '…'] Result:``. Out: one trace. ``<environment_details>`` and reminders are the harness's;
the task stands in ``<task>``. `attempt_completion` is a call as any other and ends the task where nothing follows.
Source: https://github.com/cline/cline (docs and ``src/core/task``), https://github.com/RooCodeInc/Roo-Code.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import counts
from sxl_data.formats.answers import answer, marked
from sxl_data.formats.anthropic_blocks import is_result, read_assistant, result_of
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import part_of, task_of
from sxl_data.formats.harness import is_harness
from sxl_data.formats.places import located
from sxl_data.formats.spoken import tell
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Part

NAME = "cline"
_TASK = patterns.compile(r"(?s)<(?:task|user_message|feedback)>\s*(.*?)\s*</(?:task|user_message|feedback)>")
_THOUGHT = patterns.compile(r"(?s)\A\s*<thinking>(.*?)</thinking>\s*")
_RESULT = patterns.compile(r"\A\[[a-z_]{1,40}(?: for '[^\n]{0,200})?\]? ?Result:\s*\z")


class Cline:
    """Format of one task's conversation."""

    name = NAME
    title = "Cline and Roo Code conversations"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Messages with `role`, `content` and `ts`, or a task in `<task>` as the first text."""
        records = sample if isinstance(sample, list) else []
        if not records or not all(isinstance(r, dict) and "role" in r and "content" in r for r in records):
            return None
        if any("message" in r or "type" in r or "timestamp" in r for r in records):
            return None
        if all(type(record.get("ts")) is int for record in records):
            return "is a list of messages with `ts`"
        first = records[0]["content"]
        block = first[0] if isinstance(first, list) and first else None
        text = block.get("text") if isinstance(block, dict) else None
        return "begins with `<task>`" if isinstance(text, str) and text.lstrip().startswith("<task>") else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0}
        ids = count()
        model = None
        for message, at, line in located(document):
            content = message.get("content")
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            if not isinstance(blocks, list):
                raise RowError(type(content).__name__, "text or blocks", f"{at}/content")
            if message.get("role") == "assistant":
                builder.end_turn()
                _answer(builder, blocks, f"{at}/content", line, ids)
            else:
                _asked(builder, blocks, f"{at}/content", line)
            kept.keep(f"{at} line {line}", message, "role", "content", "ts", "metrics")
            about, spent = message.get("modelInfo"), message.get("metrics")
            model = model or (about.get("modelId") if isinstance(about, dict) else None)
            tokens = spent.get("tokens") if isinstance(spent, dict) else None
            for key, name in (
                ("prompt", "prompt_tokens"),
                ("completion", "completion_tokens"),
                ("cached", "cached_tokens"),
            ):
                if isinstance(tokens, dict) and type(tokens.get(key)) is int:
                    usage[name] += tokens[key]
        if any(usage.values()):
            builder.metrics = Metrics(**counts(usage))
        builder.agent = Agent(name="cline", model=model if isinstance(model, str) else None)
        builder.executed = True
        kept.tell(builder)
        reading = builder.build(document, origin, NAME)
        if not reading.trace.steps:
            raise RowError("no messages", "messages with `role` and `content`")
        yield reading


FORMAT = Cline()


def _answer(builder: Builder, blocks: list[Any], at: str, line: int, ids: Iterator[int]) -> None:
    """One answer: as blocks, or as one text with the calls in it."""
    kinds = {block.get("type") for block in blocks if isinstance(block, dict)}
    first = blocks[0] if blocks and isinstance(blocks[0], dict) and blocks[0].get("type") == "text" else {}
    text = str(first.get("text") or "")
    thought = _THOUGHT.match(text)
    if thought is not None:
        builder.reflect(thought[1].strip(), "think_tag", at=at, line=line)
        text = text[thought.end() :]
        blocks = [{**first, "text": text}, *blocks[1:]]
    if kinds != {"text"} or len(blocks) > 1:
        read_assistant(builder, blocks, at, line)
    elif text:
        tell(builder, text, ids, {}, at=at, line=line)


def _asked(builder: Builder, blocks: list[Any], at: str, line: int) -> None:
    """What the user's side says: results of calls, then the person's words and the harness's."""
    seen: list[tuple[Part, bool]] = []
    result: list[str] | None = None
    for i, block in enumerate(blocks):
        text = block.get("text") if isinstance(block, dict) else None
        if isinstance(block, dict) and is_result(block):
            builder.result(result_of(block), at=f"{at}/{i}", line=line)
        elif isinstance(text, str) and builder.open_calls and _RESULT.match(text):
            result = [text]
        elif isinstance(text, str) and result is not None and not is_harness(text):
            result.append(text)
        elif isinstance(text, str) and builder.open_calls and (found := marked(text)):
            answer(builder, found, f"{at}/{i}")
        else:
            seen.append((part_of(block), is_harness(text)))
    if result is not None:
        answer(builder, marked("\n".join(result)), at)
    for harness in (False, True):
        parts = [part for part, theirs in seen if theirs is harness]
        if parts:
            builder.observe(parts, "environment" if harness else "user", at=at, line=line)
            told = "" if harness else task_of(parts)
            inside = _TASK.search(told)
            builder.task = builder.task or (inside[1] if inside is not None else told)
