"""Declared tools and a template's call form → a grammar, and the tokens that it allows next (llguidance).

An answer is free text until a call begins; from there on name, arguments and closing are those of a declared tool,
and the arguments satisfy its schema. A call that was begun is also ended: when few tokens are left the shortest
ending is taken, so that a small model that loops inside a string still gives a call that parses.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sxl_data.contract import patterns
from sxl_data.contract.errors import UserError, error
from sxl_train.data import mask
from sxl_train.generate.call_form import CallForm, Json, find_form
from sxl_train.generate.copying import copies, write_object, write_terminals
from sxl_train.generate.rows import Row
from sxl_train.generate.tool_schemas import read_tool
from sxl_train.generate.types import Copied

if TYPE_CHECKING:
    import numpy as np

    from sxl_train.generate.llama import Llama

SPARE = 24
"""Tokens kept beyond those of a tool's shortest call: an ending from inside a nested value takes a few more."""
LONGEST_ENDING = 400
CLOSING = '}],:"10tfn-'
"""What brings a value nearest to its end, the nearest first."""
REASONING = ("<think>", "</think>", "[THINK]", "[/THINK]")
"""Special tokens that free text may hold, where they are special."""
_NUMBERED = patterns.compile(r"<\[[0-9]+\]>")


class Grammars:
    """The grammars of one model; those of the same tools are made once."""

    def __init__(self, tokenizer: Any, form: CallForm, encode: Callable[[str], list[int]]) -> None:
        """``tokenizer`` is llguidance's view of the vocabulary, ``encode`` turns text into its tokens."""
        self.tokenizer, self.form, self.encode = tokenizer, form, encode
        first = encode(form.before)[:1]
        text = tokenizer.decode_str(first) if first else ""
        # A trigger that is one special token is no text: it has to be named by its number.
        special = bool(first) and tokenizer.is_special_token(first[0])
        self.trigger = first[0] if special else -1
        self.mark = text if special else find_mark(form.before)
        self.rest = form.before[len(self.mark) :]
        self.reasoning = [ids[0] for text in REASONING if len(ids := encode(text)) == 1 and self._is_special(ids[0])]
        self.closing = {letter: ids[-1] for letter in CLOSING if (ids := encode(letter))}
        self._begins: dict[int, list[int]] = {}
        """Letters of the mark that are there → tokens that bring the others."""
        self._made: dict[str, tuple[list[tuple[str, Json]], Any, int]] = {}

    @classmethod
    def of_tokenizer(cls, tokenizer: Any, template: mask.Template, ends: frozenset[int]) -> Grammars:
        """For a fast tokenizer of transformers."""
        hf = _import("llguidance.hf")
        made = hf.from_tokenizer(tokenizer, n_vocab=None, eos_token=sorted(ends))
        return cls(made, find_form(template), lambda text: list(tokenizer(text, add_special_tokens=False)["input_ids"]))

    @classmethod
    def of_llama(cls, llama: Llama, template: mask.Template, ends: frozenset[int]) -> Grammars:
        """For a GGUF file's vocabulary. Only control tokens are no text; ``<think>`` may be, as it is elsewhere."""
        guidance, library = _import("llguidance"), llama.library
        control = library.LLAMA_TOKEN_ATTR_CONTROL
        pieces = [
            (b"\xff" if library.llama_vocab_get_attr(llama.vocabulary, token) & control else b"") + llama.piece(token)
            for token in range(llama.size)
        ]
        made = guidance.LLTokenizer.from_llamacpp(
            tokens=pieces,
            vocab_ptr=llama.vocabulary,
            tokenize_fptr=ctypes.cast(library._lib.llama_tokenize, ctypes.c_void_p).value,
            eos_token=sorted(ends),
        )
        return cls(made, find_form(template), llama.tokenise)

    def constrain(self, tools: Sequence[Json], call_of: Sequence[str] = (), copied: Copied | None = None) -> Held:
        """What holds one answer to calls of ``tools``; ``call_of`` and ``copied`` as in `Request`."""
        key = json.dumps(list(tools), sort_keys=True, default=str)
        if key not in self._made:
            self._made[key] = self._make([read_tool(tool) for tool in tools])
        usable, matcher, reserve = self._made[key]
        if call_of or copied is not None:  # the texts are others in each turn: nothing to keep
            chosen = [tool for tool in usable if tool[0] in call_of] if call_of else usable
            return Held(self, self._match(chosen, bool(call_of), copied), reserve)
        return Held(self, matcher.deep_copy(), reserve)

    def _make(self, tools: Sequence[tuple[str, Json]]) -> tuple[list[tuple[str, Json]], Any, int]:
        """(tools with schemas that compile, a matcher at its beginning, tokens that the longest of the shortest calls
        takes)."""
        anything: Json = {"type": "object"}
        usable = list(tools)
        try:
            matcher = self._match(usable)
        except UserError:  # which of them it is, is looked for only then: compiling takes longer than a few tokens
            usable = [(name, schema if self._compiles(schema) else anything) for name, schema in tools]
            matcher = self._match(usable)
        endings = [0]
        for name, _ in usable:
            held = Held(self, matcher.deep_copy(), LONGEST_ENDING + 1)
            begin = ([self.trigger] if self.trigger >= 0 else self.encode(self.mark)) + self.encode(
                self.rest + self._spell(name) + self.form.between
            )
            for token in begin:
                held.accept(token)
            count = 0
            while not held.matcher.is_accepting() and not held.matcher.is_stopped() and count < LONGEST_ENDING:
                held.accept(held.shortest())
                count += 1
            endings.append(len(begin) + count)
        return usable, matcher, max(endings) + SPARE

    def _match(self, tools: Sequence[tuple[str, Json]], must_call: bool = False, copied: Copied | None = None) -> Any:
        guidance = _import("llguidance")
        matcher = guidance.LLMatcher(self.tokenizer, self.write(tools, must_call, copied), log_level=0)
        if matcher.is_error():
            raise error("T122", found=" ".join(matcher.get_error().split())[:300], expected="schemas of tools")
        return matcher

    def _compiles(self, schema: Json) -> bool:
        guidance = _import("llguidance")
        grammar = self.write([("sxlname", schema)])
        return not guidance.LLMatcher.validate_grammar_with_warnings(grammar, self.tokenizer)[0]

    def write(self, tools: Sequence[tuple[str, Json]], must_call: bool = False, copied: Copied | None = None) -> str:
        """The grammar in llguidance's dialect of Lark."""
        form = self.form
        mark = f"<[{self.trigger}]>" if self.trigger >= 0 else json.dumps(self.mark)
        head = f"head[lazy]: TEXT {mark}" if self.trigger < 0 and not must_call else f"head: {mark}"
        free = "TEXT " if self.trigger >= 0 and not must_call else ""
        opening, after = self._literal(self.rest), self._literal(form.after)
        more = f"({self._literal(form.joint)} call)*" if form.joint else ""
        think = f"(TEXT ({' | '.join(f'<[{token}]>' for token in self.reasoning)}))* " if self.reasoning else ""
        called = f"{free}head {opening} call {more} {after}"
        lines = [
            "%llguidance {}",
            f"start: {called}" if must_call else f"start: {think}TEXT | {think}{called}",
            "TEXT: /(.|\\n)*/",
            head,
            "call: " + " | ".join(f"tool_{at}" for at in range(len(tools))),
            *(write_terminals(copied) if copied else ()),
        ]
        item, key = form.separators
        options: Json = {"whitespace_flexible": False, "item_separator": item, "key_separator": key, "lenient": True}
        for at, (name, schema) in enumerate(tools):
            opened = self._literal(self._spell(name) + form.between)
            if copied and copies(schema):
                lines.append(f"tool_{at}: {opened} given_{at}")
                lines += write_object(f"given_{at}", schema, copied, form.separators, options)
            else:
                lines.append(f"tool_{at}: {opened} %json {json.dumps(schema | {'x-guidance': options})}")
        return "\n".join(lines) + "\n"

    def find_begins(self, text: str) -> list[int]:
        """The tokens that begin a call after ``text``: the trigger, or those that make its mark whole."""
        if self.trigger >= 0:
            return [self.trigger]
        there = [count for count in range(len(self.mark)) if text.endswith(self.mark[:count])]
        for count in there:
            if count not in self._begins:
                rest = self.mark[count:]
                pieces = (self.tokenizer.decode_str([token]) for token in range(self.tokenizer.vocab_size))
                self._begins[count] = [
                    t for t, piece in enumerate(pieces) if piece.startswith(rest) or self.mark in piece
                ]
        return [token for count in there for token in self._begins[count]]

    def _is_special(self, token: int) -> bool:
        return bool(self.tokenizer.is_special_token(token))

    def _literal(self, text: str) -> str:
        """``text`` in the grammar: special tokens by their numbers, for they are no text."""
        parts = [text]
        for token in {token for token in self.encode(text) if self._is_special(token)}:
            name = self.tokenizer.decode_str([token])
            numbered = (f"<[{token}]>" if at % 2 else part for p in parts for at, part in enumerate(_split(p, name)))
            parts = list(numbered)
        return " ".join(part if _NUMBERED.fullmatch(part) else json.dumps(part) for part in parts if part)

    def _spell(self, name: str) -> str:
        return json.dumps(name, ensure_ascii=False)[1:-1] if self.form.before.endswith('"') else name


