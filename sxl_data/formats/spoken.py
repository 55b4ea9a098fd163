"""What a model said in one text: its thoughts, its calls and its words.

In: the text of an answer. Out: the same told to a builder. Thoughts stand in ``<think>`` or before a ``</think>``
whose beginning the prompt held, calls in ``<tool_call>`` (JSON, several values, a Python literal, or GLM's argument
pairs) or in ``<function=…>``. A tag is read only where what must follow it does: in prose, in a code span and in a
fenced block it is words. A value ends where its own brackets and quotes do, so that its strings may hold any tag.
Source: https://github.com/NousResearch/Hermes-Function-Calling, https://huggingface.co/Qwen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump, given
from sxl_data.formats.function_markup import (
    BY_OPENING,
    INVOKE,
    OPEN,
    PREFIXED,
    PREFIXES,
    Asked,
    Source,
    Types,
    read_function,
)
from sxl_data.formats.literal import json_end, value_of
from sxl_data.formats.tool_tags import TOOLS, may_hold, read_tool
from sxl_data.trace.build import Builder

_CALL, _CALL_END = "<tool_call>", "</tool_call>"
_MARKS = patterns.compile(
    r"`+|</?think>|<scratch_pad>|<tool_call>|<function=|<(?:antml:)?(?:function_calls>|invoke name=)"
    rf"|<(?:{TOOLS})>"
)
_SIGNS = ("<tool_call>", "<function=", "think>", "<scratch_pad>", "invoke name=")
_AROUND = frozenset(f"<{prefix}function_calls>" for prefix in PREFIXES)
_FIRST = patterns.compile(r"\s*<(thinking|reasoning|thoughts?|reflection)>")
"""Other names of a thought, read only where an answer begins with it: in a text they are words of XML."""
_PAIRS = patterns.compile(r"(?s)<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>")
_BETWEEN = ("", "and", "or", "...", "…", "/", ",")  # what stands between two tags that are spoken of
_TRIES = 4  # ends of a literal that are tried, each a tag that one of its strings might hold
_FORMS = {"<think>": "think_tag", "<scratch_pad>": "scratchpad"}

# ("text" or the form of a thought, what it says), or a call
Piece = tuple[str, str] | Asked


def is_marked_up(text: str) -> bool:
    """Whether ``text`` may hold a thought or a call. Most texts have no angle bracket at all."""
    return "<" in text and (any(sign in text for sign in _SIGNS) or may_hold(text))


def pieces_of(text: str, types: Types, calls: bool = True) -> list[Piece]:
    """The pieces of ``text`` in order; one of type text where it holds no markup. ``types``: see `types_of`. Without
    ``calls`` only thoughts are looked for."""
    if (first := _first_thought(text)) is not None:
        thought, rest = first
        return [("think_tag", thought), *(pieces_of(rest, types, calls) if rest.strip() else ())]
    if not is_marked_up(text):
        return [("text", text)]
    source, out, at, skip = Source(text), list[Piece](), 0, 0
    code = _Code(source)
    for mark in _MARKS.finditer(text):
        start = mark.start()
        if start < skip:
            continue
        tag = mark[0]
        found: tuple[list[Piece], int] | None = None
        if tag[0] == "`":
            skip = code.end(start, len(tag))
        elif tag == "</think>":
            if not any(piece[0] in _FORMS.values() for piece in out if not isinstance(piece, Asked)):
                found = _bare_thought(text, start, at, out)
                at = start if found is not None else at
        elif tag in _FORMS:
            found = _thought(source, tag, start)
        elif not calls:
            continue
        elif tag == OPEN:
            called = read_function(source, start, types)
            found = None if called is None else ([called[0]], _past(source, called[1]))
        elif tag in _AROUND:
            found = _invoked(source, source.past_space(start + len(tag)), types, f"</{tag[1:]}")
        elif tag in BY_OPENING:
            found = _invoked(source, start, types, "")
        elif tag != _CALL:
            read = read_tool(source, start)
            found = None if read is None else ([read[0]], read[1])
        else:
            found = _tool_call(source, start, types)
        if found is None:
            continue
        if text[at:start].strip():
            out.append(("text", text[at:start]))
        out.extend(found[0])
        at = skip = found[1]
    if text[at:].strip() or not out:
        out.append(("text", text[at:] if out else text))
    return out


def tell(
    builder: Builder, text: str, ids: Iterator[int], types: Types, *, at: str, calls: bool = True, **common: Any
) -> bool:
    """Tell ``builder`` what one answer says; whether it holds a call of the form ``<function=…>``.

    ``ids`` number the calls that have no id of their own; ``common`` goes to each step; ``calls``: see `pieces_of`.
    """
    if not is_marked_up(text) and _first_thought(text) is None:
        builder.say(text, at=at, **common)
        return False
    pieces = pieces_of(text, types, calls)
    asked = [piece for piece in pieces if isinstance(piece, Asked)]
    said = [(kind, words) for piece in pieces if not isinstance(piece, Asked) for kind, words in (piece,)]
    for form, words in said:
        if form != "text" and words.strip():
            builder.reflect(words.strip(), form, at=at, **common)
    texts = [words for kind, words in said if kind == "text"]
    builder.say(texts[0] if len(pieces) == 1 and texts else "\n".join(t.strip() for t in texts), at=at, **common)
    for call in asked:
        call_id = call.call_id or f"call_{next(ids)}"
        builder.call(call.name, call.arguments_json, call_id, form=call.form, at=at, **common)
    return any(call.tagged for call in asked)


def _first_thought(text: str) -> tuple[str, str] | None:
    """The thought that ``text`` begins with under another name than ``<think>``, and what follows it."""
    found = _FIRST.match(text) if text.lstrip()[:1] == "<" else None
    if found is None:
        return None
    close = f"</{found[1]}>"
    end = text.find(close, found.end())
    return None if end < 0 else (text[found.end() : end], text[end + len(close) :])


class _Code:
    """Code spans and fenced blocks of one text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._line = (0, -1)  # the line that was last looked at, from its first place to its end

    def end(self, start: int, length: int) -> int:
        """Where the code ends that ``length`` backticks at ``start`` open; where they end, if they open none."""
        text = self._source.text
        first, last = self._line
        if not first <= start <= last:
            first = text.rfind("\n", max(last, 0), start) + 1 or max(last, 0)
            last = self._source.find("\n", start)
            last = len(text) if last < 0 else last
            self._line = (first, last)
        if length >= 3 and not text[first:start].strip():
            close = self._source.find("\n" + "`" * length, start + length)
            return start + length if close < 0 else close + 1 + length
        close = text.find("`" * length, start + length, last)
        return start + length if close < 0 else close + length


