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


def test_empty_marks_that_only_a_last_turn_has_are_no_part_of_an_earlier_one(tokenizer: Any, shared: Path) -> None:
    path = shared / "data" / "chat_templates" / "templates" / "Qwen-Qwen3-0.6B.jinja"
    silent = {key: value for key, value in MESSAGES[2].items() if key != "reasoning_content"}
    messages = [MESSAGES[1], silent, *MESSAGES[3:5]]
    expected = expect(
        tokenizer,
        [
            ("<|im_start|>user\nAdd 1 and 2.<|im_end|>\n<|im_start|>assistant\n", 0),
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
