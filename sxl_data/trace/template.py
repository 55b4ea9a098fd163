"""A chat template as training uses it: messages → text, and which of it the agent said.

In: the name of a training template (``qwen3``), a path to one, or a model folder. Out: the rendered text
and the spans of it that carry loss. Named templates are TRL's own, found in the installed package without importing
it. All others are somebody's program: they run in a process of their own, under limits of time, memory and output.
The trainer renders here too, so that what was checked is what is trained.
Source: https://huggingface.co/docs/transformers/chat_templating, https://huggingface.co/docs/trl.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.errors import error
from sxl_data.engine.confined import Confined, Exceeded, Raised
from sxl_data.trace import jinja
from sxl_data.trace.jinja import CLOSE, OPEN


class TemplateRefused(Exception):
    """The template raised; the text is its reason."""


class Rendered(msgspec.Struct, frozen=True):
    """``text`` and the ``spans`` (start, end, in characters) that carry loss. ``marked`` tells whether
    the template says so itself or the spans were found by rendering prefixes."""

    text: str
    spans: tuple[tuple[int, int], ...]
    marked: bool


class Template:
    """One chat template, and a tokenizer where there is one. ``ours``: it may run in this process."""

    def __init__(
        self, source: str, name: str, tokenizer: Any = None, special: dict[str, str] | None = None, ours: bool = False
    ) -> None:
        self.source, self.name, self.tokenizer = source, name, tokenizer
        self._process = None if ours else Confined("sxl_data.trace.jinja:answer")
        # A template alone does not know its model's tokens, and some begin by naming them.
        self.special = {"bos_token": "<s>", "eos_token": "</s>"} if special is None else special
        self.marked = "{% generation" in source or "{%- generation" in source
        if wrong := self._ask({"source": source}):
            raise error("U204", file=name, line=wrong[0], found=wrong[1], expected="Jinja")

    def render(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> Rendered:
        """Raises `TemplateRefused`."""
        text = self.text(messages, tools)
        if self.marked:
            text, spans = split_marks(text)
            said = [message.get("train") is not False for message in messages if message["role"] == "assistant"]
            if len(said) == len(spans):
                spans = [span for span, trained in zip(spans, said) if trained]
            return Rendered(text, tuple(span for span in spans if span[1] > span[0]), True)
        return Rendered(text, _prefix_spans(self, messages, tools, text), False)

    def text(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None, prompt: bool = False) -> str:
        """The rendered text, loss markers included."""
        values = {
            "messages": messages,
            "tools": tools,
            "documents": None,
            "add_generation_prompt": prompt,
            **self.special,
        }
        return str(self._ask({"source": self.source, "values": values}))

    def _ask(self, asked: dict[str, Any]) -> Any:
        try:
            return jinja.answer(asked) if self._process is None else self._process.call(asked)
        except Raised as problem:
            raise TemplateRefused(str(problem)) from None
        except Exceeded as problem:
            raise TemplateRefused(f"the template was stopped: {problem}") from None
        except Exception as problem:  # a template may raise anything
            raise TemplateRefused(f"{type(problem).__name__}: {problem}") from None

    def count(self, rendered: Rendered, limit: int | None) -> tuple[int, int, int]:
        """(tokens, trained tokens, trained tokens within ``limit``); needs a tokenizer."""
        encoded = self.tokenizer.encode(rendered.text, add_special_tokens=False)
        trained = [
            i
            for i, (start, end) in enumerate(encoded.offsets)
            if end > start and any(a <= start < b for a, b in rendered.spans)
        ]
        within = len(trained) if limit is None else sum(i < limit for i in trained)
        return len(encoded.offsets), len(trained), within


def load(name: str, tokenizer: str | Path | None = None) -> Template:
    """The template called ``name``, at that path, or of that model folder.

    ``tokenizer`` is a folder or a tokenizer.json, default the model folder's own. Raises `UserError` U201
    where nothing is found.
    """
    path = Path(name)
    special: dict[str, str] | None = None
    if path.is_dir():
        source, special = _of_model(path)
        tokenizer = path if tokenizer is None else tokenizer
    elif path.is_file():
        source = path.read_text(encoding="utf-8")
    else:
        source = _named(name)
    held = None if tokenizer is None else open_tokenizer(Path(tokenizer))
    try:
        return Template(source, name, held, special, ours=not path.exists())
    except TemplateRefused as problem:
        raise error("U204", file=name, found=str(problem), expected="a template that can be compiled") from None


def named() -> dict[str, Path]:
    """Training templates by short name: TRL's own where it is installed."""
    spec = importlib.util.find_spec("trl")
    folders = [Path(place) / "chat_templates" for place in (spec.submodule_search_locations or ())] if spec else []
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.jinja")):
            found.setdefault(path.stem, path)
    return found


