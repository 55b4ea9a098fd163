"""ToolAlpaca: one REST API per row, with instructions and how they are carried out.

In: a row with the API's functions in words and either ``Golden_Answers`` (calls without results) or
``Instances`` (thoughts, calls and simulated results). Out: one trace per instruction. Arguments stay the
text of the source: some are not valid JSON, and a validator is to say so
(Tang et al. 2023, https://github.com/tangqiaoyu/ToolAlpaca).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import load_object
from sxl_data.formats.declared_tools import declared_tool, parameters
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Result, Tool, parts

_PARAMETERS = patterns.compile(r"(?m)^Parameters:\s*(\{.*\})\s*$")
_CHOICES = patterns.compile(r"One of: \[([^\]]*)\]")
_REQUIRED = patterns.compile(r"\bRequired\b")
_STATUS = patterns.compile(r"^Status Code:\s*(\d+)")


class ToolAlpaca:
    """Format of the training and both evaluation files."""

    name = "toolalpaca"
    title = "ToolAlpaca: APIs with instructions and calls"
    unit = "row"
    leaves_out = (
        LeftOut("/Documentation", "the same functions as an OpenAPI document"),
        LeftOut("/Functions", "the same functions in words"),
        LeftOut("/NLDocumentation", "the same functions in words"),
        LeftOut("/Function_Description/components", "what the functions return, in words"),
        LeftOut("/Function_Projection", "paths of the functions' HTTP interface"),
        LeftOut("/Introduction", "advertises the interface, whose functions are declared"),
        LeftOut("/Description", "advertises the interface, whose functions are declared"),
        LeftOut("/Link", "home page of the interface"),
        LeftOut("/Category", "shelf of the catalogue"),
    )

    def detect(self, sample: Any) -> str | None:
        """Rows with the functions in words and instructions for them."""
        if (
            isinstance(sample, dict)
            and "Function_Description" in sample
            and ("Instructions" in sample or "Instances" in sample)
        ):
            return "has `Function_Description` and `Instructions`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        described = row.get("Function_Description") if isinstance(row, dict) else None
        if not isinstance(described, dict):
            raise RowError("no functions", "an object of descriptions", "/Function_Description")
        tools = [tool_of(name, text) for name, text in described.items() if name != "components"]
        api = str(row.get("Name") or document.row)
        part = 0
        for k, (instruction, golden) in enumerate(zip(row.get("Instructions") or (), row.get("Golden_Answers") or ())):
            builder = _start(instruction, tools, f"/Instructions/{k}")
            for number, action in enumerate(golden):
                builder.end_turn()
                builder.call(
                    str(action.get("Action")),
                    str(action.get("Action_Input")),
                    f"call_{number}",
                    form="string",
                    at=f"/Golden_Answers/{k}/{number}",
                )
            yield builder.build(
                document, origin, self.name, part=part, source_id=f"{api}/{k}", group=f"{origin.source}/{api}"
            )
            part += 1
        for k, instance in enumerate(row.get("Instances") or ()):
            if not isinstance(instance, dict) or not isinstance(instance.get("input"), str):
                continue
            builder = _start(instance["input"], tools, f"/Instances/{k}/input")
            _replay(builder, instance, f"/Instances/{k}")
            yield builder.build(
                document, origin, self.name, part=part, source_id=f"{api}/{k}", group=f"{origin.source}/{api}"
            )
            part += 1


FORMAT = ToolAlpaca()


def _start(instruction: str, tools: list[Tool], at: str) -> Builder:
    builder = Builder("tool_use", str(instruction))
    for tool in tools:
        builder.tool(tool)
    builder.observe(str(instruction), at=at)
    return builder


def _replay(builder: Builder, instance: dict[str, Any], at: str) -> None:
    for number, step in enumerate(instance.get("intermediate_steps") or ()):
        (name, arguments, *log), observation = step
        place = f"{at}/intermediate_steps/{number}"
        thought = str(log[0]).split("ASSISTANT Action:")[0].split("\nAction:")[0].strip() if log else ""
        if thought:
            builder.reflect(thought, "scratchpad", at=place)
        call_id = f"call_{number}"
        builder.call(str(name), str(arguments), call_id, form="string", at=place)
        code = _STATUS.match(str(observation))
        status = "unknown" if code is None else "ok" if code[1].startswith("2") else "error"
        builder.result(Result(call_id=call_id, content=parts(str(observation)), status=status), at=place)  # type: ignore[arg-type]
    if isinstance(instance.get("Final Thought"), str) and instance["Final Thought"].strip():
        builder.reflect(instance["Final Thought"], "scratchpad", at=f"{at}/Final Thought")
    if isinstance(instance.get("output"), str) and instance["output"].strip():
        builder.say(instance["output"], final=True, at=f"{at}/output")


def tool_of(name: str, text: str) -> Tool:
    """The tool of a description: its first line, and ``Parameters: {"name": "type. Required. Words"}``."""
    match = _PARAMETERS.search(text)
    words = (load_object(match[1]) or {}) if match else {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for key, value in words.items():
        sentence = str(value)
        head = sentence.split(".")[0].strip()
        properties[key] = {"type": head.split("(")[0].split("{")[0].strip(), "description": sentence}
        choices = _CHOICES.search(sentence)
        if choices and head.lower().startswith("string"):
            properties[key]["enum"] = [choice.strip() for choice in choices[1].split(",")]
        if _REQUIRED.search(sentence):
            required.append(key)
    return declared_tool(name, text.split("\n", 1)[0], parameters(properties, required), text)
