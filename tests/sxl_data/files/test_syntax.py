"""sxl_data.files.syntax"""

from __future__ import annotations

import pytest

from sxl_data.files.syntax import GRAMMARS, parses

GOOD = {
    "bash": 'for f in *; do echo "$f"; done\n',
    "c": "#include <stdio.h> \nint main(void) { return 0; }\n",
    "cpp": "#include <iostream> \n\nint main() { std::cout << 1; }\n",
    "go": "package a\n\nfunc F() int { return 1 }\n",
    "java": "class A { int f() { return 1; } }\n",
    "javascript": "const f = (a) => a + 1;\n",
    "python": "def f(a):\n    return a\n",
    "rust": "fn f(a: u8) -> u8 { a }\n",
    "tsx": "const f = (a: number) => <b>{a}</b>;\n",
    "typescript": "const f = (a: number): number => a;\n",
}


@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_good_code_parses_and_a_torn_half_does_not(language):
    code = GOOD[language]
    assert (parses(language, code), parses(language, code[: code.rindex(code.strip()[-1])] + "((")) == (True, False)


def test_a_language_without_a_grammar_is_not_judged():
    assert parses("cobol", "DISPLAY 'x'.") is None