def _named(name: str) -> str:
    known = named()
    path = known.get(f"{name}_training") or known.get(name)
    if not known:
        raise error(
            "U402",
            file=name,
            found="no such file, and no TRL, which brings the templates that have a name",
            expected="a path, a model folder, or the extra `train`",
            fix="pip install 'sheikh-sxl[train]'",
        )
    if path is None:
        short = ", ".join(sorted({stem.removesuffix("_training") for stem in known}))
        raise error(
            "U201",
            file=name,
            found="no template of this name or path",
            expected=f"a path, or one of {short}",
            why="nothing can be rendered without it",
            fix="check the name",
        )
    return path.read_text(encoding="utf-8")


def _of_model(folder: Path) -> tuple[str, dict[str, str]]:
    config_path = folder / "tokenizer_config.json"
    config = json.loads(config_path.read_text(encoding="utf-8")) if config_path.is_file() else {}
    own = folder / "chat_template.jinja"
    source = own.read_text(encoding="utf-8") if own.is_file() else config.get("chat_template")
    if isinstance(source, list):  # several by name
        source = next((item["template"] for item in source if item.get("name") == "default"), None)
    if not isinstance(source, str):
        raise error(
            "U201",
            file=str(folder),
            found="no chat template",
            expected="chat_template.jinja in the folder",
            fix="name a template and give the folder as the tokenizer",
        )
    special = {}
    for key in ("bos_token", "eos_token", "pad_token", "unk_token"):
        value = config.get(key)
        value = value.get("content") if isinstance(value, dict) else value
        if isinstance(value, str):
            special[key] = value
    return source, special


def open_tokenizer(path: Path) -> Any:
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise error(
            "U201",
            file=str(file),
            found="nothing at this path",
            expected="a tokenizer.json",
            fix="give the folder of a fast tokenizer",
        )
    if importlib.util.find_spec("tokenizers") is None:
        raise error("U402", found="no tokenizers", expected="the extra `train`", fix="pip install 'sheikh-sxl[train]'")
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(file))
    except Exception as problem:  # the library raises nothing more exact
        raise error("U204", file=str(file), found=problem, expected="a tokenizer.json") from None


def split_marks(text: str) -> tuple[str, list[tuple[int, int]]]:
    """``text`` without its marks, and where they stood, also around nothing."""
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    start = length = 0
    for piece in text.replace(CLOSE, OPEN + CLOSE).split(OPEN):
        # A piece that begins with the closing mark ends a span, any other one may begin a span.
        if piece.startswith(CLOSE):
            spans.append((start, length))
            piece = piece[1:]
        else:
            start = length
        parts.append(piece)
        length += len(piece)
    return "".join(parts), spans


def _prefix_spans(
    template: Template, messages: list[dict[str, Any]], tools: Any, text: str
) -> tuple[tuple[int, int], ...]:
    """What each assistant message adds to the text before it, where rendering is a prefix of the whole."""
    spans = []
    for i, message in enumerate(messages):
        if message["role"] != "assistant" or message.get("train") is False:
            continue
        try:
            before = template.text(messages[:i], tools, prompt=True)
            after = template.text(messages[: i + 1], tools)
        except TemplateRefused:
            continue
        if text.startswith(before) and text.startswith(after.rstrip()):
            spans.append((len(before), len(after)))
    return tuple(spans)
