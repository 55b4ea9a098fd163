# ruff: noqa: E501 (patterns on one line each)
"""Signs by which a programming language is known, and how much of them a text has.

In: a text. Out: a number for each language: weights of what its programs nearly always hold and others rarely do,
each sign counted three times at most.
"""

from __future__ import annotations

from sxl_data.contract import patterns

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
            (2, r"^[ \t]*#[ \t]*(?:define|ifndef|ifdef|endif)\b"),
            (2, r"\btypedef (?:struct|enum|union)\b|\b(?:malloc|sizeof|memcpy|strlen)\("),
            (2, r"\bstruct \w+ ?\*|\b(?:char|void|int|double) ?\*+ ?\w+|\bextern \w+"),
        ),
        "cpp": (
            (
                4,
                r"^#include ?<(?:iostream|vector|string|map|algorithm|memory|set|queue|unordered_\w+|bits/stdc\+\+\.h)>",
            ),
            (
                4,
                r"\bstd::(?:string|vector|cout|cin|cerr|endl|map|set|pair|unique_ptr|shared_ptr|move|sort|unordered_\w+|function|size_t|ostream|optional|array|to_string|make_\w+|min|max|begin|end|uint\d+_t)\b",
            ),
            (
                2,
                r"^[ \t]*(?:public|private|protected):|\bnullptr\b|^namespace \w+|\b\w+::\w+\(|^class \w+(?: final)?[ \t:{]",
            ),
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

# Words of which a text has one if it is of the language: some of the signs stand in other languages too.
_NEEDED: dict[str, frozenset[str]] = {
    "c": frozenset(
        "include printf main scanf define ifndef ifdef typedef struct char void int double extern malloc sizeof".split()
    ),
    "cpp": frozenset(
        "include std using cout cin template main public private protected nullptr namespace class".split()
    ),
    "php": frozenset(("php", "$")),
}
_LETTERS = bytes(b if 0x40 < (b & 0xDF) < 0x5B and b < 0x80 else 0x20 for b in range(256))
_SIGNS = [(language, weight, cue) for language, cues in _CUES.items() for weight, cue in cues]
_ANY = patterns.Several([cue for _, _, cue in _SIGNS])
_COUNTED = 3


def scores(text: str) -> dict[str, int]:
    """How much speaks for each language."""
    data = patterns.utf8(text)
    found = dict.fromkeys(_CUES, 0)
    for number in _ANY.matching(data):
        language, weight, cue = _SIGNS[number]
        found[language] += weight * cue.count(data, _COUNTED)
    wanting = [language for language in _NEEDED if found[language]]
    if wanting:
        seen = {*data.translate(_LETTERS).decode("ascii").split(), *("$" if "$" in text else "")}
        found.update({language: 0 for language in wanting if seen.isdisjoint(_NEEDED[language])})
    found["typescript"] += found["javascript"] if found["typescript"] else 0
    found["cpp"] += found["c"] if found["cpp"] > 1 else 0  # `int main(` alone is C as well
    return found
