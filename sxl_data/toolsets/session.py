"""A running set: calls go in as text, results come out as the tools really give them.

In: a state, the tools that may be called, and how often a tool is busy at first. Out: for each call a `Result`.
Whatever a call says, a result comes back: unknown tools, arguments that are no JSON or break the schema, and refusals
of a tool are errors with a text that a model can act on. A failed call changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from sxl_data.files.json_text import load
from sxl_data.toolsets.tools import Exit, Function, ToolError
from sxl_data.toolsets.toolset import State, Toolset
from sxl_data.trace.types import Part, Result

LONGEST = 100_000
"""Characters of arguments that are looked at: a model that never stops must not fill the memory."""


class Session:
    """One run of calls over one state, which is changed by them."""

    def __init__(
        self,
        toolset: Toolset,
        state: State,
        side: str = "all",
        busy: Mapping[str, int] | None = None,
        timed: bool = False,
    ) -> None:
        """``busy``: tool → how many of its first calls fail for a moment. ``timed`` records how long calls took, which
        no two runs share."""
        self.toolset, self.state, self.timed = toolset, state, timed
        self.tools: dict[str, Function] = {function.name: function for function in toolset.shown(side)}
        self.busy = dict(busy or {})
        self.seen: list[str] = []
        """Texts of the results that were no errors."""
        self.values: dict[str, Any] = {}
        """What the tools returned, by call id, as plain values; a refused call has none."""

    def call(self, call_id: str, name: str, arguments_json: str) -> Result:
        """Make one call."""
        began = time.perf_counter()
        code: int | None = None
        try:
            value = self._run(name, arguments_json)
            if isinstance(value, Exit):
                code, text = value.code, value.text
                if code:
                    raise ToolError("exit", text)
                value = text
            value = msgspec.to_builtins(value)
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            self.seen.append(text)
            self.values[call_id] = value
            result = Result(call_id=call_id, content=(Part(text=text or "(nothing)"),), status="ok", exit_code=code)
        except ToolError as problem:
            said = str(problem) or "(nothing)"
            result = Result(
                call_id=call_id, content=(Part(text=said),), status="error", error_type=problem.kind, exit_code=code
            )
        if not self.timed:
            return result
        return msgspec.structs.replace(result, duration_ms=round((time.perf_counter() - began) * 1000, 3))

    def _run(self, name: str, arguments_json: str) -> Any:
        function = self.tools.get(name)
        if function is None:
            raise ToolError("unknown_tool", f"there is no tool {name!r}; there are {', '.join(self.tools)}")
        if len(arguments_json) > LONGEST:
            raise ToolError("bad_arguments", f"arguments of {len(arguments_json):,} characters, at most {LONGEST:,}")
        try:
            given = msgspec.convert(load(arguments_json), function.arguments)
        except (ValueError, RecursionError) as problem:  # msgspec's ValidationError is a ValueError
            raise ToolError("bad_arguments", f"{name}: {problem}") from None
        if self.busy.get(name, 0) > 0:
            self.busy[name] -= 1
            raise ToolError("busy", self.toolset.busy)
        return function.run(self.state, **{field: getattr(given, field) for field in given.__struct_fields__})
