"""A trace as it is trained, for the eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.trace.template import load
from sxl_data.view.rendered import page_rendered, show_rendered
from sxl_data.view.show import pick

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
TRACE = pick(EXAMPLES / "valid" / "answer.json")


def tokenizer(folder: Path) -> Path:
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def test_what_carries_loss_stands_in_brackets():
    text = show_rendered(TRACE, load(str(EXAMPLES / "templates" / "whole.jinja")))
    assert "1 trained pieces" in text.splitlines()[0]
    trained = text[text.rindex("⟦") + 1 : text.rindex("⟧")]
    assert "It is sunny." in trained and "What is the weather" not in trained


def test_the_cut_is_shown_and_counted(tmp_path: Path):
    template = load(str(EXAMPLES / "templates" / "whole.jinja"), tokenizer(tmp_path))
    whole = show_rendered(TRACE, template, 1000)
    assert "cut" not in whole
    text = show_rendered(TRACE, template, 16)
    assert "of them are cut" in text.splitlines()[0]
    assert "── cut here: max_length 16 ──" in text.splitlines()


def test_a_template_that_refuses_is_one_clean_error():
    with pytest.raises(UserError, match="R704"):
        show_rendered(TRACE, load(str(next((EXAMPLES / "templates").glob("R704-*")))))


def test_a_page_marks_what_carries_loss_and_where_it_is_cut(tmp_path: Path):
    template = load(str(EXAMPLES / "templates" / "whole.jinja"), tokenizer(tmp_path))
    text = page_rendered(TRACE, template, 1000)
    (marked,) = [piece.partition("</mark>")[0] for piece in text.split("<mark>")[1:]]
    assert "It is sunny." in marked and "What is the weather" not in marked and "cut here" not in text
    cut = page_rendered(TRACE, template, 16)
    assert "── cut here: max_length 16 ──</strong>" in cut and "of them are cut" in cut
