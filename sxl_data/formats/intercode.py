"""InterCode results: interactive tasks in a shell, SQL or Python environment.

In: an object of tasks, each ``{"environment", "query", "turn_history": {"actions", "observations",
"rewards", "valid_action"}, "summary"}``. Out: one trace per task: an action is a code call, its observation
the result. The environment executed the actions; what the model thought was not kept
(Yang et al. 2023, https://github.com/princeton-nlp/intercode).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Outcome, Result, Tool, parts

# Environment → (tool, argument, language, what the tool does)
ENVIRONMENTS = {
    "ic_bash": ("execute_bash", "command", "bash", "Runs a command in a Bash shell and returns its output."),
    "ic_sql": ("execute_sql", "query", "sql", "Runs an SQL statement and returns its rows."),
    "ic_python": ("execute_python", "code", "python", "Runs Python code and returns its output."),
    "ic_ctf": ("execute_bash", "command", "bash", "Runs a command in a Bash shell and returns its output."),
}


_HISTORY = ("thoughts", "actions", "observations", "rewards", "valid_action")
# How ReAct prompts have a command written.
_EXECUTE = patterns.compile(r"(?s)\s*execute\[(.*)\]\s*")


class InterCode:
    """Format of the result files."""

    name = "intercode"
    title = "InterCode task results"
    unit = "row"
    leaves_out = (
        LeftOut("/*/info", "how the environment computed its reward"),
        LeftOut("/*/dataset", "the file that the task came from"),
    )

    def detect(self, sample: Any) -> str | None:
        """Objects whose values are tasks with a turn history."""
        first = next(iter(sample.values()), None) if isinstance(sample, dict) else None
        if isinstance(first, dict) and "turn_history" in first and "query" in first:
            return "has tasks with `turn_history`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        if not isinstance(document.value, dict):
            raise RowError(type(document.value).__name__, "an object of tasks")
        for part, (key, task) in enumerate(document.value.items()):
            yield _read_task(document, origin, part, key, task)


FORMAT = InterCode()


def _read_task(document: Document, origin: Origin, part: int, key: str, task: Any) -> Reading:
    history = task.get("turn_history") if isinstance(task, dict) else None
    if not isinstance(history, dict) or not isinstance(task.get("query"), str):
        raise RowError("no history", "`query` and `turn_history`", f"/{key}")
    environment = str(task.get("environment"))
    name, argument, language, description = ENVIRONMENTS.get(environment, ENVIRONMENTS["ic_bash"])
    builder = Builder("agent", task["query"])
    schema = {"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}
    builder.tool(Tool(name=name, description=description, parameters_json=dump(schema), origin="inferred"))
    builder.observe(task["query"], at=f"/{key}/query")
    actions, observations = history.get("actions") or [], history.get("observations") or []
    thoughts = history.get("thoughts") or []
    ext: dict[str, Any] = {"environment": environment}
    valid, rewards = history.get("valid_action") or [], history.get("rewards") or []
    for i, action in enumerate(actions):
        at = f"/{key}/turn_history/actions/{i}"
        thought = thoughts[i] if i < len(thoughts) else None
        if str(action).strip() == "submit":  # ends the episode; its observation is the environment's own
            ended = {"thought": thought, "observation": observations[i] if i < len(observations) else None}
            ext["submit"] = {key: value for key, value in ended.items() if value}
            continue
        builder.end_turn()
        if isinstance(thought, str) and thought.strip():
            builder.reflect(thought, at=f"/{key}/turn_history/thoughts/{i}")
        command = _EXECUTE.fullmatch(str(action))
        builder.call(
            name, dump({argument: command[1] if command else str(action)}), f"call_{i}", language=language, at=at
        )
        if i < len(observations):
            ok = bool(valid[i]) if i < len(valid) else None
            status = "unknown" if ok is None else "ok" if ok else "error"
            seen = observations[i] if isinstance(observations[i], str) else dump(observations[i])
            builder.result(
                Result(call_id=f"call_{i}", content=parts(seen), status=status),  # type: ignore[arg-type]
                at=f"/{key}/turn_history/observations/{i}",
            )
    summary = task.get("summary") if isinstance(task.get("summary"), dict) else {}
    best = (summary or {}).get("max_reward")
    if isinstance(best, (int, float)):
        builder.outcome = Outcome(
            status="success" if best >= 1 else "partial" if best > 0 else "failure",
            reward=float(best),
            verifier="InterCode",
        )
    builder.executed = bool(observations)
    others = {key: value for key, value in history.items() if key not in _HISTORY and value}
    builder.ext = {"intercode": {"rewards": rewards, **ext, **others}}
    return builder.build(
        document,
        origin,
        "intercode",
        part=part,
        source_id=f"{document.file}/{key}",
        group=f"{origin.source}/{task['query']}",
        language=language,
    )
