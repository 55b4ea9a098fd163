"""sxl_data.files.shown: what answers show is read as people read it."""

from __future__ import annotations

import pytest

from sxl_data.files.shown import is_balanced, parses_as_shown

SHOWN = [
    ("python", ">>> 1 + 1\n2\n>>> for a in b:\n...     print(a)\n...\n1\n"),
    ("python", "# a session\n>>> x = [1,\n... 2]\n>>> x\n[1, 2]\n"),
    ("python", "In [1]: x = 1\n\nIn [2]: x\nOut[2]: 1 (one\n"),
    ("python", "%matplotlib inline\n!pip install numpy (now\nimport numpy\n"),
    ("python", "    def f(self):\n        return 1\n"),
    ("python", "try:\n    print 1\nexcept A, e:\n    pass\n"),
    ("bash", "$ ls -la\ntotal 8 (more\n$ cd ..\n"),
    ("bash", "ls -d !(*@(.c|.h)) # shopt -s extglob\n"),
    ("bash", "git commit -m <message> [--amend]\ncd <your folder>\n"),
    ("bash", "user@host:~/x$ cat a.txt\nit's\n"),
    ("java", "private int f() {\n    return 1;\n}\n"),
    ("java", "@Override\npublic void run() { go(); }\n\nint x = 1;\n"),
    ("javascript", '{"a": 1, "b": [2]}\n'),
    ("javascript", "> 1 + 1\n2\n> 'it'\n'it'\n"),
    ("javascript", "<script>\nif (a) { go(); }\n</script>\n"),
    ("typescript", "async load(a: string): Promise<void> {\n  await go(a);\n}\n"),
    ("rust", "# use a::b;\nlet x = b?;\n# Ok(())\n"),
    ("go", "x := f()\nfor i := range x {\n\tg(i)\n}\n"),
    ("cpp", '#include "a.h"\nTEST(Vec, Loop) {\n  EXPECT_EQ(a.size(), 0);\n}\nDEFINE_THING(a)\n'),
    ("java", "class A {\n    ...\n    int x;\n}\n"),
]


@pytest.mark.parametrize(("language", "code"), SHOWN, ids=[f"{name}-{k}" for k, (name, _) in enumerate(SHOWN)])
def test_what_answers_show_is_not_broken(language: str, code: str) -> None:
    assert parses_as_shown(language, code) is not False


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", ">>> def f(:\n...     return ((\n"),
        ("python", "def f():\n  if x:\n  return 1\n"),
        ("python", "x = {'a': 1\nprint(x))\n"),
        ("python", "def f():\n    return 1\n    else:\n        pass\n"),
        ("bash", "if [ -f a ]; then echo (\n"),
        ("java", "class A { int f( { return 1; }"),
        ("c", "int main() { EXPECT(1); return ((0; }\n"),
        ("go", "package a\n/* cut of\n"),
        ("rust", "fn f() -> { let = ; }"),
        ("rust", "use a::b;\n\n/// Adds one to what is\n"),
        ("c", "int a;\n#inclu"),
        ("c", "#define F(a, b  f(a, b)\nF(1, 2)\n"),
    ],
)
def test_what_is_broken_stays_broken(language: str, code: str) -> None:
    assert parses_as_shown(language, code) is False


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("rust", "/// Adds one.\n"),
        ("rust", "/// Adds one.\nfn f() {}\n// done\n"),
        ("c", "/* see\n# notes */\n#define F(a, \\\n  ...) g(a)\n#define G() 1\nMACRO(int) x;\n"),
    ],
)
def test_comments_alone_and_directives_that_are_read_are_kept(language: str, code: str) -> None:
    assert parses_as_shown(language, code) is not False


def test_a_language_without_a_grammar_is_not_judged() -> None:
    assert parses_as_shown("cobol", "DISPLAY ((") is None


def test_brackets_count_outside_of_strings_and_comments_only() -> None:
    assert is_balanced("f(\"(\", ')'); // (\n/* [ */ {}")
    assert not is_balanced("f(]")
    assert not is_balanced("f() /* (")
    assert not is_balanced("#ifdef A\nint x;\n")
    assert is_balanced("#define BEGIN extern {\\\n (\n#if A\nf(int a\n#else\nf(\n#endif\n);")
    assert not is_balanced("#define A 1 /* begins ( \n here */\n#if A\nf(\n#else\nf()\n#endif")


def test_long_hostile_code_takes_no_time() -> None:
    for code in ("(" * 90_000, "/* " * 60_000, "1" + "+1" * 90_000, "not " * 40_000 + "x", ">>> (\n" * 30_000):
        assert parses_as_shown("python", code) in (True, False, None)
        assert is_balanced(code) in (True, False)
