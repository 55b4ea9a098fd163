"""A chat template → the texts around name and arguments of a call, as it writes them itself.

Found by letting the template write calls that are known: ``<tool_call>{"name": "`` NAME ``", "arguments": `` ARGUMENTS
``}</tool_call>``. A template that writes arguments in another way than one JSON object behind the name (XML
parameters) has no form here.
"""

from __future__ import annotations

import json
from typing import TypeAlias

import msgspec

from sxl_data.contract.errors import UserError, error
from sxl_train.data import mask

Json: TypeAlias = dict[str, object]
NAME = "sxlname"
ARGUMENTS: Json = {"sxlone": "a", "sxltwo": [1, 2]}
SEPARATORS = ((", ", ": "), (",", ":"), (", ", ":"), (",", ": "))


class CallForm(msgspec.Struct, frozen=True):
    """``before`` NAME ``between`` ARGUMENTS ``after``; further calls follow ``joint`` in place of ``after``."""

    before: str
    between: str
    after: str
    joint: str
    separators: tuple[str, str]
    """Between items, and between key and value, of the arguments."""


def find_form(template: mask.Template) -> CallForm:
    """The form of ``template``. Raises `UserError` T122 where it has none."""
    single = _write(template, 1)
    for separators in SEPARATORS:
        written = json.dumps(ARGUMENTS, separators=separators)
        if single is None or written not in single or NAME not in single.partition(written)[0]:
            continue
        before, _, rest = single.partition(NAME)
        between, _, after = rest.partition(written)
        double = _write(template, 2) or ""
        joint = double.removeprefix(before + NAME + between + written).partition(NAME)[0]
        if not before.strip() or not double.startswith(before + NAME) or written not in double.partition(joint)[2]:
            joint = ""  # it takes one call a turn
        if before.strip():
            return CallForm(before.lstrip(), between, after, joint, separators)
    raise error("T122", found="a template that writes calls in another way, or none", expected="arguments as JSON")


def _write(template: mask.Template, count: int) -> str | None:
    """What the assistant writes for so many calls, the token that ends its turn left out."""
    function = {"name": NAME, "arguments": ARGUMENTS}
    properties = {"sxlone": {"type": "string"}, "sxltwo": {"type": "array", "items": {"type": "integer"}}}
    tool = {
        "type": "function",
        "function": {"name": NAME, "description": "d", "parameters": {"type": "object", "properties": properties}},
    }
    calls = [{"id": f"callid00{n}", "type": "function", "function": function} for n in range(count)]
    messages: list[mask.Message] = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "", "tool_calls": calls},
    ]
    try:
        said = mask.find_spans(template, messages, [tool]).said
        answer: mask.Message = {"role": "assistant", "content": "sxlanswer"}
        plain = mask.find_spans(template, [messages[0], answer], [tool]).said
    except UserError:
        return None
    ending = plain.partition("sxlanswer")[2]
    return said.removesuffix(ending) if ending else said
