"""sxl_data.read.language"""

from __future__ import annotations

import pytest

from sxl_data.read.language import guess_language

CODE = {
    "python": "import os\n\nfor name in os.listdir('.'):\n    print(name)",
    "javascript": "const a = [1, 2];\na.forEach((x) => {\n  console.log(x);\n});",
    "typescript": "interface A { b: number }\nconst f = (a: A): number => a.b;",
    "java": "public class A {\n  public static void main(String[] a) {\n    System.out.println(1);\n  }\n}",
    "cpp": "#include <iostream>\nusing namespace std;\nint main() { cout << 1; }",
    "c": '#include <stdio.h>\nint main() {\n  printf("1");\n}',
    "go": "package main\n\nfunc f() int {\n\treturn 1\n}",
    "rust": 'fn main() {\n    let mut a = 1;\n    println!("{}", a);\n}',
    "bash": '#!/bin/sh\nfor f in *; do echo "$f"; done',
    "sql": "SELECT a, b\nFROM t\nWHERE a > 1;",
    "csharp": "using System;\nclass A {\n  static void Main() { Console.WriteLine(1); }\n}",
    "html": "<!DOCTYPE html>\n<html><body></body></html>",
    "php": "<?php\necho 1;",
}


@pytest.mark.parametrize("language", sorted(CODE))
def test_code_is_told_by_its_signs(language):
    assert guess_language(CODE[language]) == language


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 42.",
        "Use the `map` function. It is faster than a loop in most cases.",
        "[1, 2, 3]",
        "",
        "Here is the function:\n\ndef f():\n    return 1",
    ],
)
def test_prose_values_and_mixtures_have_no_language(text):
    assert guess_language(text) is None


def test_a_fence_says_its_language_and_a_named_one_is_taken_for_code_only():
    assert guess_language("Like so:\n```py\nx = 1\n```") == "python"
    assert (guess_language("x = f(1)\n", "Ruby"), guess_language("It depends on the machine.", "Ruby")) == (
        "ruby",
        None,
    )


def test_a_guess_that_does_not_parse_gives_way_to_the_next_best():
    assert guess_language("fn total() -> i32 {\n    let a = [1, 2];\n    let b = a.iter();\n    b.sum()\n}\n") == "rust"
    assert guess_language("def f(x):\n    return ((x\nprint(f(1)\n") is None


def test_a_language_that_the_task_names_is_stated_though_the_text_does_not_parse():
    broken = "def f(x):\n    return ((x\nprint(f(1)\n"
    assert guess_language(broken, None, "Write a Python function") == "python"
    assert guess_language(broken, None, "Translate this Python function to Java") is None


def test_blocks_of_output_say_no_language():
    assert guess_language("It prints:\n```text\n1\n```\n```js\nf()\n```\n") == "javascript"
    assert guess_language("It prints:\n```\n1\n```\n") is None
