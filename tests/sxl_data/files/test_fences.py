"""sxl_data.files.fences"""

from __future__ import annotations

import pytest

from sxl_data.files.fences import blocks, label_of


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("python", "python"),
        (" python ", "python"),
        ("Python3", "python"),
        ("{.python .numberLines}", "python"),
        ("{r, echo=FALSE}", "r"),
        ("rust,ignore", "rust"),
        ('js title="a.js"', "javascript"),
        ("python:app.py", "python"),
        ("ts{1,3}", "typescript"),
        ("c++", "cpp"),
        ("C#", "csharp"),
        ("lang=go", "go"),
        ("text", "output"),
        ("Output", "output"),
        ("", None),
        ("123", None),
    ],
)
def test_labels(said: str, label: str | None) -> None:
    assert label_of(said) == label


def test_blocks_end_with_their_own_fence_and_lists_move_them() -> None:
    text = (
        "1. Do:\n\n   ```py\n   x = 1\n     y\n   ```\n\n~~~~ sh\n```\n~~~\n~~~~\nand `a` ```b``` c\n"
        "> ```go\n> a\n> ```\n```\nopen"
    )
    assert [(b.label, b.code, b.closed) for b in blocks(text)] == [
        ("python", "x = 1\n  y\n", True),
        ("bash", "```\n~~~\n", True),
        ("go", "a\n", True),
        (None, "open\n", False),
    ]


def test_text_without_a_fence_has_no_blocks() -> None:
    assert blocks("use ```x``` here") == []
    assert blocks("a `` b") == []
