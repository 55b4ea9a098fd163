"""Memory of a smolagents agent: the list that ``agent.memory.get_full_steps()`` gives, perhaps under ``steps``.

In: steps with ``system_prompt``, ``task``, ``plan`` or ``step_number``. What the model wrote is its thought and its
code; the call stands beside it in ``tool_calls``, and ``observations`` answer it. Out: one trace. The code in the text
is the call again and is not said twice; the thought before it is. A final answer is the result of its call.
Source: https://huggingface.co/docs/smolagents/tutorials/memory, https://huggingface.co/docs/smolagents/reference/agents.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import counts, dump, given
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Part, Result

NAME = "smolagents"
_CODE = ("<code>", "```python", "```py", "```")
_READ = (
    "task",
    "system_prompt",
    "plan",
    "tool_calls",
    "observations",
    "model_output",
    "code_action",
    "error",
    "step_number",
)


class Smolagents:
    """Format of the steps of one run."""

    name = NAME
    title = "smolagents memory steps"
    unit = "file"
    leaves_out = (
        LeftOut("model_input_messages", "the steps before again, as the model saw them"),
        LeftOut("model_output_message", "the output again, with what the provider said of it"),
    )

    def detect(self, sample: Any) -> str | None:
        """Steps with `step_number` and `model_output` or `observations`, alone or under `steps`."""
        for step, _, _ in _steps(
            [(r, "", 1) for r in sample if isinstance(r, dict)] if isinstance(sample, list) else []
        ):
            if "step_number" in step and {"model_output", "observations", "code_action"} & step.keys():
                return "has steps with `step_number` and `model_output`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder = Builder("agent")
        kept = Beside(NAME, origin)
        usage = {"prompt_tokens": 0, "completion_tokens": 0}
        for step, at, line in _steps(list(located(document))):
            kept.keep(f"{at} line {line}", step, *_READ, "model_input_messages", "model_output_message")
            if isinstance(step.get("system_prompt"), str):
                builder.observe(step["system_prompt"], "system", at=f"{at}/system_prompt", line=line)
            elif isinstance(step.get("task"), str):
                builder.observe(step["task"], "user", at=f"{at}/task", line=line)
                builder.task = builder.task or step["task"]
            elif isinstance(step.get("plan"), str):
                builder.reflect(step["plan"], "block", at=f"{at}/plan", line=line)
            elif "step_number" in step:
                _tell(builder, step, at, line)
            tokens = step.get("token_usage")
            for key, name in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
                if isinstance(tokens, dict) and type(tokens.get(key)) is int:
                    usage[name] += tokens[key]
        if any(usage.values()):
            builder.metrics = Metrics(**counts(usage))
        builder.agent = Agent(name="smolagents")
        builder.executed = True
        kept.tell(builder)
        reading = builder.build(document, origin, NAME)
        if not reading.trace.steps:
            raise RowError("no steps", "steps with `task` or `step_number`")
        yield reading


FORMAT = Smolagents()


def _steps(records: list[tuple[dict[str, Any], str, int]]) -> Iterator[tuple[dict[str, Any], str, int]]:
    for record, at, line in records:
        held = record.get("steps")
        if isinstance(held, list) and "step_number" not in record:
            yield from ((step, f"{at}/steps/{i}", line) for i, step in enumerate(held) if isinstance(step, dict))
        else:
            yield record, at, line


def _tell(builder: Builder, step: dict[str, Any], at: str, line: int) -> None:
    builder.end_turn()
    calls = [c for c in step["tool_calls"] if isinstance(c, dict)] if isinstance(step.get("tool_calls"), list) else []
    said = step.get("model_output")
    text = task_of(parts_of(said)) if not isinstance(said, str) else said
    code = step.get("code_action")
    thought = _before(text, code) if calls and isinstance(code, str) else text
    if thought:
        builder.say(thought, at=f"{at}/model_output", line=line)
    ids = []
    for k, call in enumerate(calls):
        inner = call["function"] if isinstance(call.get("function"), dict) else call
        name, identity = str(inner.get("name") or ""), str(call.get("id") or f"call_{step.get('step_number')}_{k}")
        arguments = inner.get("arguments")
        written = isinstance(arguments, str) and arguments == code
        how = {"arguments_json": arguments, "form": "raw", "kind": "code", "language": "python"} if written else {}
        builder.call(name, call_id=identity, at=f"{at}/tool_calls/{k}", line=line, **(how or given(arguments)))
        ids.append(identity)
    failed = step.get("error")
    content: list[Part] = list(parts_of(step.get("observations")))
    message = failed.get("message") if isinstance(failed, dict) else None
    if failed:
        content.append(Part(text=message if isinstance(message, str) else dump(failed)))
    if ids and content:
        kind = failed.get("type") if isinstance(failed, dict) else None
        result = Result(
            call_id=ids[0],
            content=tuple(content),
            status="error" if failed else "ok",
            error_type=kind if isinstance(kind, str) else None,
            error_message=message if isinstance(message, str) else None,
        )
        builder.result(result, at=f"{at}/observations", line=line)
        builder.submitted = step.get("is_final_answer") is True
    elif content:
        builder.observe(content, "environment", at=f"{at}/observations", line=line)


def _before(text: str, code: str) -> str:
    """What ``text`` says before ``code`` and the tag or fence that opens it; all where the code stands nowhere."""
    at = text.find(code.strip())
    if at < 0:
        return text
    head = text[:at].rstrip()
    mark = next((mark for mark in _CODE if head.endswith(mark)), "")
    return head.removesuffix(mark).rstrip().removesuffix("Code:").rstrip()
