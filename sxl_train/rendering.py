"""A conversation through a chat template, as transformers renders it: in this process where the template is ours, in
one of its own, under limits of time, memory and output, where a model folder brought it.

In: a template's text and its values. Out: the text, and where transformers found ``{% generation %}`` marks. Raises
what the template raises, or says at which limit it was stopped.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sxl_data.engine.confined import Confined

OWN = Path(__file__).parent / "templates" / "sxl.jinja"


def render(
    template: str, messages: list[dict[str, Any]], tools: list[Any] | None, options: dict[str, Any]
) -> tuple[str, list[list[int]]]:
    """The text, and [start, end) of each part that the template says the assistant wrote, where that is asked for."""
    asked = {"template": template, "messages": messages, "tools": tools, "options": options}
    text, spans = answer(asked) if template == _own() else _process().call(asked)
    return text, spans


def answer(asked: dict[str, Any]) -> tuple[str, list[list[int]]]:
    """What `render` gives, from one JSON value, so that a child process can be asked."""
    from transformers.utils.chat_template_utils import render_jinja_template

    made: Any = render_jinja_template(
        [asked["messages"]], asked["tools"], chat_template=asked["template"], **asked["options"]
    )
    spans = made[1][0] if len(made[1]) else []
    return made[0][0], [[start, end] for start, end in spans]


@cache
def _own() -> str:
    return OWN.read_text(encoding="utf-8")


@cache
def _process() -> Confined:
    # transformers brings torch, which reserves much.
    return Confined(
        "sxl_train.rendering:answer", memory=16 << 30, libraries=("transformers.utils.chat_template_utils",)
    )
