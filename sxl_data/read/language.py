# ruff: noqa: E501 (patterns on one line each)
"""Guesses the programming language of an answer, and says nothing where it is not sure.

In: a text, and perhaps the language that the source names. Out: a language as in
`sxl_data.files.syntax`, or None. A wrong guess costs a good row, because the clean stage drops code that
does not parse; so a text counts as code only when it has a fence or when its lines look like code, and a
language is named only when its cues outnumber those of all others.
"""

from __future__ import annotations

from itertools import islice

from sxl_data.contract import patterns
from sxl_data.files.syntax import canonical

_FENCE = patterns.compile(r"(?m)^[ \t]*```[ \t]*([\w+#.-]*)")

# Weighted signs of a language: what its programs nearly always hold and others rarely do.
_CUES: dict[str, tuple[tuple[int, patterns.Pattern[str]], ...]] = {
    language: tuple((weight, patterns.compile(f"(?m){pattern}")) for weight, pattern in cues)
    for language, cues in {
        "python": (
            (3, r"^[ \t]*def \w+\(.*\)[^{;]*:[ \t]*(?:#.*)?$"),
            (3, r"^[ \t]*(?:class \w+.*|for \w.* in .*|while .*|if .*|elif .*|else|try|except.*|with .*):[ \t]*$"),
            (2, r"^(?:import [\w.]+(?: as \w+)?|from [\w.]+ import .+)$"),
            (1, r"\bprint\("),
            (1, r"^[ \t]*return [^;]*$"),
            (1, r"\b(?:None|True|False|self|elif|lambda)\b"),
            (1, r"^\w[\w, ]* = [^;]*[^;{]$"),
        ),
        "javascript": (
            (3, r"\b(?:const|let|var) \w+ ?= ?.*(?:;|=>|\{|\[|\()[ \t]*$"),
            (3, r"\bconsole\.log\("),
            (3, r"\bfunction\b ?\w* ?\([\w, ={}\[\]]*\) ?\{"),
            (2, r"=> ?[{(]?"),
            (3, r"\b(?:document|window|module)\.\w+"),
            (3, r"\brequire\(['\"]"),
            (2, r"==="),
        ),
        "typescript": (
            (4, r"\b(?:const|let|function)\b[^=\n]*: ?(?:string|number|boolean|void|any|unknown)\b"),
            (3, r"^(?:export )?(?:interface|type) \w+"),
        ),
        "java": (
            (4, r"\bpublic (?:static |final |abstract )*(?:class|interface|void|int|String|boolean|double)\b"),
            (3, r"\bSystem\.out\.print"),
            (3, r"^import java\b"),
            (1, r"\bprivate \w+ \w+;"),
            (1, r"\bnew \w+(?:<.*>)?\("),
        ),
        "c": (
            (3, r"^#include ?<(?:std(?:io|lib|int|bool)|string|math|ctype)\.h>"),
            (2, r"\bprintf\("),
            (1, r"\bint main\("),
            (1, r"\bscanf\("),
        ),
        "cpp": (
            (
                4,
                r"^#include ?<(?:iostream|vector|string|map|algorithm|memory|set|queue|unordered_\w+|bits/\w+\.h\+?\+?)>",
            ),
            (4, r"\bstd::"),
            (3, r"\busing namespace std\b"),
            (3, r"\bcout ?<<|\bcin ?>>"),
            (1, r"\btemplate ?<"),
            (1, r"\bint main\("),
        ),
        "go": ((4, r"^package \w+$"), (3, r"^func (?:\(\w+ \*?\w+\) )?\w+\("), (2, r":="), (2, r"\bfmt\.\w+\(")),
        "rust": (
            (4, r"\bfn \w+(?:<.*>)?\(.*\)(?: -> [^{]+)? ?\{"),
            (3, r"\blet mut \w+"),
            (3, r"\bprintln!\("),
            (2, r"^use \w+::"),
            (2, r"^impl\b"),
        ),
        "bash": (
            (4, r"^#! ?/(?:usr/)?bin/(?:env )?(?:ba|z)?sh"),
            (3, r"^[ \t]*(?:fi|done|esac)$"),
            (2, r"\becho \"?\$"),
            (2, r"^[ \t]*(?:sudo|apt-get|chmod|mkdir|grep|awk|sed|find|curl|tar) \S"),
        ),
        "sql": (
            (
                4,
                r"(?i)^[ \t]*(?:select\b[\s\S]*?\bfrom|insert into|create table|update \w+ set|delete from|alter table)\b",
            ),
            (1, r"(?i)\b(?:where|group by|order by|inner join)\b"),
        ),
        "html": ((4, r"(?i)<!doctype html|<html|<body|<div|<form|<table|<ul|<p>|<h1"), (1, r"</\w+>")),
        "css": ((4, r"^[ \t]*[.#]?[\w-]+(?:[ ,>:.#][\w ,>:.#-]+)?[ \t]*\{[ \t]*\n?[ \t]*[\w-]+[ \t]*:[^;{}]+;"),),
        "php": ((6, r"<\?php"), (3, r"\$\w+ ?= ?[^;]+;")),
        "csharp": (
            (6, r"^using System"),
            (4, r"\bConsole\.(?:Write|Read)"),
            (2, r"\bnamespace \w+"),
            (6, r"\{ ?get;|\bforeach ?\("),
            (3, r"\bstring(?:\[\])? \w+|List<(?:int|string)>"),
        ),
        "ruby": (
            (3, r"^[ \t]*def \w+[?!]?(?:\([\w, =]*\))?[ \t]*$"),
            (2, r"^[ \t]*end$"),
            (2, r"\bputs\b"),
            (2, r"\bdo \|\w+"),
        ),
        "swift": (
            (3, r"\bfunc \w+\(.*\) ?(?:-> ?\w+ )?\{"),
            (2, r"\bvar \w+ ?: ?\w+"),
            (3, r"\bguard .* else|\binout\b"),
            (2, r"^import (?:UIKit|Foundation|SwiftUI)$"),
        ),
        "kotlin": ((4, r"\bfun \w+\("), (2, r"\bval \w+ ?=")),
    }.items()
}

