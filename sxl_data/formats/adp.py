"""The Agent Data Protocol, unversioned and 1.x.

In: ``{"id", "content": [{"class_", …}], "details"}``. An observation after an action that calls something is
its result, even where its source says ``user``; unversioned files have no call ids, so results are matched
by position. Actions that follow one another share no turn. ``description`` is what the model said beside
the action: content, not reasoning. A message in ``<finish>`` tags ends the task.
Source: https://github.com/neulab/agent-data-protocol (schema/).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Part, Result

NAME = "adp"
_ACTIONS = ("api_action", "code_action", "message_action")
_ORIGINS = {"user": "user", "system": "system", "environment": "environment", "agent": "environment"}
_KNOWN = {
    "class_",
    "content",
    "description",
    "language",
    "function",
    "kwargs",
    "source",
    "name",
    "tool_call_id",
    "reasoning_content",
    "thought",
}


class Adp:
    """Format of the Agent Data Protocol."""

    name = NAME
    title = "Agent Data Protocol, unversioned and 1.x"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`content` whose items have a `class_`."""
        content = sample.get("content") if isinstance(sample, dict) else None
        if isinstance(content, list) and content and isinstance(content[0], dict) and "class_" in content[0]:
            return "has `content` of items with a `class_`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        content = row.get("content") if isinstance(row, dict) else None
        if not isinstance(content, list) or not content:
            raise RowError(type(content).__name__, "a list `content` with items", "/content")
        builder = Builder("agent")
        for i, item in enumerate(content):
            if not isinstance(item, dict) or not isinstance(item.get("class_"), str):
                raise RowError("an item without `class_`", "an action or observation", f"/content/{i}")
            if item["class_"] in _ACTIONS:
                _act(builder, item, f"/content/{i}", i)
            else:
                _observe(builder, item, f"/content/{i}")
        details = row.get("details")
        resolved = details.get("resolved") if isinstance(details, dict) else None
        if isinstance(resolved, (bool, str)) and str(resolved).lower() in ("true", "false"):
            status = "success" if str(resolved).lower() == "true" else "failure"
            builder.outcome = msgspec.structs.replace(builder.outcome, status=status, verifier="tests")
        if origin.lossless:
            ext = {key: value for key, value in row.items() if key not in ("content", "id") and value}
            if ext:
                builder.ext[NAME] = ext
        source_id = row.get("id")
        yield builder.build(document, origin, NAME, source_id=str(source_id) if source_id is not None else None)


FORMAT = Adp()


def _act(builder: Builder, item: dict[str, Any], at: str, number: int) -> None:
    builder.end_turn()
    common = _common(item)
    thought = item.get("reasoning_content") or item.get("thought")
    if isinstance(thought, str) and thought:
        builder.reflect(thought, at=at, **common)
    said = item.get("description")
    said = said if isinstance(said, str) else ""
    call_id = str(item.get("tool_call_id") or f"call_{number}")
    if item["class_"] == "message_action":
        text = str(item.get("content") or "")
        inside = text.strip()
        final = inside.startswith("<finish>") and inside.endswith("</finish>")
        if final:
            text = inside.removeprefix("<finish>").removesuffix("</finish>").strip()
        builder.say("\n".join(part for part in (said, text) if part), final=final, at=at, **common)
        return
    builder.say(said, at=at, **common)
    if item["class_"] == "code_action":
        language = item.get("language")
        builder.call(
            "bash" if language in ("bash", "sh", "shell") else str(language or "code"),
            str(item.get("content") or ""),
            call_id,
            kind="code",
            form="raw",
            language=language if isinstance(language, str) else None,
            at=at,
        )
    else:
        arguments = item.get("kwargs")
        builder.call(str(item.get("function") or ""), dump(arguments if arguments is not None else {}), call_id, at=at)


def _observe(builder: Builder, item: dict[str, Any], at: str) -> None:
    content = _parts(item)
    waiting = builder.open_calls
    linked = item.get("tool_call_id")
    if isinstance(linked, str) or waiting:
        call_id = linked if isinstance(linked, str) else builder.next_call(at)
        builder.result(Result(call_id=call_id, content=content), at=at, **_common(item))
        return
    builder.observe(content, _ORIGINS.get(str(item.get("source")), "environment"), at=at, **_common(item))
    if item.get("source") == "user" and not builder.task:
        builder.task = "\n".join(part.text for part in content if part.text)


def _parts(item: dict[str, Any]) -> tuple[Part, ...]:
    kind = item["class_"]
    if kind == "text_observation":
        text = item.get("content")
        return (Part(text=text),) if isinstance(text, str) and text else ()
    if kind == "image_observation" and isinstance(item.get("content"), str):
        seen = item.get("annotations")  # the elements on the screen, which the agent may act on
        beside = (Part(type="data", data_json=dump({"annotations": seen})),) if seen else ()
        return (Part(type="image", uri=item["content"]), *beside)
    # A web page or another structure: kept as it is, with its text form first where it has one.
    data = {key: value for key, value in item.items() if key not in ("class_", "source", "tool_call_id", "name")}
    tree = item.get("axtree")
    text_part = (Part(text=tree),) if isinstance(tree, str) and tree else ()
    return (*text_part, Part(type="data", data_json=dump({k: v for k, v in data.items() if k != "axtree" or not tree})))


def _common(item: dict[str, Any]) -> dict[str, Any]:
    ext = {key: value for key, value in item.items() if key not in _KNOWN and value is not None}
    if item["class_"] not in _ACTIONS:
        ext = {}
    # Who an observation is said to come from decides nothing here, but differs from what we make of it.
    if item["class_"] == "text_observation":
        ext.update({key: item[key] for key in ("source", "name") if item.get(key)})
    return {"ext_json": dump({NAME: ext})} if ext else {}
