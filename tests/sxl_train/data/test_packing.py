"""Cutting at loop borders, windows, splitting at users, packing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from sxl_train.config import Tune
from sxl_train.data import mask
from sxl_train.data.conversations import Row
from sxl_train.data.packing import cut_rows, erases_reasoning, find_borders, make_sequences, pack, split_on_user
from tests.sxl_train import toys

OWN = mask.Template(mask.OWN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from sxl_train.data.base import train_tokenizer

    texts = [mask.render(OWN, toys.make_messages(a, 3, 2), [toys.ADD]) for a in range(10)]
    return train_tokenizer(texts, 400, 2048)


def cut(tokenizer: Any, loops: int, share: float, **keys: Any) -> tuple[list[str], int]:
    """The texts of a row of so many loops at a share of its full length, and that limit."""
    row = Row("r", toys.make_messages(4, 5, loops), [toys.ADD])
    full = len(mask.tokenise(tokenizer, OWN, row.messages, row.tools).ids)
    limit = int(full * share)
    pieces, _ = cut_rows([row], tokenizer, OWN, Tune(**keys), limit)
    assert all(len(piece.ids) <= limit for piece in pieces)
    return [tokenizer.decode(piece.ids) for piece in pieces], limit


def test_borders_lie_after_answers_and_after_all_results() -> None:
    messages = [*toys.make_messages(1, 2, 2)]
    assert find_borders(messages) == [3, 5, 6]


def test_parallel_results_are_not_torn_from_their_calls() -> None:
    messages = [
        {"role": "user"},
        {"role": "assistant", "tool_calls": [1, 2]},
        {"role": "tool"},
        {"role": "tool"},
        {"role": "assistant"},
    ]
    assert find_borders(messages) == [4, 5]


def test_long_trace_keeps_whole_loops_and_ends_with_a_stop_token(tokenizer: Any) -> None:
    (text,), _ = cut(tokenizer, 6, 0.6)
    assert text.endswith("</tool_call><|im_end|>")
    assert text.count("<tool_call>{") == text.count("}</tool_call>")
    assert 0 < text.count("Round") < 6


def test_windows_cover_every_loop_once_and_each_repeats_the_task(tokenizer: Any) -> None:
    texts, _ = cut(tokenizer, 6, 0.6, long="window")
    assert len(texts) > 1
    assert all("What is 4 plus 5" in text for text in texts)
    for number in range(6):
        assert sum(f"Round {number}:" in text for text in texts) == 1
    assert "The sum is 9." in texts[-1]


def test_drop_leaves_a_long_trace_out_and_counts_it(tokenizer: Any) -> None:
    row = Row("r", toys.make_messages(4, 5, 3), [toys.ADD])
    pieces, counts = cut_rows([row], tokenizer, OWN, Tune(long="drop"), 40)
    assert (pieces, counts.dropped_long) == ([], 1)


def test_each_user_turn_is_a_sample_trained_once() -> None:
    messages = [{"role": "user"}, {"role": "assistant"}, {"role": "user"}, {"role": "assistant"}]
    assert split_on_user(messages) == [(0, messages[:2]), (2, messages)]


def test_own_template_keeps_earlier_reasoning() -> None:
    assert erases_reasoning(OWN) is False


def test_template_that_erases_is_split_so_that_all_reasoning_is_trained(tokenizer: Any, shared: Path) -> None:
    path = shared / "data" / "chat_templates" / "templates" / "Qwen-Qwen3-0.6B.jinja"
    template = mask.make_template(path.read_text(encoding="utf-8"), tokenizer)
    assert erases_reasoning(template)
    messages = [*toys.make_messages(1, 2), *toys.make_messages(3, 4)]
    pieces, counts = cut_rows([Row("r", messages, [toys.ADD])], tokenizer, template, Tune(), 4000)
    trained = ["".join(tokenizer.decode([i]) for i, phase in zip(p.ids, p.phases) if phase) for p in pieces]
    assert (len(pieces), counts.split) == (2, 1)
    assert "I add 1 and 2" in trained[0] and "I add 3 and 4" in trained[1] and "I add 1 and 2" not in trained[1]


def test_packs_hold_every_document_once_and_never_overflow() -> None:
    generator = random.Random(0)
    for _ in range(50):
        lengths = [generator.randint(1, 100) for _ in range(generator.randint(1, 200))]
        groups = pack(lengths, 100)
        assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
        assert all(sum(lengths[i] for i in group) <= 100 for group in groups)
        assert len(groups) <= 1.3 * sum(lengths) / 100 + 1


def test_weights_follow_the_phase_and_zero_takes_a_phase_out(tokenizer: Any) -> None:
    tune = Tune(weight_reflect=0.0, weight_act=0.5)
    pieces, _ = cut_rows([Row("r", toys.make_messages(1, 2), [toys.ADD])], tokenizer, OWN, tune, 2000)
    (row,) = make_sequences(pieces, tune, 2000)
    text = tokenizer.decode([i for i in row["labels"] if i != -100])
    assert (
        text == '<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}}</tool_call><|im_end|>The sum is 3.<|im_end|>'
    )
    assert set(row["weights"]) == {0.0, 0.5}