def _bare_thought(text: str, start: int, at: int, before: list[Piece]) -> tuple[list[Piece], int] | None:
    """The thought that ends at ``start`` and whose beginning the prompt held: all that stands before it."""
    end = start + len("</think>")
    after = text[end : end + 2]
    spoken_of = text[max(start - 1, 0) : start] in (" ", "'", '"') and after[:1] != "\n"
    if spoken_of and after.strip() and not (after.strip()[0].isupper() or after.strip()[0].isdigit()):
        return None
    thought = "".join(piece[1] for piece in before if not isinstance(piece, Asked)) + text[at:start]
    before.clear()
    return [("think_tag", thought)], end


def _thought(source: Source, tag: str, start: int) -> tuple[list[Piece], int] | None:
    text, begin, close = source.text, start + len(tag), "</" + tag[1:]
    end = source.next_that(close, begin, lambda at: not (text[at - 1] == "`" and text.startswith("`", at + len(close))))
    if end >= 0:
        spoken_of = end - begin < 8 and text[begin:end].strip() in _BETWEEN and _begun(text, start)
        return None if spoken_of else ([(_FORMS[tag], text[begin:end])], end + len(close))
    cut = start < 64 and not text[:start].strip() and text.startswith("\n", begin)
    return ([(_FORMS[tag], text[begin:])], len(text)) if cut else None


