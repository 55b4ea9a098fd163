"""A conversation and a chat template in; token ids out, each marked reflect, act or not trained.

Only what the assistant writes is trained: its reasoning, answers, calls and the stop token. Tool outputs, users and
system texts never are, nor is an assistant message with ``train: false`` (context copied from another trace, or an
act that no model made): it stays in the text, without loss. Where a template carries ``{% generation %}`` marks they
say what the assistant wrote; elsewhere each assistant turn is the text between two renderings, with and without it,
and a template whose renderings do not extend each other (it rewrites the past) is refused. Tokens come from the whole
text, so they are the ones that inference sees; a token belongs to the span that its first character lies in. Control
tokens come from the template alone (`control.py`). The renderer is the validator's (`sxl_data.trace.template`).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import UserError, error
from sxl_data.trace import template as renderer
from sxl_train.data.control import find_control
from sxl_train.run.objects import Object

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

IGNORED, REFLECT, ACT = 0, 1, 2
OWN = Path(__file__).parent / "templates" / "sxl.jinja"
SHORT = OWN.with_name("short.jinja")
SPECIAL_TOKENS = ("<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>")
"""Tokens of our template; a base that lacks one gets it."""
STOP, PAD = "<|im_end|>", "<|pad|>"
_CLOSING = patterns.compile(r"\s*(?:</think>|</reasoning>|\[/THINK\])\s*")
_EMPTY = patterns.compile(r"\s*(?:<think>\s*</think>|<reasoning>\s*</reasoning>|\[THINK\]\s*\[/THINK\])\s*")
Message: TypeAlias = Object


class Tokens(msgspec.Struct, frozen=True):
    """Token ids and the phase of each: 0 not trained, 1 reflect, 2 act. Equal lengths."""

    ids: list[int]
    phases: list[int]
    unasked: int = 0
    """Trained turns that do not go on from what inference puts before them."""


class Spans(msgspec.Struct, frozen=True):
    """A rendered conversation and where the assistant's turns stand in it."""

    text: str
    turns: list[tuple[int, int]]
    """[start, end) of what the model writes of each turn: behind the prompt that it is given."""
    unasked: int = 0
    """Turns whose text does not go on from that prompt."""

    @property
    def said(self) -> str:
        """All that the model writes."""
        return "".join(self.text[start:end] for start, end in self.turns)


class Template(msgspec.Struct, frozen=True):
    """A chat template and the constants it may name."""

    text: str
    constants: dict[str, str] = {}

    @property
    def marked(self) -> bool:
        """Whether the template says itself what the assistant wrote."""
        return self.renderer.marked

    @property
    def renderer(self) -> renderer.Template:
        """What renders it. Raises `UserError` T108 where the text is no template."""
        return _compile(self.text, tuple(sorted(self.constants.items())))


@functools.lru_cache(maxsize=64)
def _compile(text: str, constants: tuple[tuple[str, str], ...]) -> renderer.Template:
    try:
        return renderer.Template(text, "template", special=dict(constants), ours=text == _own())
    except UserError as problem:  # the renderer's, which knows the line but not whose template it is
        (wrong,) = problem.findings
        raise error("T108", line=wrong.line, found=wrong.found, expected="Jinja") from problem
    except renderer.TemplateRefused as problem:
        raise error("T108", found=problem, expected="Jinja") from problem


@functools.cache
def _own() -> str:
    return OWN.read_text(encoding="utf-8")


def make_template(text: str, tokenizer: PreTrainedTokenizerFast) -> Template:
    """The template with the tokenizer's special tokens, as `apply_chat_template` would pass them."""
    tokens = {name: str(value) for name, value in tokenizer.special_tokens_map.items() if isinstance(value, str)}
    return Template(text, tokens)


def render(template: Template, messages: list[Message], tools: list[Object] | None, prompt: bool = False) -> str:
    """The text of a conversation; ``prompt`` adds the opening of the assistant's next turn. Raises T108."""
    return _render(template, messages, tools, prompt)[0]


def _render(
    template: Template, messages: list[Message], tools: list[Object] | None, prompt: bool = False
) -> tuple[str, list[tuple[int, int]]]:
    try:
        text = template.renderer.text(messages, tools, prompt)
    except renderer.TemplateRefused as problem:
        raise error("T108", found=problem, expected="a text") from problem
    return renderer.split_marks(text)


