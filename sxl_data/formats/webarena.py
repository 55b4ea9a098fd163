"""Episodes on web pages, as WebArena's runs are published.

In: ``{"task_id", "intent", "trajectory": [page, action, page, action, …]}``; a page has its accessibility tree under
``axtree``, an action its fields under ``action`` and the reasoning before it under ``metadata.cot``. The page after
an action is its result, the first one is seen; the action ``stop`` is the final answer. Fields that an action does
not use are empty in the source and stay as they are. Source: https://github.com/web-arena-x/webarena.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump, given
from sxl_data.formats.content import parts_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Result

NAME = "webarena"


class WebArena:
    """Format of web episodes."""

    name = NAME
    title = "WebArena episodes of pages and actions"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`intent` beside a `trajectory` that begins with a page or an action."""
        steps = sample.get("trajectory") if isinstance(sample, dict) else None
        if not isinstance(steps, list) or not steps or not isinstance(sample.get("intent"), str):
            return None
        first = steps[0]
        known = isinstance(first, dict) and ("axtree" in first or isinstance(first.get("action"), dict))
        return "has `intent` with a `trajectory` of pages and actions" if known else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        value = document.value
        steps = value.get("trajectory") if isinstance(value, dict) else None
        if not isinstance(steps, list) or not steps:
            raise RowError("no steps", "a list `trajectory` with steps", "/trajectory")
        builder = Builder("agent", task=str(value.get("intent") or ""))
        model = value.get("source")
        builder.agent = Agent(model=model if isinstance(model, str) else None)
        builder.observe(builder.task, at="/intent")
        for i, step in enumerate(steps):
            at = f"/trajectory/{i}"
            if not isinstance(step, dict):
                raise RowError(type(step).__name__, "a page or an action", at)
            if isinstance(step.get("action"), dict):
                _read_action(builder, step, at, i)
            else:
                _read_page(builder, step, at)
        builder.executed = True
        task = value.get("task_id")
        source_id = None if task is None else f"{task}#{document.row}"  # several runs of one task
        yield builder.build(document, origin, NAME, source_id=source_id)


FORMAT = WebArena()


def _read_page(builder: Builder, page: dict[str, Any], at: str) -> None:
    said = [str(page[key]) for key in ("url", "axtree") if page.get(key)]
    content = parts_of("\n\n".join(said))
    ext: dict[str, Any] = {}
    if page.get("screenshot_path"):
        ext["ext_json"] = dump({NAME: {"screenshot_path": page["screenshot_path"]}})
    if builder.open_calls:
        builder.result(Result(call_id=builder.open_calls[0].call_id, content=content), at=at, **ext)
    else:
        builder.observe(content, "environment", at=at, **ext)


def _read_action(builder: Builder, step: dict[str, Any], at: str, number: int) -> None:
    builder.end_turn()
    action = step["action"]
    metadata = step.get("metadata")
    thought = metadata.get("cot") if isinstance(metadata, dict) else None
    if isinstance(thought, str) and thought:
        builder.reflect(thought, at=f"{at}/metadata/cot")
    name = action.get("action_name")
    if not isinstance(name, str) or not name:
        raise RowError("an action without a name", "`action_name`", f"{at}/action")
    if name == "stop":
        builder.say(str(action.get("answer") or ""), final=True, at=f"{at}/action")
        return
    arguments = {key: item for key, item in action.items() if key != "action_name"}
    builder.call(name, call_id=f"call_{number}", at=f"{at}/action", **given(arguments))
