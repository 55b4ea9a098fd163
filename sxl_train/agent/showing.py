"""How tools are shown to a model: by its own chat template, or in words where the template leaves them out.

A template that knows no tools drops them without a word, and the model would work with tools that it never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sxl_data.contract.errors import UserError
from sxl_data.files.json_text import dump
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
    """The tools and the form of a call, for the end of a system text."""
    listed = "\n".join(dump(tool["function"]) for tool in tools)
    return (
        f"\n\nYou may call these tools:\n{listed}\n\nTo call one, write its name and arguments as JSON, and nothing "
        'behind it:\n<tool_call>{"name": "…", "arguments": {…}}</tool_call>'
    )