class Held:
    """One answer in the making, held to a grammar."""

    def __init__(self, grammars: Grammars, matcher: Any, reserve: int) -> None:
        self.grammars, self.matcher, self.reserve = grammars, matcher, reserve
        self.begun = self._quoted = self._escaped = False
        self.text = ""

    def accept(self, token: int) -> None:
        """``token`` was chosen; one that ends the answer is not given to the grammar."""
        if self.matcher.is_stopped() or not self.matcher.consume_token(token):
            return
        text, form = self.grammars.tokenizer.decode_str([token]), self.grammars
        if not self.begun:
            if form.trigger >= 0:
                self.begun = token == form.trigger
                return
            self.text = (self.text + text)[-len(form.mark) - 256 :]
            _, found, text = self.text.partition(form.mark)
            self.begun = bool(found)
        for letter in text:
            if self._quoted and self._escaped:
                self._escaped = False
            elif self._quoted and letter == "\\":
                self._escaped = True
            elif letter == '"':
                self._quoted = not self._quoted

    def shortest(self) -> int:
        """The token that brings the call nearest to its end."""
        import numpy as np

        forced = self.matcher.compute_ff_tokens()
        if forced:  # the rest of a name, say: letter by letter it would take more tokens than are kept for it
            return int(forced[0])
        bits = np.unpackbits(np.frombuffer(self.matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        # A digit that no number may end with leads nowhere: -0.0 is none to the grammar, however many zeros follow.
        order = '"' if self._quoted and not self._escaped else CLOSING
        for token in (self.grammars.closing[letter] for letter in order if letter in self.grammars.closing):
            if token < len(bits) and bits[token]:
                return token
        return int(np.flatnonzero(bits)[0])


def _split(text: str, name: str) -> list[str]:
    """``text`` with each ``name`` in it as a part of its own, at the odd places."""
    if _NUMBERED.fullmatch(text) or name not in text:
        return [text]
    first, *others = text.split(name)
    return [first, *(part for other in others for part in (name, other))]


def find_mark(before: str) -> str:
    """What of a call's opening shows that it is one: a tag with its bracket, or all of it."""
    for opening, closing in (("<", ">"), ("[", "]")):
        if before.startswith(opening) and closing in before:
            return before[: before.index(closing) + 1]
    return before


def fill(rows: Sequence[Row]) -> np.ndarray:
    """Which tokens each row may take next: bits in int32 words [rows, words], all of them where nothing holds a row."""
    import numpy as np

    numpy = _import("llguidance.numpy")
    held = [(at, row, row.constraint) for at, row in enumerate(rows) if row.finish is None]
    constrained = [(at, row, item) for at, row, item in held if isinstance(item, Held)]
    if not constrained:
        return np.full((len(rows), 1), -1, dtype=np.int32)
    words = (constrained[0][2].grammars.tokenizer.vocab_size + 31) // 32
    mask = np.full((len(rows), words), -1, dtype=np.int32)
    numpy.fill_next_token_bitmask_par(_executor(), [(item.matcher, at) for at, _, item in constrained], mask)
    for at, row, item in constrained:
        left = row.limit - len(row.ids)
        if item.begun and left <= item.reserve:
            # The rest is needed to end the call; where it has ended, no other one may begin.
            over = item.matcher.is_accepting()
            mask[at] = _only(item.grammars.tokenizer.eos_tokens if over else [item.shortest()], words)
        elif not item.begun and left <= item.reserve:  # a call that begins now would not come to its end
            fewer = mask[at] & ~_only(item.grammars.find_begins(item.text), words)
            mask[at] = fewer if fewer.any() else mask[at]  # unless nothing else may be said
    return mask


def _only(tokens: Sequence[int], words: int) -> np.ndarray:
    """The bits of ``tokens`` alone."""
    import numpy as np

    bits = np.zeros(words * 32, dtype=np.uint8)
    bits[list(tokens)] = 1
    return np.packbits(bits, bitorder="little").view(np.int32)


_EXECUTORS: list[Any] = []


def _executor() -> Any:
    if not _EXECUTORS:
        _EXECUTORS.append(_import("llguidance").LLExecutor())
    return _EXECUTORS[0]


def _import(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise error("U402", found="no package llguidance", expected="pip install 'sheikh-sxl[eval]'") from None
