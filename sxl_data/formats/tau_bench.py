"""tau-bench trajectories: an agent, a simulated user, and an environment that gives a reward.

In: ``{"task_id", "reward", "info", "traj": [chat messages], "trial"}``. Out: one trace of the messages, with
the reward as outcome and the user's hidden instruction in ``ext_json``. The file declares no tools: they
are inferred from the calls. Call ids repeat within a trace (49 of 200 airline traces); they stay as
they are (Yao et al. 2024, https://github.com/sierra-research/tau-bench).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import load_object
from sxl_data.formats.declared_tools import inferred_tools
from sxl_data.formats.openai_chat import read_messages
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Outcome


class TauBench:
    """Format of the historical trajectories."""

    name = "tau_bench"
    title = "tau-bench trajectories"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """Rows with `traj` and `reward`."""
        if isinstance(sample, dict) and isinstance(sample.get("traj"), list) and "reward" in sample:
            return "has `traj` and `reward`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        messages = row.get("traj") if isinstance(row, dict) else None
        if not isinstance(messages, list) or not messages:
            raise RowError("no messages", "a list of messages", "/traj")
        builder = Builder("agent")
        for tool in inferred_tools(list(_calls(messages))):
            builder.tool(tool)
        read_messages(builder, messages, "/traj")
        reward = row.get("reward")
        if isinstance(reward, (int, float)):
            status = "success" if reward >= 1 else "failure"
            builder.outcome = Outcome(status=status, reward=float(reward), verifier="tau-bench")  # type: ignore[arg-type]
        info = row.get("info") if isinstance(row.get("info"), dict) else {}
        builder.executed = bool(builder.tools)  # on the mock databases of the environment
        builder.ext = {"tau_bench": {"trial": row.get("trial"), "task": (info or {}).get("task")}}
        task = f"{origin.source}/{row.get('task_id')}"
        yield builder.build(
            document, origin, self.name, source_id=f"{row.get('task_id')}/{row.get('trial')}", group=task
        )


FORMAT = TauBench()


def _calls(messages: list[Any]) -> Iterator[tuple[str, Any]]:
    for message in messages:
        for call in (message.get("tool_calls") or ()) if isinstance(message, dict) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and isinstance(function.get("name"), str):
                yield function["name"], load_object(function.get("arguments"))
