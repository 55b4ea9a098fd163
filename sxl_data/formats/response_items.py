"""Items of OpenAI's Responses API, told to a builder.

In: items one by one, of ``input``, ``output`` or a Codex rollout. Calls that come before the first output
belong to one response. Reasoning is a summary, its text where a provider gives it, or only encrypted.
A custom tool takes raw text. Server tools (search, code interpreter) carry their own result.
Source: https://platform.openai.com/docs/api-reference/responses.
"""

from __future__ import annotations

from typing import Any

from sxl_data.files.json_text import dump, load_object
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.exit_codes import exit_code, status_of
from sxl_data.formats.harness import is_harness
from sxl_data.trace.build import Builder
from sxl_data.trace.types import Result

_SERVER = ("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call")


class ItemReader:
    """Tells ``builder`` one item after the other; ``unread`` counts items it does not know."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.unread: dict[str, int] = {}
        self._answering = False  # the last item was an output: the next item of the model is a new turn

    def read(self, item: Any, at: str, line: int | None = None, **common: Any) -> None:
        """One item; ``common`` are fields of the step it becomes."""
        kind = item.get("type") if isinstance(item, dict) else None
        if isinstance(item, dict) and kind in (None, "message") and isinstance(item.get("role"), str):
            self._message(item, at, line, common)
        elif not isinstance(item, dict) or not isinstance(kind, str):
            self.unread["unknown"] = self.unread.get("unknown", 0) + 1
        elif kind == "reasoning":
            self._turn()
            self._reasoning(item, at, line, common)
        elif kind in ("function_call", "custom_tool_call"):
            self._turn()
            custom = kind == "custom_tool_call"
            text = item.get("input") if custom else item.get("arguments")
            self.builder.call(
                str(item.get("name") or ""),
                text if isinstance(text, str) else dump(text),
                str(item.get("call_id") or item.get("id") or ""),
                at=at,
                line=line,
                kind="custom" if custom else "function",
                form="raw" if custom else "string" if isinstance(text, str) else "object",
                **common,
            )
        elif kind in ("function_call_output", "custom_tool_call_output", "local_shell_call_output"):
            self._answering = True
            self.builder.result(result_of(item), at=at, line=line, **common)
        elif kind == "local_shell_call":
            self._turn()
            self.builder.call(
                "local_shell",
                dump(item.get("action")),
                str(item.get("call_id") or item.get("id") or ""),
                kind="server",
                at=at,
                line=line,
                **common,
            )
        elif kind in _SERVER:
            self._server(item, at, line, common)
        else:
            self.unread[kind] = self.unread.get(kind, 0) + 1

    def _turn(self) -> None:
        if self._answering:
            self.builder.end_turn()
            self._answering = False

    def _message(self, item: dict[str, Any], at: str, line: int | None, common: dict[str, Any]) -> None:
        held = item.get("content")
        content = parts_of(held)
        cited = (
            [b["annotations"] for b in held if isinstance(b, dict) and b.get("annotations")]
            if type(held) is list
            else []
        )
        if cited:
            common = {"ext_json": dump({"annotations": cited}), **common}
        role = item["role"]
        if role == "assistant":
            # Text after calls of the same response is said beside them; after other text it is new.
            if self._answering or not self.builder.open_calls:
                self.builder.end_turn() if self._said else None
            self._answering = False
            self.builder.say(content, at=at, line=line, **common)
            self._said = True
            return
        self._answering, self._said = False, False
        origin = (
            "environment"
            if role == "user" and is_harness(item.get("content"))
            else self.builder.observer(role, at, line)
        )
        self.builder.observe(content, origin, at=at, line=line, **common)
        if origin == "user" and not self.builder.task:
            self.builder.task = task_of(content)

    _said = False

    def _reasoning(self, item: dict[str, Any], at: str, line: int | None, common: dict[str, Any]) -> None:
        if self._said:
            self.builder.end_turn()
            self._said = False
        signature = item.get("encrypted_content")
        signature = signature if isinstance(signature, str) and signature else None
        told = [(part, "field") for part in parts_of(item.get("content"))]
        told += [(part, "summary") for part in parts_of(item.get("summary"))]
        told = [(part, form) for part, form in told if part.text]
        for i, (part, form) in enumerate(told):
            self.builder.reflect(
                part.text or "", form, signature=signature if i == len(told) - 1 else None, at=at, line=line, **common
            )
        if not told and signature:
            self.builder.reflect("", "encrypted", signature=signature, at=at, line=line, **common)

    def _server(self, item: dict[str, Any], at: str, line: int | None, common: dict[str, Any]) -> None:
        self._turn()
        kind = str(item["type"]).removesuffix("_call")
        call_id = str(item.get("id") or item.get("call_id") or f"{kind}_{at.replace('/', '_')}_{line or 0}")
        inputs = {k: item[k] for k in ("action", "queries", "code", "arguments") if item.get(k) is not None}
        self.builder.call(
            str(item.get("name") or kind), dump(inputs), call_id, kind="server", at=at, line=line, **common
        )
        output = item.get("results", item.get("outputs", item.get("output")))
        if output is not None:
            self._answering = True
            self.builder.result(Result(call_id=call_id, content=parts_of(output), status="ok"), at=at, line=line)


def result_of(item: dict[str, Any]) -> Result:
    """An output item. Codex wraps its outputs in JSON with an exit code and a duration."""
    output = item.get("output")
    call_id = str(item.get("call_id") or "")
    held = load_object(output) if isinstance(output, str) and output.startswith('{"output":') else None
    metadata = held.get("metadata") if held else None
    if held and isinstance(metadata, dict) and isinstance(held.get("output"), str):
        number, seconds = metadata.get("exit_code"), metadata.get("duration_seconds")
        number = number if isinstance(number, int) and not isinstance(number, bool) else None
        return Result(
            call_id=call_id,
            content=parts_of(held["output"]),
            exit_code=number,
            status=status_of(number),
            duration_ms=float(seconds) * 1000 if isinstance(seconds, (int, float)) else None,
            structured_json=dump(metadata),
        )
    said = output if isinstance(output, str) else task_of(parts_of(output))
    code = exit_code(said, "codex")
    if code is not None:
        return Result(call_id=call_id, content=parts_of(output), exit_code=code, status=status_of(code))
    status = {"completed": "unknown", "incomplete": "cancelled", "failed": "error"}.get(
        str(item.get("status")), "unknown"
    )
    return Result(call_id=call_id, content=parts_of(output), status=status)  # type: ignore[arg-type]
