"""What Claude Code and Qwen Code print with ``--output-format stream-json``: one JSON line per message, without links.

In: a ``system`` line of subtype init, lines of type assistant and user as in a session, and a ``result`` line at the
end. The prompt is there only where it was replayed. Out: one trace; lines with a ``parent_tool_use_id`` are those of a
subagent and become a subtrace each. What it cost and how it ended is kept; partial ``stream_event`` lines repeat the
messages and are counted. Source: https://docs.claude.com/en/docs/claude-code/sdk/sdk-headless and the message types of
https://docs.claude.com/en/api/agent-sdk/typescript (SDKMessage); https://github.com/QwenLM/qwen-code
(``packages/cli/src/nonInteractive/types.ts``), whose messages are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.formats.beside import Beside
from sxl_data.formats.claude_code import build_lines
from sxl_data.formats.claude_code_paths import Located, is_message
from sxl_data.formats.places import located
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Metrics

NAME = "claude_stream_json"
_OTHERS = ("tool_call", "thinking", "session_meta")  # lines of other programs' streams of the same shape


class ClaudeStreamJson:
    """Format of the printed messages of one run."""

    name = NAME
    title = "output of Claude Code's and Qwen Code's stream-json"
    unit = "file"
    leaves_out = (
        LeftOut("event", "a part of a message that follows whole", when="stream_event"),
        LeftOut("/result", "the last message again", when="result"),
        LeftOut("/message/usage", "token counts beside those that are summed"),
    )

    def detect(self, sample: Any) -> str | None:
        """Lines with `session_id` and a `type` of the stream, one of them init, a message or the result."""
        records = [record for record in sample if isinstance(record, dict)] if isinstance(sample, list) else []
        if any(record.get("type") in _OTHERS or "sessionId" in record for record in records):
            return None
        for record in records:
            if isinstance(record.get("session_id"), str) and (
                record.get("subtype") == "init" or "num_turns" in record or "parent_tool_use_id" in record
            ):
                return "has lines with `type` and `session_id`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        lines = list(located(document))
        said = [item for item in lines if is_message(item[0])]
        main = [item for item in said if not item[0].get("parent_tool_use_id")]
        if not main:
            raise RowError("no message", "lines of type assistant or user")
        builder = build_lines(main)
        kept = Beside(NAME, origin)
        skipped: Counter[str] = Counter()
        for record, _, number in lines:
            if is_message(record):
                kept.keep(f"line {number}", record, "type", "message", "session_id", "parent_tool_use_id", "uuid")
            elif record.get("type") == "stream_event":
                skipped["stream_event"] += 1
            else:
                kept.keep(f"line {number}", record, "session_id", "uuid", "result")
        ends = [record for record, _, _ in lines if record.get("type") == "result"]
        cost = ends[-1].get("total_cost_usd") if ends else None
        if isinstance(cost, (int, float)) and not isinstance(cost, bool):
            builder.metrics = msgspec.structs.replace(builder.metrics or Metrics(), cost_usd=float(cost))
        answer = ends[-1].get("result") if ends else None
        kept.tell(builder)
        if isinstance(answer, str) and answer not in _texts(main):
            builder.ext.setdefault(NAME, {})["result"] = answer
        if skipped:
            builder.ext.setdefault(NAME, {})["skipped"] = dict(skipped)
        session = next((r["session_id"] for r, _, _ in lines if isinstance(r.get("session_id"), str)), None)
        asides: dict[str, list[Located]] = {}
        for item in said:
            if item[0].get("parent_tool_use_id"):
                asides.setdefault(str(item[0]["parent_tool_use_id"]), []).append(item)
        for part, aside in enumerate(asides.values(), 1):
            inner = build_lines(aside).build(document, origin, NAME, part=part, source_id=session or "")
            builder.subtraces.append(inner.trace)
        init = next((r for r, _, _ in lines if r.get("subtype") == "init"), {})
        version = init.get("claude_code_version")
        if isinstance(version, str):
            builder.agent = msgspec.structs.replace(builder.agent, version=version)
        elif isinstance(init.get("qwen_code_version"), str):
            builder.agent = msgspec.structs.replace(builder.agent, name="qwen-code", version=init["qwen_code_version"])
        yield builder.build(document, origin, NAME, source_id=session, group=session)


FORMAT = ClaudeStreamJson()


def _texts(lines: list[Located]) -> set[str]:
    """The texts of the messages of ``lines``."""
    held = [record["message"].get("content") for record, _, _ in lines]
    blocks = [block for content in held if isinstance(content, list) for block in content if isinstance(block, dict)]
    return {block["text"] for block in blocks if isinstance(block.get("text"), str)}
