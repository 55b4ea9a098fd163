"""Whether an answer rests on an image, audio or file part that came with its question.

In: the steps of a trace as plain values. Out: the pointer-like name of the first part that an answer rests on, or
None. A rule of thumb, and meant to be one: a row is lost for nothing, or a model learns to describe what it cannot
see, and the second is worse. An answer rests on the part where

- the words beside it ask nothing by themselves: none, or only such as "what?", "and this one?";
- they point at it: "in this picture", "see the attached file", "describe what is shown";
- they are a short question that names nothing of its own: no number, no name, no code, as "what colour is the cat?";
- they are short and in a script in which this module knows no words;
- the part is all that the last calls returned, and the last answer comes right after it.
"""

from __future__ import annotations

from typing import Any

from sxl_data.contract import patterns
from sxl_data.trace.media import MEDIA

_ASKERS = ("user", "parent", "environment")
LONG = 40  # words: a text this long says its task itself, and names a picture in passing
SHORT = 12

_WORD = patterns.compile(r"[\p{L}\p{N}_]+")
_NOUNS = """
    images? pictures? pics? photos? photographs? screenshots? figures? diagrams? charts? graphs? plots? drawings?
    sketch(?:es)? paintings? logos? icons? scans? slides? frames? videos? clips? audio recordings? sounds? songs?
    voices? speech files? pdfs? documents? pages? spreadsheets? attachments? text
"""
_SHOWN = "|".join(_NOUNS.split())
_POINTS = patterns.compile(
    rf"(?i)\b(?:the|this|that|these|those|my|our|your|each|both|attached|uploaded|following|in|of|from)\s+(?:\w+\s+)?(?:{_SHOWN})\b"
    r"|\b(?:this|these|here|above|below|attached|uploaded|shown|depicted|visible|pictured|transcri\w+|look at|listen to"
    r"|see|hear)\b"
)
_ASKS = patterns.compile(
    r"(?i)\s*(?:what|which|who|whose|where|when|why|how|is|are|was|were|does|do|did|can|could|has|have|will|would|should"
    r"|describe|identify|name|list|count|caption|classify|recogni[sz]e|extract|summari[sz]e|translate|solve)\b"
)
_FUNCTION_WORDS = """
    what which who whose where when why how is are was were do does did can could it its the a an and or of to in on at
    for please tell me us you i we they he she him her one ones there so then now hi hello ok okay yes no help explain
    describe caption solve answer again more else about with
"""
_EMPTY = frozenset(_FUNCTION_WORDS.split())
# A number, code, or a capital letter inside a sentence: the text has a subject of its own.
_OWN = patterns.compile(r"[0-9]|[`{}=]|[a-z,;:] [A-Z]|[a-z][A-Z_]|[A-Z]{2}")


def rests_on(steps: list[dict[str, Any]]) -> str | None:
    """What an answer of ``steps`` rests on, such as ``image``, or None."""
    pending: list[dict[str, Any]] = []  # what was observed since the agent last did something
    asked: str | None = None  # the part that answers to the last question rest on
    returned: str | None = None
    last: str | None = None
    for step in steps:
        phase = step["phase"]
        if phase == "observe" and step["origin"] in _ASKERS:
            pending.append(step)
            if step["origin"] != "environment" or _media_of([step]):
                asked = _media_of(pending) if _asks_nothing_else(_words(pending)) else None
            returned = None
        elif phase == "iterate":
            returned, pending = _all_that_came(step), []
        elif phase == "act":
            if asked and says(step):
                return asked
            last = returned if says(step) and not step["calls"] else None
            returned, pending = None, []
    return last


def _media_of(observed: list[dict[str, Any]]) -> str | None:
    """The type of the first part that is no text."""
    return next((p["type"] for step in observed for p in step["content"] or [] if p["type"] in MEDIA), None)


def _words(observed: list[dict[str, Any]]) -> str:
    """What was asked: the words of people, or of the environment where no person spoke."""
    by_people = [step for step in observed if step["origin"] != "environment"]
    parts = [part for step in by_people or observed for part in step["content"] or []]
    return " ".join(part["text"] for part in parts if part["type"] == "text" and part["text"])


def says(step: dict[str, Any]) -> bool:
    """Whether an act says something in words."""
    return any((part["text"] or "").strip() for part in step["content"] or [])


def _all_that_came(step: dict[str, Any]) -> str | None:
    """The type of the media that a step's results are, where they hold nothing else."""
    parts = [part for result in step["results"] or [] for part in result["content"] or []]
    if any(part["type"] not in MEDIA and (part["text"] or part["data_json"] or "").strip() for part in parts):
        return None
    return next((part["type"] for part in parts if part["type"] in MEDIA), None)


def _asks_nothing_else(text: str) -> bool:
    words = [word.lower() for word in _WORD.findall(text)]
    if len(words) > LONG:
        return False
    if all(word in _EMPTY for word in words) or _POINTS.search(text):
        return True
    letters = [character for character in text if character.isalpha()]
    if sum(not character.isascii() for character in letters) * 2 > len(letters):
        return len(letters) <= LONG and _OWN.search(text) is None
    question = "?" in text or _ASKS.match(text) is not None
    return len(words) <= SHORT and question and _OWN.search(text) is None