def _tool_call(source: Source, start: int, types: Types) -> tuple[list[Piece], int] | None:
    text = source.text
    begin = source.past_space(start + len(_CALL))
    calls: list[Piece] = []
    at = begin
    while text.startswith(OPEN, at) and (called := read_function(source, at, types)) is not None:
        calls.append(called[0])
        at = source.past_space(called[1])
    while text.startswith(("{", "["), at) and (end := json_end(text, at)) >= 0:
        found = _asked(text[at:end])
        if found is None:
            break
        calls += found
        at = source.past_space(end)
        if text.startswith(",", at):
            at = source.past_space(at + 1)
    if calls and not text.startswith(("{", "["), at):
        close = text.find(_CALL_END, at, at + 40)
        return calls, close + len(_CALL_END) if close >= 0 and not text[at:close].strip("]}),; \r\n\t") else at
    return _other(source, start, begin)


def _invoked(source: Source, at: int, types: Types, close: str) -> tuple[list[Piece], int] | None:
    """The calls from ``at`` on that are written ``<invoke name=…>``, up to the tag ``close`` around them."""
    calls: list[Piece] = []
    end = at
    while (tags := next((t for t in (INVOKE, PREFIXED) if source.text.startswith(t.open, at)), None)) is not None:
        called = read_function(source, at, types, tags)
        if called is None:
            break
        calls.append(called[0])
        end = called[1]
        at = source.past_space(end)
    if not calls:
        return None
    return calls, at + len(close) if close and source.text.startswith(close, at) else end


def _other(source: Source, start: int, begin: int) -> tuple[list[Piece], int] | None:
    """A call that is no JSON: a Python literal, argument pairs, or what the reader has to find; None for prose."""
    text = source.text
    following = source.find(_CALL, begin)
    limit = following if following >= 0 else len(text)
    close = source.find(_CALL_END, begin)
    close = close if close < limit else -1
    head = text[begin : begin + 80]
    objects = head[:1] in ("{", "[") and head[1:].lstrip()[:1] in ("", '"', "'", "{", "}")
    if objects:
        for _ in range(_TRIES):
            end = close if close >= 0 else limit
            calls = _asked(text[begin:end].strip())
            if calls is not None:
                return calls, end + (len(_CALL_END) if close >= 0 else 0)
            further = source.find(_CALL_END, close + 1) if close >= 0 else -1
            if not 0 <= further < limit:
                break
            close = further
        close = source.find(_CALL_END, begin)
    elif close < 0 or close > limit:
        return None
    end = close if 0 <= close < limit else limit
    inside = text[begin:end].strip()
    end += len(_CALL_END) if end == close else 0
    name, _, rest = inside.partition("<arg_key>")
    if rest and name.strip() and not any(c.isspace() for c in name.strip()):
        return [_paired(name.strip(), inside)], end
    own_lines = "\n" in text[start:begin] and "\n" in text[close - 1 : close] and not _begun(text, start)
    return ([Asked("", inside, "raw")], end) if objects or own_lines or inside.startswith(OPEN) else None


def _begun(text: str, start: int) -> bool:
    """Whether words stand before ``start`` on its line."""
    return bool(text[max(text.rfind("\n", max(start - 200, 0), start) + 1, max(start - 200, 0)) : start].strip())


def _asked(text: str) -> list[Piece] | None:
    """The call, or the list of calls, that ``text`` holds; None where it is none."""
    try:
        value = value_of(text)
    except ValueError:
        return None
    items = value if isinstance(value, list) else [value]
    calls: list[Piece] = []
    for item in items:
        inner = item.get("function") if isinstance(item, dict) else None
        item = {**inner, "id": item.get("id")} if isinstance(inner, dict) else item
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            return None
        how = given(item.get("arguments", item.get("parameters", {})))
        call_id = item.get("id")
        calls.append(Asked(item["name"], how["arguments_json"], how["form"], str(call_id) if call_id else None))
    return calls or None


def _paired(name: str, inside: str) -> Asked:
    arguments: dict[str, Any] = {}
    for key, value in _PAIRS.findall(inside):
        try:
            arguments[key.strip()] = value_of(value.strip())
        except ValueError:
            arguments[key.strip()] = value
    return Asked(name, dump(arguments))


def _past(source: Source, at: int) -> int:
    """``at``, or what follows a ``</tool_call>`` there."""
    after = source.past_space(at)
    return after + len(_CALL_END) if source.text.startswith(_CALL_END, after) else at