# Words and marks of which a text has one if any cue of the language can match; looking them up in a set
# spares most texts most patterns.
_NEEDED: dict[str, frozenset[str]] = {
    "python": frozenset(
        [
            "def",
            "class",
            "for",
            "while",
            "if",
            "elif",
            "else",
            "try",
            "except",
            "with",
            "import",
            "from",
            "print",
            "return",
            "None",
            "True",
            "False",
            "self",
            "lambda",
            "=",
        ]
    ),
    "javascript": frozenset(
        ["const", "let", "var", "console", "function", "=>", "document", "window", "module", "require", "==="]
    ),
    "typescript": frozenset(["const", "let", "function", "interface", "type"]),
    "java": frozenset(["public", "System", "java", "private", "new"]),
    "c": frozenset(["include", "printf", "main", "scanf"]),
    "cpp": frozenset(["include", "std", "using", "cout", "cin", "template", "main"]),
    "go": frozenset(["package", "func", ":=", "fmt"]),
    "rust": frozenset(["fn", "let", "println", "use", "impl"]),
    "bash": frozenset(
        [
            "bin",
            "fi",
            "done",
            "esac",
            "echo",
            "sudo",
            "apt",
            "chmod",
            "mkdir",
            "grep",
            "awk",
            "sed",
            "find",
            "curl",
            "tar",
        ]
    ),
    "html": frozenset("<"),
    "css": frozenset("{"),
    "php": frozenset(("php", "$")),
    "csharp": frozenset(["using", "Console", "namespace", "get", "foreach", "string", "List"]),
    "ruby": frozenset(["def", "end", "puts", "do"]),
    "swift": frozenset(["func", "var", "import", "guard", "inout"]),
    "kotlin": frozenset(["fun", "val"]),
}
_MARKS = ("=", "=>", "===", ":=", "<", "{", "$")
_LETTERS = bytes(b if 0x40 < (b & 0xDF) < 0x5B and b < 0x80 else 0x20 for b in range(256))

# A line of code ends, begins or is built as sentences are not. Marks are looked for before a pattern is tried:
# a search that fails at every character of a long line costs more than all the rest of reading it.
_CODE_ENDS = frozenset("{};:,\\([")
_CODE_START = patterns.compile(
    r"\s*(?:[)}\]#@$]|//|/\*|\*|--|<[/!\w]|\w[\w.]* ?[-+*/]?= ?\S"
    r"|(?:import|from|package|use|using|return|break|continue|pass|else|end|fi|done|var|let|const|func|fn|def|class|public|private|static)\b"
    r"|(?i:select|from|where|insert|update|delete|create|group by|order by|values|set|join|inner|left)\b)"
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


def guess_language(text: str, named: str | None = None) -> str | None:
    """The language of ``text`` if it is code; ``named`` is what the source says it is, if anything."""
    if "```" in text and (fence := _FENCE.search(text)):
        return canonical(fence[1]) or canonical(named)
    head = text.lstrip()[:_OPENING]
    for language, opening in _OPENINGS:
        if opening.match(head):
            return language
    if not looks_like_code(text):
        return None
    if named:
        return canonical(named)
    seen = {
        *text.encode("utf-8", "replace").translate(_LETTERS).decode("ascii").split(),
        *(mark for mark in _MARKS if mark in text),
    }
    scores = {
        language: sum(weight * sum(1 for _ in islice(cue.finditer(text), 3)) for weight, cue in cues)
        if language not in _NEEDED or seen & _NEEDED[language]
        else 0
        for language, cues in _CUES.items()
    }
    scores["typescript"] += scores["javascript"] if scores["typescript"] else 0
    scores["cpp"] += scores["c"] if scores["cpp"] > 1 else 0  # `int main(` alone is C as well
    best, second = sorted(scores, key=lambda name: -scores[name])[:2]
    return best if scores[best] >= 3 and scores[best] > scores[second] else None


def looks_like_code(text: str) -> bool:
    """Whether most lines look like code, few are sentences, and the text does not begin with one."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()]
    if not lines or _SENTENCE.match(lines[0]) or _INTRODUCTION.match(lines[0]):
        return False
    others = [line for line in lines if not is_code_line(line)]
    if 10 * (len(lines) - len(others)) < 6 * len(lines):
        return False
    return 6 * sum(1 for line in others if _SENTENCE.match(line)) <= len(lines)


def is_code_line(line: str) -> bool:
    """Whether ``line``, which is not blank, is built as code is."""
    return (
        line.rstrip()[-1] in _CODE_ENDS
        or _CODE_START.match(line) is not None
        or ("=" in line and any(mark in line for mark in _COMPARISONS))
        or ("(" in line and _CALL.search(line) is not None)
        or ("[" in line and _ITEM.search(line) is not None)
    )
