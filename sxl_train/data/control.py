"""Control tokens stay the template's own: text that spells one (``<|im_end|>`` in an answer) is encoded as plain text.

A tokenizer turns such text into the token wherever it stands, so an answer would end in the middle and a user's text
could speak as the assistant. Before rendering, `Control.hide` parts every such spelling in the data by a character
that no text has; after encoding, `Control.encode` drops that character again. What the template itself writes is left
alone. Tokens are those of the whole text: only rows that spell a control token are encoded otherwise than before.

Control tokens are the special ones and those others that the template writes, such as ``<tool_call>``. A tokenizer's
further added tokens (white space, markup) are ordinary text.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from sxl_data.contract import patterns

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

PART = "\ufdd2"
"""A noncharacter: Unicode keeps it out of texts for good."""
ESCAPED = r"\ufdd2"
"""How a template's JSON or Python text may write it."""
_RESERVED = patterns.compile("[\ufdd0-\ufdef]")
_KNOWN: weakref.WeakKeyDictionary[PreTrainedTokenizerFast, dict[tuple[int, str], Control]] = weakref.WeakKeyDictionary()


Text = TypeVar("Text")


class Control:
    """The control tokens of one vocabulary: ``{id: text}``."""

    def __init__(self, tokens: Mapping[int, str]) -> None:
        texts = sorted({text for text in tokens.values() if len(text) > 1}, key=lambda t: (-len(t), t))
        self.tokens = dict(tokens)
        self._spellings = patterns.compile("|".join(map(patterns.escape, texts))) if texts else None
        self._heads = {text[:n] for text in texts for n in range(2, len(text))}
        self._tails = {text[-n:] for text in texts for n in range(2, len(text))}
        self._longest = max(map(len, texts), default=0)

    def hide(self, value: Text) -> Text:
        """``value`` (text, or lists and objects of it) with every spelling of a control token parted.

        Texts that end with the head of one, or begin with its tail, are parted from what follows or precedes.
        """
        if isinstance(value, str):
            return self._hide(value)  # type: ignore[return-value]
        if isinstance(value, Mapping):
            return {self.hide(key): self.hide(inner) for key, inner in value.items()}  # type: ignore[return-value]
        if isinstance(value, list | tuple):
            return [self.hide(inner) for inner in value]  # type: ignore[return-value]
        return value

    def encode(
        self, tokenizer: PreTrainedTokenizerFast | Tokenizer, text: str
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """(ids, their [start, end) in ``text``) of a text rendered from hidden values, the parting dropped.

        ``tokenizer`` is a fast tokenizer of transformers, or a `tokenizers.Tokenizer`.
        """
        ids, places = _encode(tokenizer, text)
        if not (is_parted(text) or any(map(self._is_mended, ids, (text[a:b] for a, b in places)))):
            return ids, list(places)
        kept: list[int] = []
        spans: list[tuple[int, int]] = []
        for index, (start, end) in zip(ids, places):
            piece = text[start:end]
            plain = show_parts(piece)
            if self._is_mended(index, piece):
                own = [i for letter in plain for i in _encode(tokenizer, letter)[0]]
            elif plain == piece and not _inside(text, start, end):
                own = [index]
            else:
                own = _encode(tokenizer, plain)[0] if plain and not _inside(text, start, end) else []
            kept += own
            spans += [(start, end)] * len(own)
        return kept, spans

    def _is_mended(self, index: int, piece: str) -> bool:
        """Whether the tokenizer's own normaliser made a control token out of another spelling."""
        return index in self.tokens and piece.strip() != self.tokens[index].strip()

    def _hide(self, text: str) -> str:
        if not text.isascii():
            text = _RESERVED.sub("\ufffd", text)
        if ESCAPED in text:  # words of the data, not a parting that a template has written out
            text = text.replace(ESCAPED, ESCAPED[0] + PART + ESCAPED[1:])
        while self._spellings is not None and self._spellings.search(text):
            text = self._spellings.sub(lambda match: match[0][0] + PART + match[0][1:], text)
        reach = range(min(self._longest - 1, len(text)), 1, -1)
        if any(text[-n:] in self._heads for n in reach):
            text += PART
        if any(text[:n] in self._tails for n in reach):
            text = PART + text
        return text


def find_control(tokenizer: PreTrainedTokenizerFast, template: str) -> Control:
    """The control tokens of a tokenizer of transformers beside the chat template ``template``."""
    known = _KNOWN.setdefault(tokenizer, {})
    key = (len(tokenizer), template)
    if key not in known:
        known.clear()
        special = set(tokenizer.all_special_tokens)
        known[key] = Control(
            {
                index: token.content
                for index, token in tokenizer.added_tokens_decoder.items()
                if token.content.strip()
                and not token.content.isalnum()
                and (token.special or token.content in special or token.content in template)
            }
        )
    return known[key]


def show_parts(text: str) -> str:
    """``text`` as a person reads it, without the partings."""
    # In this order: a text's own word for a parting is parted itself, and becomes that word again.
    return text.replace(ESCAPED, "").replace(PART, "")


def is_parted(text: str) -> bool:
    """Whether there is a parting in ``text``."""
    return PART in text or ESCAPED in text


def _encode(tokenizer: PreTrainedTokenizerFast | Tokenizer, text: str) -> tuple[list[int], Sequence[tuple[int, int]]]:
    if not callable(tokenizer):
        made = tokenizer.encode(text, add_special_tokens=False)
        return list(made.ids), made.offsets
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    return list(encoded["input_ids"]), encoded["offset_mapping"]


def _inside(text: str, start: int, end: int) -> bool:
    """Whether [start, end) lies in one parting that is written out as an escape."""
    place = text.rfind(ESCAPED, max(0, start - 5), end + 5)
    return place >= 0 and place <= start and end <= place + 6
