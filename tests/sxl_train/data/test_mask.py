"""The trained tokens, one by one, against hand-written expectations for three templates."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.data import mask

CALL = {"id": "c0", "type": "function", "function": {"name": "add", "arguments": {"b": 2, "a": 1}}}
OPENING = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nAdd 1 and 2.<|im_end|>\n<|im_start|>assistant\n"
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Add 1 and 2."},
    {"role": "assistant", "content": "", "reasoning_content": "I add.", "tool_calls": [CALL]},
    {"role": "tool", "content": "3", "name": "add", "tool_call_id": "c0"},
    {"role": "assistant", "content": "It is 3."},
    {"role": "user", "content": "Thanks."},
    {"role": "assistant", "content": "Welcome.", "reasoning_content": "Be kind."},
]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """Byte-level without merges: every character of ASCII is one token, special tokens are one token each."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(
        [AddedToken(name, special=True) for name in (*mask.SPECIAL_TOKENS, "<|pad|>", "<|eot_id|>")]
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|pad|>")


def expect(tokenizer: Any, pieces: list[tuple[str, int]]) -> tuple[list[int], list[int]]:
    """Ids and phases of texts whose phase was written down by hand."""
    ids: list[int] = []
    phases: list[int] = []
    for text, phase in pieces:
        made = tokenizer(text, add_special_tokens=False)["input_ids"]
        ids += made
        phases += [phase] * len(made)
    return ids, phases


def test_own_template_trains_reasoning_calls_answers_and_stop_tokens_alone(tokenizer: Any) -> None:
    template = mask.make_template(mask.OWN.read_text(encoding="utf-8"), tokenizer)
    expected = expect(
        tokenizer,
        [
            (OPENING, 0),
            ("<think>I add.</think>", 1),
            ('<tool_call>{"name": "add", "arguments": {"b": 2, "a": 1}}</tool_call><|im_end|>', 2),
            ("\n<|im_start|>tool\n3<|im_end|>\n<|im_start|>assistant\n", 0),
            ("It is 3.<|im_end|>", 2),
            ("\n<|im_start|>user\nThanks.<|im_end|>\n<|im_start|>assistant\n", 0),
            ("<think>Be kind.</think>", 1),
            ("Welcome.<|im_end|>", 2),
            ("\n", 0),
        ],
    )
    tokens = mask.tokenise(tokenizer, template, MESSAGES, None)
    assert expected == (tokens.ids, tokens.phases)


def test_training_template_of_trl_for_qwen3_trains_the_same_things(tokenizer: Any) -> None:
    text = (resources.files("trl") / "chat_templates" / "qwen3_training.jinja").read_text(encoding="utf-8")
    expected = expect(
        tokenizer,
        [
            (OPENING, 0),
            ("<think>\nI add.\n</think>\n\n", 1),
            ('<tool_call>\n{"name": "add", "arguments": {"b": 2, "a": 1}}\n</tool_call><|im_end|>\n', 2),
            ("<|im_start|>user\n<tool_response>\n3\n</tool_response><|im_end|>\n<|im_start|>assistant\n", 0),
            ("<think>\n\n</think>\n\nIt is 3.<|im_end|>\n", 2),
            ("<|im_start|>user\nThanks.<|im_end|>\n<|im_start|>assistant\n", 0),
            ("<think>\nBe kind.\n</think>\n\n", 1),
            ("Welcome.<|im_end|>\n", 2),
        ],
    )
    tokens = mask.tokenise(tokenizer, mask.make_template(text, tokenizer), MESSAGES, None)
    assert expected == (tokens.ids, tokens.phases)


def test_template_without_marks_is_masked_by_what_each_turn_adds(tokenizer: Any, shared: Path) -> None:
    path = shared / "data" / "chat_templates" / "templates" / "Qwen-Qwen3-0.6B.jinja"
    messages = [m for m in MESSAGES[:5] if m["role"] != "system"]
    expected = expect(
        tokenizer,
        [
            ("<|im_start|>user\nAdd 1 and 2.<|im_end|>\n<|im_start|>assistant\n", 0),
            ("<think>\nI add.\n</think>\n\n", 1),
            ('<tool_call>\n{"name": "add", "arguments": {"b": 2, "a": 1}}\n</tool_call><|im_end|>\n', 2),
            ("<|im_start|>user\n<tool_response>\n3\n</tool_response><|im_end|>\n<|im_start|>assistant\n", 0),
            ("<think>\n\n</think>\n\nIt is 3.<|im_end|>\n", 2),
        ],
    )
    template = mask.make_template(path.read_text(encoding="utf-8"), tokenizer)
    tokens = mask.tokenise(tokenizer, template, messages, None)
    assert expected == (tokens.ids, tokens.phases)


def test_template_that_rewrites_the_past_is_refused(tokenizer: Any, shared: Path) -> None:
    path = shared / "data" / "chat_templates" / "templates" / "Qwen-Qwen3-0.6B.jinja"
    template = mask.make_template(path.read_text(encoding="utf-8"), tokenizer)
    with pytest.raises(UserError) as problem:
        mask.tokenise(tokenizer, template, MESSAGES, None)
    assert [item.code for item in problem.value.findings] == ["T108"]


def test_nothing_before_the_first_trained_message_is_trained(tokenizer: Any) -> None:
    template = mask.make_template(mask.OWN.read_text(encoding="utf-8"), tokenizer)
    tokens = mask.tokenise(tokenizer, template, MESSAGES, None, first=5)
    trained = tokenizer.decode([i for i, phase in zip(tokens.ids, tokens.phases) if phase])
    assert trained == "<think>Be kind.</think>Welcome.<|im_end|>"


