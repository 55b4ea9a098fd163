"""Guesses the programming language of an answer, and says nothing where it is not sure.

In: a text, and perhaps the language that the source names. Out: a language as in
`sxl_data.files.syntax`, or None. A wrong guess costs a good row, because the clean stage drops code that
does not parse; so a text counts as code only when it has a fence or when its lines look like code, and a
language is named only when its signs outnumber those of all others and the text parses as it.
"""

from __future__ import annotations

from sxl_data.contract import patterns
from sxl_data.files.fences import blocks
from sxl_data.files.shown import parses_as_shown
from sxl_data.files.syntax import GRAMMARS, canonical, parses
from sxl_data.read.language_signs import scores as scores_of

SURE = 3
"""The score from which a language is guessed."""
_NAMED = patterns.compile(
    r"(?i)\b(?:python|javascript|js|typescript|java|rust|golang|bash|shell|ruby|php|swift|kotlin|sql|html|css)\b"
    r"|\b(?i:c\+\+|c#)|\b(?-i:Go|C)\b"
)
_TASK = 4_000  # characters of a task in which a language is looked for

# A line of code ends, begins or is built as sentences are not. Marks are looked for before a pattern is tried:
# a search that fails at every character of a long line costs more than all the rest of reading it.
_CODE_ENDS = frozenset("{};:,\\([")
_CODE_START = patterns.compile(
    r"\s*(?:[)}\]#@$]|//|/\*|\*|--|<[/!\w]|\w[\w.]* ?[-+*/]?= ?\S"
    r"|(?:import|from|package|use|using|return|break|continue|pass|else|end|fi|done|var|let|const|func|fn|def|class|public|private|static)\b"
    r"|(?i:select|from|where|insert|update|delete|create|group by|order by|values|set|join|inner|left)\b)"
)
_CODE_SIGNS = frozenset(")}]#@$/*-<")
_CODE_LETTERS = frozenset(  # with which the words of `_CODE_START` begin
    "im fr pa us re br co el en fi do va le fu fn de cl pu pr st se wh in up cr gr or jo".split()
)
_COMPARISONS = ("==", "!=", "<=", ">=")
_CALL = patterns.compile(r"\w\(.*\)")
_ITEM = patterns.compile(r"\w\[.*\]")
_INTRODUCTION = patterns.compile(r"^[A-Z][a-z']+(?: [\pL\pN_,'’\"`-]+)*[:.]$")
_SENTENCE = patterns.compile(r"^\s*(?:\d+[.)] |[-•] )?[A-Z][a-z']*(?: [\pL\pN_,'’\"-]+){4,}.*[.:?!]$")


# Beginnings that decide at once, and how much of a text they look at.
_OPENING = 60
_OPENINGS = (
    ("bash", patterns.compile(r"\s*#! ?/(?:usr/)?bin/(?:env )?(?:ba|z)?sh\b")),
    ("php", patterns.compile(r"\s*<\?php")),
    ("html", patterns.compile(r"\s*(?i:<!doctype html|<html)")),
    ("python", patterns.compile(r"\s*#! ?/usr/bin/(?:env )?python")),
)


def guess_language(text: str, named: str | None = None, task: str = "") -> str | None:
    """The language of ``text`` if it is code; ``named`` is what the source says it is, if anything.

    A guess that does not parse is none: then the next best is tried. Where the words of the ``task`` name the very
    language that the text looks like, it is stated, and holds although the text does not parse.
    """
    if fenced := blocks(text):
        label = next((block.label for block in fenced if block.label not in (None, "output")), None)
        return label or canonical(named)
    head = text.lstrip()[:_OPENING]
    if head[:1] in ("#", "<"):
        for language, opening in _OPENINGS:
            if opening.match(head):
                return language
    if not looks_like_code(text):
        return None
    if named:
        return canonical(named)
    scores = scores_of(text)
    if scores["javascript"] >= SURE and not scores["typescript"] and parses("javascript", text) is False:
        scores["typescript"] = scores["javascript"] + 1  # types alone are what JavaScript does not take
    ranked = [name for name in sorted(scores, key=lambda name: -scores[name]) if scores[name] >= SURE]
    if not ranked:
        return None
    best = [name for name in ranked if scores[name] == scores[ranked[0]]]
    if len(best) == 1 and named_in(task) == set(best):
        return best[0]
    for names in (best, *([name] for name in ranked[len(best) :])):
        found = [name for name in names if parses_as_shown(name, text) is not False]
        if len(found) == 1 and (found[0] in GRAMMARS or found == best):
            return found[0]
        if found:
            return None
    return None


def named_in(task: str) -> set[str]:
    """The languages that the words of a task name."""
    return {name for word in _NAMED.findall(task[:_TASK]) if (name := canonical(word)) is not None}


def looks_like_code(text: str) -> bool:
    """Whether most lines look like code, few are sentences, and the text does not begin with one."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()]
    if not lines or is_sentence(lines[0]) or (lines[0][-1] in ":." and _INTRODUCTION.match(lines[0])):
        return False
    others = [line for line in lines if not is_code_line(line)]
    if 10 * (len(lines) - len(others)) < 6 * len(lines):
        return False
    return 6 * sum(map(is_sentence, others)) <= len(lines)


def is_sentence(line: str) -> bool:
    """Whether ``line`` is a sentence of some words, and nothing behind it."""
    return line[-1] in ".:?!" and _SENTENCE.match(line) is not None


def is_code_line(line: str) -> bool:
    """Whether ``line``, which is not blank, is built as code is."""
    return (
        line.rstrip()[-1] in _CODE_ENDS
        or (_may_start(line) and _CODE_START.match(line) is not None)
        or ("=" in line and any(mark in line for mark in _COMPARISONS))
        or ("(" in line and _CALL.search(line) is not None)
        or ("[" in line and _ITEM.search(line) is not None)
    )


def _may_start(line: str) -> bool:
    """Whether `_CODE_START` may match: a look at two letters that spares most lines the pattern."""
    begin = line.lstrip()[:2]
    return "=" in line or begin[0] in _CODE_SIGNS or begin.lower() in _CODE_LETTERS