def find_spans(template: Template, messages: list[Message], tools: list[Object] | None, first: int = 0) -> Spans:
    """The text and where each assistant message from ``first`` on stands in it.

    Raises `UserError` T108 where a template without marks rewrites the past.
    """
    if template.marked:
        text, spans = _render(template, messages, tools)
        skipped = sum(message["role"] == "assistant" for message in messages[:first])
        turns = skipped + sum(message["role"] == "assistant" for message in messages[first:])
        if len(spans) != turns:
            raise error("T108", found=f"{len(spans)} marked spans", expected=f"{turns}, one for each assistant turn")
        return _follow_prompts(template, messages, tools, first, text, spans[skipped:])
    text = render(template, messages, tools)
    found = []
    for index in range(first, len(messages)):
        if messages[index]["role"] != "assistant":
            continue
        before = render(template, messages[:index], tools, prompt=True)
        after = render(template, messages[: index + 1], tools)
        empty = _EMPTY.match(after[len(before) :]) if after.startswith(before) else None
        if empty and not messages[index].get("reasoning_content") and not text.startswith(after.rstrip()):
            # Qwen3 writes empty marks into the last turn alone: what is said is what stays of it.
            after = before + after[len(before) + empty.end() :]
        if not after.startswith(before) or not text.startswith(after.rstrip()):
            raise error(
                "T108",
                pointer=f"/messages/{index}",
                found="an earlier turn's text changes with later turns",
                expected="texts that extend each other, or {% generation %} marks",
            )
        found.append((len(before), len(after if text.startswith(after) else after.rstrip())))
    return Spans(text, found)


def _follow_prompts(
    template: Template,
    messages: list[Message],
    tools: list[Object] | None,
    first: int,
    text: str,
    marked: list[tuple[int, int]],
) -> Spans:
    """Cut what the prompt has written already off each marked turn, and count those that begin otherwise.

    A prompt may end with an opened ``<think>``: the model never samples it, so it carries no loss. What a prompt adds
    is asked for once for each role of the message before, and looked for in the other turns.
    """
    openings: dict[str, str | None] = {}
    turns, unasked = [], 0
    indices = [i for i in range(first, len(messages)) if messages[i]["role"] == "assistant"]
    for index, (start, end) in zip(indices, marked, strict=True):
        role = messages[index - 1]["role"] if index else ""
        if role not in openings:
            prompt = render(template, messages[:index], tools, prompt=True) if index else ""
            follows = text.startswith(prompt) and (start <= len(prompt) <= end or not index)
            openings[role] = text[start : len(prompt)] if follows else None
        opening = openings[role]
        if opening is None or not text.startswith(opening, start):
            unasked += messages[index].get("train") is not False
            opening = ""
        turns.append((start + len(opening), end))
    return Spans(text, turns, unasked)


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
    tokenizer: PreTrainedTokenizerFast,
    template: Template | str,
    messages: list[Message],
    tools: list[Object] | None,
    first: int = 0,
) -> Tokens:
    """Ids and phases of one conversation; nothing before message ``first`` is trained.

    The tokenizer must be a fast one: offsets are needed.
    """
    if isinstance(template, str):
        template = make_template(template, tokenizer)
    control = find_control(tokenizer, template.text)
    messages, tools = control.hide(messages), control.hide(tools)
    spans = find_spans(template, messages, tools, first)
    text = spans.text
    parts = split_phases(text, spans.turns, messages[first:])
    ids, places = control.encode(tokenizer, text)
    phases, position = [], 0
    for start, end in places:
        while position < len(parts) and start >= parts[position][1]:
            position += 1
        inside = position < len(parts) and parts[position][0] <= start and end > start
        phases.append(parts[position][2] if inside else IGNORED)
    return Tokens(ids, phases, spans.unasked)


def tokenise_prompt(
    tokenizer: PreTrainedTokenizerFast, template: Template, messages: list[Message], tools: list[Object] | None
) -> list[int]:
    """Ids of a conversation with the opening of the assistant's next turn behind it."""
    control = find_control(tokenizer, template.text)
    return control.encode(tokenizer, render(template, control.hide(messages), control.hide(tools), prompt=True))[0]


def find_stop(tokenizer: PreTrainedTokenizerFast, template: Template) -> str | None:
    """The special token that is trained to end a turn, or None where the template trains none."""
    tokens = tokenise(
        tokenizer, template, [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], None
    )
    special = {*tokenizer.all_special_ids, *tokenizer.get_added_vocab().values()}
    trained = [i for i, phase in zip(tokens.ids, tokens.phases) if phase == ACT and i in special]
    return str(tokenizer.convert_ids_to_tokens(trained[-1])) if trained else None


def show(tokenizer: PreTrainedTokenizerFast, tokens: Tokens) -> str:
    """The text with the trained parts in brackets: ⟦r reasoning⟧ ⟦a answers, calls, stop⟧."""
    pieces: list[str] = []
    start = 0
    for index in range(1, len(tokens.ids) + 1):
        if index == len(tokens.ids) or tokens.phases[index] != tokens.phases[start]:
            text = str(tokenizer.decode(tokens.ids[start:index]))
            mark = {IGNORED: "", REFLECT: "r", ACT: "a"}[tokens.phases[start]]
            pieces.append(f"⟦{mark} {text}⟧" if mark else text)
            start = index
    return "".join(pieces)
