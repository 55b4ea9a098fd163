"""A conversation and a chat template in; token ids out, each marked reflect, act or not trained.

Only what the assistant writes is trained: its reasoning, answers, calls and the stop token. Tool outputs, users and
system texts never are, nor is an assistant message with ``train: false`` (context copied from another trace, or an
act that no model made): it stays in the text, without loss. Where a template carries ``{% generation %}`` marks they
say what the assistant wrote; elsewhere each assistant turn is the text between two renderings, with and without it,
and a template whose renderings do not extend each other (it rewrites the past) is refused. Tokens come from the whole
text, so they are the ones that inference sees; a token belongs to the span that its first character lies in.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_data.engine.confined import Exceeded, Raised
from sxl_train import rendering
from sxl_train.rendering import OWN as OWN

IGNORED, REFLECT, ACT = 0, 1, 2
MARKERS = ("<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>")
"""Tokens of our template; a base that lacks one gets it."""
_GENERATION = patterns.compile(r"\{%-?\s*generation\s*-?%\}")
_CLOSING = patterns.compile(r"\s*(?:</think>|</reasoning>|\[/THINK\])\s*")
STOP, PAD = "<|im_end|>", "<|pad|>"
Message = dict[str, Any]


class Tokens(msgspec.Struct, frozen=True):
    """Token ids and the phase of each: 0 not trained, 1 reflect, 2 act. Equal lengths."""

    ids: list[int]
    phases: list[int]


class Template(msgspec.Struct, frozen=True):
    """A chat template and the constants it may name."""

    text: str
    constants: dict[str, str] = {}

    @property
    def marked(self) -> bool:
        """Whether the template says itself what the assistant wrote."""
        return _GENERATION.search(self.text) is not None


def make_template(text: str, tokenizer: Any) -> Template:
    """The template with the tokenizer's special tokens, as `apply_chat_template` would pass them.

    The date is fixed: some templates print today's, and the same rows must give the same tokens.
    """
    tokens = {name: str(value) for name, value in tokenizer.special_tokens_map.items() if isinstance(value, str)}
    return Template(text, tokens | {"date_string": "01 Jan 2025"})


def render(template: Template, messages: list[Message], tools: list[Any] | None, prompt: bool = False) -> str:
    """The text of a conversation; ``prompt`` adds the opening of the assistant's next turn. Raises T108."""
    return _render(template, messages, tools, add_generation_prompt=prompt)[0]


def _render(template: Template, messages: list[Message], tools: list[Any] | None, **options: Any) -> Any:
    try:
        return rendering.render(template.text, messages, tools, template.constants | options)
    except (Raised, Exceeded) as problem:
        raise error("T108", found=str(problem), expected="a text") from problem
    except Exception as problem:  # a template raises whatever its author chose
        raise error("T108", found=f"{type(problem).__name__}: {problem}", expected="a text") from problem


def find_spans(
    template: Template, messages: list[Message], tools: list[Any] | None, first: int = 0
) -> tuple[str, list[tuple[int, int]]]:
    """The text and, for each assistant message from ``first`` on, the [start, end) of what it wrote.

    Raises `UserError` T108 where a template without marks rewrites the past.
    """
    if template.marked:
        text, spans = _render(template, messages, tools, return_assistant_tokens_mask=True)
        skipped = sum(message["role"] == "assistant" for message in messages[:first])
        turns = skipped + sum(message["role"] == "assistant" for message in messages[first:])
        if len(spans) != turns:
            raise error("T108", found=f"{len(spans)} marked spans", expected=f"{turns}, one for each assistant turn")
        return text, [(start, end) for start, end in spans][skipped:]
    text = render(template, messages, tools)
    found = []
    for index in range(first, len(messages)):
        if messages[index]["role"] != "assistant":
            continue
        before = render(template, messages[:index], tools, prompt=True)
        after = render(template, messages[: index + 1], tools)
        if not after.startswith(before) or not text.startswith(after.rstrip()):
            raise error(
                "T108",
                pointer=f"/messages/{index}",
                found="an earlier turn's text changes with later turns",
                expected="texts that extend each other, or {% generation %} marks",
            )
        found.append((len(before), len(after if text.startswith(after) else after.rstrip())))
    return text, found


def split_phases(text: str, spans: list[tuple[int, int]], messages: list[Message]) -> list[tuple[int, int, int]]:
    """(start, end, phase) over the trained spans: reasoning with its closing mark is reflect, the rest act."""
    parts: list[tuple[int, int, int]] = []
    turns = [message for message in messages if message["role"] == "assistant"]
    for (start, end), message in zip(spans, turns, strict=True):
        if message.get("train") is False:
            continue
        border = start
        reasoning = (message.get("reasoning_content") or "").strip()
        place = text.find(reasoning, start, end) if reasoning else -1
        if place >= 0:
            border = place + len(reasoning)
        closing = _CLOSING.match(text[border:end])
        if place < 0:
            # Some templates write empty thinking marks; the marks are the template's act, not reasoning.
            closing = None
        if closing:
            border += closing.end()
        if border > start:
            parts.append((start, border, REFLECT))
        parts.append((border, end, ACT))
    return parts


def tokenise(
    tokenizer: Any, template: Template | str, messages: list[Message], tools: list[Any] | None, first: int = 0
) -> Tokens:
    """Ids and phases of one conversation; nothing before message ``first`` is trained.

    The tokenizer must be a fast one: offsets are needed.
    """
    if isinstance(template, str):
        template = make_template(template, tokenizer)
    text, spans = find_spans(template, messages, tools, first)
    parts = split_phases(text, spans, messages[first:])
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    phases, position = [], 0
    for start, end in encoded["offset_mapping"]:
        while position < len(parts) and start >= parts[position][1]:
            position += 1
        inside = position < len(parts) and parts[position][0] <= start and end > start
        phases.append(parts[position][2] if inside else IGNORED)
    return Tokens(list(encoded["input_ids"]), phases)


def find_stop(tokenizer: Any, template: Template) -> str | None:
    """The special token that is trained to end a turn, or None where the template trains none."""
    tokens = tokenise(
        tokenizer, template, [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], None
    )
    special = {*tokenizer.all_special_ids, *tokenizer.get_added_vocab().values()}
    trained = [i for i, phase in zip(tokens.ids, tokens.phases) if phase == ACT and i in special]
    return str(tokenizer.convert_ids_to_tokens(trained[-1])) if trained else None


def show(tokenizer: Any, tokens: Tokens) -> str:
    """The text with the trained parts in brackets: ⟦r reasoning⟧ ⟦a answers, calls, stop⟧."""
    pieces: list[str] = []
    start = 0
    for index in range(1, len(tokens.ids) + 1):
        if index == len(tokens.ids) or tokens.phases[index] != tokens.phases[start]:
            text = tokenizer.decode(tokens.ids[start:index])
            mark = {IGNORED: "", REFLECT: "r", ACT: "a"}[tokens.phases[start]]
            pieces.append(f"⟦{mark} {text}⟧" if mark else text)
            start = index
    return "".join(pieces)
