"""Results of calls inside messages: which calls they answer, and what they say.

In: a message that answers calls. Harnesses of text write results in the user's name, behind a head (``EXECUTION
RESULT of [name]:``, ``OBSERVATION:``) or in ``<tool_response>``, and several of them into one message; others write
a JSON list of named results. Out: one result for each, told to a builder. A ``<tool_response>`` ends at the tag that
the next one, or nothing, follows: what a tool returns may hold the tag itself.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.files.json_text import dump, load
from sxl_data.formats.content import parts_of
from sxl_data.formats.function_markup import PREFIXES
from sxl_data.formats.harness import is_harness
from sxl_data.formats.literal import json_end
from sxl_data.trace.build import Builder
from sxl_data.trace.types import Call, Result

_OPEN, _CLOSE = "<tool_response>", "</tool_response>"
_RESULTS = tuple(f"<{prefix}function_results>" for prefix in PREFIXES)
_TOOL_NAME = patterns.compile(r"\A\s*<tool_name>\s*([^<\n]{1,200}?)\s*</tool_name>\s*")
_STDOUT = patterns.compile(r"(?s)<(?:stdout|output)>(.*)</(?:stdout|output)>")
_HEAD = patterns.compile(
    r"\A(?:EXECUTION RESULT of \[([^\]\n]{1,200})\]:|OBSERVATION:|Observation:"
    r"|\[([a-z_]{1,40})(?: for '[^\n]{0,200}')?\] Result:)[ \t]*\r?\n?"
)
_EXIT = patterns.compile(r"\[(?:The command completed|Command finished) with exit code (-?\d{1,9})\.?\]")
_LOOK_AT = 64  # open calls among which one that a single result names is looked for
_NAMES = ("name", "tool_name", "function", "tool")
_IDS = ("tool_call_id", "tool_use_id", "call_id", "id")
_SAID = ("content", "output", "result", "response", "value")


class Answer(msgspec.Struct, frozen=True):
    """One result: what it says, and the call or tool that it names, if it names one."""

    content: Any
    name: str | None = None
    call_id: str | None = None


def marked(text: str) -> list[Answer]:
    """The results that ``text`` holds by its own marks; none where it has no mark."""
    if text.lstrip().startswith(_OPEN):
        return [_of_tag(piece) for piece in _responses(text)]
    if text.lstrip()[:40].startswith(_RESULTS):
        return _of_results(text.strip())
    head = _HEAD.match(text[:300])
    return [] if head is None else [Answer(text[head.end() :], name=head[1] or head[2])]


def in_blocks(content: Any) -> tuple[list[Answer], list[Any]]:
    """The results that the blocks of one message hold, and the blocks that belong to none: Cline writes a head into
    one block, what came of it into those that follow, and what the harness has to say into blocks between them."""
    found: list[tuple[str | None, list[Any]]] = []
    rest: list[Any] = []
    for block in content if isinstance(content, list) and len(content) > 1 else ():
        text = block.get("text") if isinstance(block, dict) else block
        head = _HEAD.match(text[:300]) if isinstance(text, str) else None
        if head is not None and isinstance(text, str):
            after = text[head.end() :].lstrip("\r\n")
            found.append((head[1] or head[2], [{"type": "text", "text": after}] if after else []))
        elif not found or is_harness([block]):
            rest.append(block)
        else:
            found[-1][1].append(
                block if isinstance(block, dict) and "type" in block else {"type": "text", "text": text}
            )
    return [Answer(blocks, name=name) for name, blocks in found], rest


def tell_rest(builder: Builder, blocks: Sequence[Any], at: str) -> None:
    """Observe what stands beside results in one message, in the name of who wrote it."""
    for by_harness in (False, True):
        if rest := [block for block in blocks if is_harness([block]) is by_harness]:
            builder.observe(parts_of(rest), "environment" if by_harness else "user", at=at)


def _of_results(text: str) -> list[Answer]:
    """Results as Anthropic's prompts have them: ``<result>`` with the tool's name and what it wrote, in
    ``<function_results>``."""
    inside = text[text.find(">") + 1 :].strip()
    close = inside.rfind("</")
    inside = inside[:close].strip() if close >= 0 and inside.endswith("function_results>") else inside
    if not inside.startswith("<result>"):
        return [Answer(inside)]
    found = []
    for piece in inside.split("<result>")[1:]:
        said = piece.rpartition("</result>")[0] if "</result>" in piece else piece
        name = _TOOL_NAME.search(said[:300])
        said = said[name.end() :] if name is not None else said
        out = _STDOUT.fullmatch(said.strip())
        found.append(Answer((out[1] if out is not None else said).strip("\n"), name=name[1] if name else None))
    return found


def answer(builder: Builder, found: Sequence[Answer], at: str) -> None:
    """Tell ``builder`` the results ``found``: of the call that each names, else of the open calls in order."""
    if len(found) == 1 and isinstance(found[0].content, str):
        alone = Result(call_id=_of_one(builder, found[0], at), content=parts_of(found[0].content))
        builder.result(with_exit_code(alone), at=at)
        return
    named = any(item.name is not None or item.call_id is not None for item in found)
    waiting = {call.call_id: call.name for call in builder.open_calls} if named else {}
    by_name: dict[str | None, deque[str]] = {}
    for call_id, name in waiting.items():
        by_name.setdefault(name, deque()).append(call_id)
    for item in found:
        blocks = isinstance(item.content, list) and all(isinstance(b, dict) and "type" in b for b in item.content)
        content = item.content if blocks or isinstance(item.content, str) else dump(item.content)
        ids = by_name.get(item.name, deque())
        while ids and ids[0] not in waiting:
            ids.popleft()
        if item.call_id is not None and item.call_id in waiting:
            call_id = item.call_id
        else:
            call_id = ids.popleft() if ids else builder.next_call(at)
        waiting.pop(call_id, None)
        builder.result(with_exit_code(Result(call_id=call_id, content=parts_of(content))), at=at)


def _of_one(builder: Builder, item: Answer, at: str) -> str:
    if item.call_id is not None or item.name is not None:
        waiting = islice(builder.open_calls, _LOOK_AT)
        found = (c.call_id for c in waiting if c.call_id == item.call_id or c.name == item.name)
        if (call_id := next(found, None)) is not None:
            return call_id
    return builder.next_call(at)


def listed(waiting: Sequence[Call], value: Any) -> list[Answer]:
    """The results of the open calls ``waiting`` where ``value``, or the JSON text that it is, lists them, each with
    its tool's name or its call's id; else none. One result that is a list itself is not taken for several."""
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return []
        try:
            value = load(value)
        except ValueError:
            return []
    if not isinstance(value, list) or len(value) < 2 or len(value) > len(waiting):
        return []
    found = [_named(item) for item in value]
    answers = [item for item in found if item is not None]
    if len(answers) < len(value):
        return []
    names = Counter(item.name for item in answers) - Counter[str | None](call.name for call in waiting)
    ids = Counter(item.call_id for item in answers) - Counter[str | None](call.call_id for call in waiting)
    return [] if names and ids else answers


def with_exit_code(result: Result) -> Result:
    """``result`` with the exit code that OpenHands states at its end."""
    last = result.content[-1].text if result.content else None
    found = _EXIT.findall(last[-600:]) if last and "exit code " in last[-600:] else []
    if not found:
        return result
    code = int(found[-1])
    return msgspec.structs.replace(result, exit_code=code, status="ok" if code == 0 else "error")


def _named(item: Any) -> Answer | None:
    if not isinstance(item, dict):
        return None
    name = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), None)
    call_id = next((item[key] for key in _IDS if isinstance(item.get(key), str)), None)
    said = next((key for key in _SAID if key in item), None)
    return None if said is None or (name is None and call_id is None) else Answer(item[said], name, call_id)


def _of_tag(piece: str) -> Answer:
    """A result in a tag; where it is an object that names its tool, so does the result, and its text stays whole."""
    text = piece.strip("\n")
    name = None
    if text.lstrip().startswith("{"):
        try:
            value = load(text)
        except ValueError:
            value = None
        named = _named(value)
        name = named.name if named is not None else None
    return Answer(text, name)


def _responses(text: str) -> list[str]:
    """What stands in the ``<tool_response>`` tags of ``text``. One that is never closed takes the rest."""
    pieces: list[str] = []
    at = text.find(_OPEN)
    closed = text.rfind(_CLOSE)
    while at >= 0:
        begin = at + len(_OPEN)
        end = _json_close(text, begin)
        cursor = begin
        while end < 0 and (close := text.find(_CLOSE, cursor)) >= 0:
            after = _past_space(text, close + len(_CLOSE))
            if after >= len(text) or text.startswith(_OPEN, after) or close == closed:
                end = close
            cursor = close + len(_CLOSE)
        pieces.append(text[begin : end if end >= 0 else len(text)])
        if end < 0:
            break
        cursor = end + len(_CLOSE)
        if closed == end and (rest := text[cursor:].strip()):
            pieces[-1] = f"{pieces[-1].rstrip()}\n{rest}"  # words after the last tag are the harness's own
            break
        at = text.find(_OPEN, cursor)
    return pieces


def _json_close(text: str, begin: int) -> int:
    """Where the closing tag stands after a JSON value that begins at ``begin``; -1 where there is no such value."""
    first = _past_space(text, begin)
    if not text.startswith(("{", "["), first):
        return -1
    end = json_end(text, first)
    after = _past_space(text, end) if end >= 0 else -1
    return after if after >= 0 and text.startswith(_CLOSE, after) else -1


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
