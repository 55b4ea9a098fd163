"""Which tokens belong to which turn, and how a template is told what it may not do."""

from __future__ import annotations

from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.data import mask

OPENING = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nAdd 1 and 2.<|im_end|>\n<|im_start|>assistant\n"


def said(text: str, reasoning: str | None = None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, "reasoning_content": reasoning, **more}


@pytest.mark.parametrize(
    "mark", ["</think>", "</reasoning>", "[/THINK]", " </think>\n\n", "\n</reasoning> ", "\t[/THINK]\n"]
)
@pytest.mark.parametrize("before", ["", "User: hm\n", "<think>"])
def test_reasoning_with_its_closing_mark_is_reflect_and_the_rest_is_act(mark: str, before: str) -> None:
    text = f"{before}hm{mark}Yes.<|im_end|>"
    start = 0 if before == "<think>" else len(before)  # an earlier "hm" is somebody else's
    border = len(before) + len("hm" + mark)
    expected = [(start, border, mask.REFLECT), (border, len(text), mask.ACT)]
    assert expected == mask.split_phases(text, [(start, len(text))], [said("Yes.", "  hm\n")])


@pytest.mark.parametrize(
    ("text", "reasoning", "border"),
    [
        ("hm Yes.", "hm", 2),  # no mark: the reflection ends with its last word
        ("Yes. hm", "hm", 7),
        ("<think>\n\n</think>\n\nYes.", None, 0),  # empty marks are the template's
        ("</think>Yes.", "left out", 0),
        ("</think>Yes.", "  ", 0),
        ("Yes.", "", 0),
    ],
)
def test_what_is_no_reasoning_is_act(text: str, reasoning: str | None, border: int) -> None:
    expected = [(0, border, mask.REFLECT)] * (border > 0) + [(border, len(text), mask.ACT)]
    assert expected == mask.split_phases(text, [(0, len(text))], [said("Yes.", reasoning)])


def test_turns_are_paired_with_the_assistants_messages_and_those_not_to_be_trained_are_left_out() -> None:
    messages = [{"role": "user", "content": "a"}, said("b"), said("c", train=False), said("d", train=True)]
    assert [(1, 2, mask.ACT), (3, 4, mask.ACT)] == mask.split_phases("abcd", [(1, 2), (2, 3), (3, 4)], messages)
    with pytest.raises(ValueError, match="zip"):
        mask.split_phases("abcd", [(1, 2)], messages)


PLAIN = "{% for m in messages %}{{ m.content }}{% endfor %}"


TALK = [said("ab"), {"role": "user", "content": "cd"}, said("bc"), {"role": "user", "content": "da"}]


@pytest.mark.parametrize(("first", "spans"), [(0, [(0, 2), (4, 6)]), (1, [(4, 6)]), (3, [])])
def test_turns_from_the_first_one_on_are_found_with_marks_and_without(first: int, spans: list[tuple[int, int]]) -> None:
    marked = "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}"
    marked += "{% else %}{{ m.content }}{% endif %}{% endfor %}"
    for template in (mask.Template(PLAIN), mask.Template(marked)):
        assert mask.Spans("abcdbcda", spans) == mask.find_spans(template, TALK, None, first)
    assert mask.Spans("abcdbcda", [(0, 2), (4, 6)]) == mask.find_spans(mask.Template(PLAIN), TALK, None)


def test_blanks_that_a_template_writes_at_the_very_end_are_no_part_of_an_earlier_turn() -> None:
    template = mask.Template(PLAIN + "{% if not add_generation_prompt %}{{ '\\n\\n' }}{% endif %}")
    assert mask.Spans("abcdbcda\n\n", [(0, 2), (4, 6)]) == mask.find_spans(template, TALK, None)
    assert mask.Spans("abcdbc\n\n", [(0, 2), (4, 8)]) == mask.find_spans(template, TALK[:3], None)


def refused(*asked: Any) -> tuple[str, str | None, str]:
    with pytest.raises(UserError) as problem:
        mask.find_spans(*asked)
    (found,) = problem.value.findings
    return found.code, found.pointer, str(found.found)


def test_a_template_that_cannot_be_masked_is_refused_with_the_place_and_the_reason() -> None:
    last_alone = mask.Template("{% for m in messages %}{{ m.content if loop.last else '' }}{% endfor %}")
    rewritten = "an earlier turn's text changes with later turns"
    assert ("T108", "/messages/2", rewritten) == refused(last_alone, TALK, None, 1)
    opened = mask.Template(PLAIN + "{% if add_generation_prompt %}>{% endif %}")
    assert ("T108", "/messages/0", rewritten) == refused(opened, TALK, None)
    everything = mask.Template("{% generation %}" + PLAIN + "{% endgeneration %}")
    assert ("T108", "1 marked spans") == refused(everything, TALK, None)[::2]
    with pytest.raises(UserError) as problem:
        mask.find_spans(mask.Template("\n{% for %}"), TALK, None)
    (wrong,) = problem.value.findings
    assert ("T108", 2, True) == (wrong.code, wrong.line, str(wrong.found).startswith("Expected an expression"))
    code, _, found = refused(mask.Template("{{ raise_exception('never') }}"), TALK, None)
    assert "T108" == code and "never" in found


@pytest.fixture(scope="module")
def merging() -> Any:
    """Letters, and one token for b and c together."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE(vocab={"a": 0, "b": 1, "c": 2, "d": 3, "bc": 4}, merges=[("b", "c")]))
    return PreTrainedTokenizerFast(tokenizer_object=core)


def test_a_token_belongs_to_the_turn_in_which_it_begins(merging: Any) -> None:
    tokens = mask.tokenise(merging, PLAIN, TALK, None)
    assert ([0, 4, 3, 4, 3, 0], [2, 2, 0, 2, 0, 0]) == (tokens.ids, tokens.phases)
    turned = [{**message, "role": "user" if message["role"] == "assistant" else "assistant"} for message in TALK]
    tokens = mask.tokenise(merging, PLAIN, turned, None)
    assert ([0, 4, 3, 4, 3, 0], [0, 0, 2, 0, 2, 2]) == (tokens.ids, tokens.phases)
    assert [0, 0, 0, 0, 2, 2] == mask.tokenise(merging, PLAIN, turned, None, first=2).phases


def test_shown_text_is_whole_and_marks_nothing_that_is_not_trained(merging: Any) -> None:
    tokens = mask.Tokens([0, 1, 2, 3, 3, 0], [0, 1, 1, 2, 0, 2])
    shown = mask.show(merging, tokens).replace(" ", "")
    assert "a⟦rbc⟧⟦ad⟧d⟦aa⟧" == shown
    assert "" == mask.show(merging, mask.Tokens([], []))
