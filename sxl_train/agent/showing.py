"""How tools are shown to a model: by its own chat template, or in words where the template leaves them out.

A template that knows no tools drops them without a word, and the model would work with tools that it never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sxl_data.contract.errors import UserError
from sxl_train.data import mask
from sxl_train.generate.types import Backend

_PROBE = "sxl_probe"


def shows_tools(backend: Backend) -> bool:
    """Whether the backend's template writes declared tools into the prompt; True where it is not known (a server)."""
    template: mask.Template | None = getattr(backend, "template", None)
    if template is None:
        return True
    tool = {"type": "function", "function": {"name": _PROBE, "description": "", "parameters": {"type": "object"}}}
    try:
        return _PROBE in mask.render(template, [{"role": "user", "content": "hello"}], [tool], prompt=True)
    except UserError:
        return False


def in_words(tools: Sequence[dict[str, Any]]) -> str:
    """The tools, a line each, and the form of a call, for the end of a system text.

    Not their JSON Schemas: those of a workspace take 709 tokens in place of 270, which is most of the time to the first
    token of a small model on a CPU.
    """
    listed = "\n".join(sign(tool["function"]) for tool in tools)
    return (
        f"\n\nYou may call these tools:\n{listed}\n\nTo call one, write its name and arguments as JSON, and nothing "
        'behind it:\n<tool_call>{"name": "…", "arguments": {…}}</tool_call>'
    )


def sign(declared: dict[str, Any]) -> str:
    """``name(parameter: type, other?: type) what it does``, as the template `short` has it."""
    schema = declared.get("parameters") or {}
    required = schema.get("required") or ()
    given = [
        f"{name}{'' if name in required else '?'}: {name_type(inner)}"
        for name, inner in (schema.get("properties") or {}).items()
    ]
    return f"{declared['name']}({', '.join(given)}) {declared.get('description') or ''}".rstrip()


def name_type(schema: Any) -> str:
    """The type of ``schema`` in a word: its values, its choices, a list of another one."""
    if not isinstance(schema, dict):
        return "any"
    if schema.get("enum"):
        return "|".join(map(str, schema["enum"]))
    if schema.get("anyOf"):
        return "|".join(map(name_type, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"{name_type(schema.get('items'))}[]"
    kind = schema.get("type")
    return kind if isinstance(kind, str) else "any"
