"""Tokens sampled are tokens trained: what a model writes after its prompt is what carries loss, for every template."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from sxl_data.contract.errors import UserError
from sxl_train.data import mask

CALL = {"id": "call00001", "type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": 2}}}
NUMBER = {"type": "integer"}
PARAMETERS = {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}, "required": ["a", "b"]}
TOOLS = [{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": PARAMETERS}}]
ASK: mask.Message = {"role": "user", "content": "Add 1 and 2."}
ACT: mask.Message = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT: mask.Message = {"role": "tool", "name": "add", "tool_call_id": "call00001", "content": "3"}
ANSWER: mask.Message = {"role": "assistant", "content": "It is 3."}
REASONED = ANSWER | {"reasoning_content": "I add."}
TALKS: dict[str, tuple[list[mask.Message], list[Any] | None]] = {
    "answer": ([ASK, ANSWER], None),
    "answers": ([ASK, ANSWER, {"role": "user", "content": "Thanks."}, {"role": "assistant", "content": "Bye."}], None),
    "call": ([ASK, ACT], TOOLS),
    "loop": ([ASK, ACT, RESULT, ANSWER], TOOLS),
    "reasoning": ([ASK, REASONED], None),
}
TRL = sorted(
    p.name for p in (resources.files("trl") / "chat_templates").iterdir() if p.name.endswith("_training.jinja")
)
OPENS = ("deepseek", "nemotron", "qwen3_5_nothink")
"""Templates whose prompt opens the turn with thinking marks that rows with or without reasoning lack."""


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(name, special=True) for name in (*mask.SPECIAL_TOKENS, mask.PAD)])
    return PreTrainedTokenizerFast(tokenizer_object=core, eos_token=mask.STOP, pad_token=mask.PAD)


def agree(
    tokenizer: Any, template: mask.Template, messages: list[mask.Message], tools: list[Any] | None
) -> bool | None:
    """Whether each turn's trained ids are those behind its prompt; None where the template cannot be trained on."""
    try:
        tokens = mask.tokenise(tokenizer, template, messages, tools)
    except UserError as problem:
        assert "T108" == problem.findings[0].code
        return None
    if tokens.unasked:
        return False
    turns = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    trained: set[int] = set()
    for turn in turns:
        prompt = mask.tokenise_prompt(tokenizer, template, messages[:turn], tools)
        assert prompt == tokens.ids[: len(prompt)]
        end = next((i for i in range(len(prompt), len(tokens.ids)) if not tokens.phases[i]), len(tokens.ids))
        assert end > len(prompt), "nothing of the turn is trained"
        trained |= set(range(len(prompt), end))
    assert trained == {i for i, phase in enumerate(tokens.phases) if phase}
    assert "" == tokenizer.decode(tokens.ids[max(trained) + 1 :]).strip(), "an end that the model would have to write"
    return True


def read(tokenizer: Any, text: str) -> dict[str, bool | None]:
    template = mask.make_template(text, tokenizer)
    return {name: agree(tokenizer, template, *talk) for name, talk in TALKS.items()}


@pytest.mark.parametrize("path", [mask.OWN, mask.SHORT], ids=lambda path: path.stem)
def test_ours_train_what_is_sampled_in_every_kind_of_talk(tokenizer: Any, path: Path) -> None:
    assert dict.fromkeys(TALKS, True) == read(tokenizer, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TRL)
def test_those_of_trl_train_what_is_sampled_or_say_that_they_do_not(tokenizer: Any, name: str) -> None:
    found = read(tokenizer, (resources.files("trl") / "chat_templates" / name).read_text(encoding="utf-8"))
    assert name.startswith(OPENS) == (False in found.values()), found


def test_most_of_those_of_trl_can_be_trained_on(tokenizer: Any) -> None:
    texts = [(resources.files("trl") / "chat_templates" / name).read_text(encoding="utf-8") for name in TRL]
    found = [read(tokenizer, text) for text in texts]
    assert 2 * sum(talks["answer"] is True for talks in found) > len(TRL)
    assert 3 * sum(talks["loop"] is True for talks in found) > len(TRL)


def test_those_of_models_in_use_train_what_is_sampled_or_are_refused(tokenizer: Any, shared: Path) -> None:
    paths = sorted((shared / "data/chat_templates/templates").glob("*.jinja"))
    found = {path.stem: read(tokenizer, path.read_text(encoding="utf-8")) for path in paths}
    assert not [stem for stem, talks in found.items() if False in talks.values()]  # without marks they are refused
    assert 2 * sum(talks["answer"] is True for talks in found.values()) > len(paths)


def test_a_mark_around_what_the_prompt_writes_trains_only_what_follows(tokenizer: Any) -> None:
    text = (
        "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}<think>\n"
        "{{ m.reasoning_content or '' }}</think>{{ m.content }}<|im_end|>{% endgeneration %}"
        "{% else %}{{ m.content }}|{% endif %}{% endfor %}{% if add_generation_prompt %}<think>\n{% endif %}"
    )
    tokens = mask.tokenise(tokenizer, mask.make_template(text, tokenizer), [ASK, REASONED], None)
    shown = mask.show(tokenizer, tokens)
    assert "Add 1 and 2.|<think>\n⟦r I add.</think>⟧⟦a It is 3.<|im_end|>⟧" == shown
    other = mask.make_template(text.replace("<think>\n{% endif %}", "<think>!{% endif %}"), tokenizer)
    assert 1 == mask.tokenise(tokenizer, other, [ASK, REASONED], None).unasked
    assert 0 == mask.tokenise(tokenizer, other, [ASK, REASONED | {"train": False}], None).unasked