def test_stop_token_is_the_last_trained_special_token(tokenizer: Any) -> None:
    own = mask.make_template(mask.OWN.read_text(encoding="utf-8"), tokenizer)
    assert mask.find_stop(tokenizer, own) == "<|im_end|>"


def test_template_that_leaves_the_stop_token_out_trains_none(tokenizer: Any) -> None:
    text = (
        "{% for m in messages %}{{ '<|im_start|>' + m.role }}{% if m.role == 'assistant' %}{% generation %}"
        "{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{{ '<|im_end|>' }}"
        "{% endfor %}"
    )
    assert mask.find_stop(tokenizer, mask.Template(text)) is None


def test_shown_text_marks_reasoning_and_acts(tokenizer: Any) -> None:
    own = mask.make_template(mask.OWN.read_text(encoding="utf-8"), tokenizer)
    shown = mask.show(tokenizer, mask.tokenise(tokenizer, own, MESSAGES[:3], None))
    assert shown.endswith(
        '⟦r <think>I add.</think>⟧⟦a <tool_call>{"name": "add", "arguments": {"b": 2, "a": 1}}</tool_call><|im_end|>⟧\n'
    )


def test_marks_that_are_not_one_for_each_turn_are_refused(tokenizer: Any) -> None:
    text = "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    with pytest.raises(UserError) as problem:
        mask.tokenise(tokenizer, text, MESSAGES[:3], None)
    assert [item.code for item in problem.value.findings] == ["T108"]


COPIED = [
    {"role": "user", "content": "Add 1 and 2."},
    {"role": "assistant", "content": "", "reasoning_content": "I add.", "tool_calls": [CALL], "train": False},
    {"role": "tool", "content": "3", "name": "add", "tool_call_id": "c0"},
    {"role": "assistant", "content": "It is 3."},
]


def test_copied_context_stays_in_the_text_and_none_of_its_tokens_is_trained(tokenizer: Any) -> None:
    template = mask.make_template(mask.OWN.read_text(encoding="utf-8"), tokenizer)
    expected = expect(
        tokenizer,
        [
            ("<|im_start|>user\nAdd 1 and 2.<|im_end|>\n<|im_start|>assistant\n", 0),
            ("<think>I add.</think>", 0),
            ('<tool_call>{"name": "add", "arguments": {"b": 2, "a": 1}}</tool_call><|im_end|>', 0),
            ("\n<|im_start|>tool\n3<|im_end|>\n<|im_start|>assistant\n", 0),
            ("It is 3.<|im_end|>", 2),
            ("\n", 0),
        ],
    )
    tokens = mask.tokenise(tokenizer, template, COPIED, None)
    assert expected == (tokens.ids, tokens.phases)


def test_copied_context_is_masked_in_a_template_without_marks_too(tokenizer: Any) -> None:
    turn = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    template = mask.Template(turn + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
    messages = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Copied.", "train": False},
        {"role": "user", "content": "Two?"},
        {"role": "assistant", "content": "Own."},
    ]
    expected = expect(
        tokenizer,
        [
            ("<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\nCopied.<|im_end|>\n", 0),
            ("<|im_start|>user\nTwo?<|im_end|>\n<|im_start|>assistant\n", 0),
            ("Own.<|im_end|>\n", 2),
        ],
    )
    tokens = mask.tokenise(tokenizer, template, messages, None)
    assert expected == (tokens.ids, tokens.phases)


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
        assert ("abcdbcda", spans) == mask.find_spans(template, TALK, None, first)
    assert ("abcdbcda", [(0, 2), (4, 6)]) == mask.find_spans(mask.Template(PLAIN), TALK, None)


def test_blanks_that_a_template_writes_at_the_very_end_are_no_part_of_an_earlier_turn() -> None:
    template = mask.Template(PLAIN + "{% if not add_generation_prompt %}{{ '\\n\\n' }}{% endif %}")
    assert ("abcdbcda\n\n", [(0, 2), (4, 6)]) == mask.find_spans(template, TALK, None)
    assert ("abcdbc\n\n", [(0, 2), (4, 8)]) == mask.find_spans(template, TALK[:3], None)


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


def test_a_prompt_ends_where_the_assistant_is_to_begin(tokenizer: Any) -> None:
    template = mask.make_template(mask.OWN.read_text(encoding="utf-8"), tokenizer)
    assert expect(tokenizer, [(OPENING, 0)])[0] == mask.tokenise_prompt(tokenizer, template, MESSAGES[:2], None)


def test_a_template_knows_the_tokenizers_own_tokens(tokenizer: Any) -> None:
    template = mask.make_template("{{ eos_token }}{{ pad_token }}", tokenizer)
    assert "<|im_end|><|pad|>" == mask.render(template, MESSAGES, None)
    assert not template.marked


def test_the_token_that_ends_a_turn_is_the_last_one_trained_and_none_of_the_template(tokenizer: Any) -> None:
    text = (
        "{% for m in messages %}<|im_start|>{% if m.role == 'assistant' %}{% generation %}<|pad|>{{ m.content }}"
        "<|eot_id|>{% endgeneration %}<|im_end|>{% else %}{{ m.content }}{% endif %}{% endfor %}"
    )
    assert "<|eot_id|>" == mask.find_stop(tokenizer, mask.Template(text))


def test_shown_text_is_whole_and_marks_nothing_that_is_not_trained(merging: Any) -> None:
    tokens = mask.Tokens([0, 1, 2, 3, 3, 0], [0, 1, 1, 2, 0, 2])
    shown = mask.show(merging, tokens).replace(" ", "")
    assert "a⟦rbc⟧⟦ad⟧d⟦aa⟧" == shown
    assert "" == mask.show(merging, mask.Tokens([], []))
