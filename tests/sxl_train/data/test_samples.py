"""Samples carry the mask of training, and their loss does not depend on how they are batched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from sxl_data.contract.errors import UserError
from sxl_train.data import samples
from sxl_train.data.samples import Sample
from sxl_train.run import checkpoints
from sxl_train.run.tokenizer import open_tokenizer

ROWS = [Sample(list(range(5 + i, 20 + 3 * i)), [0] * 4 + [1] * (11 + 2 * i), 30 + i) for i in range(6)]


def test_the_loss_is_the_mean_over_trained_tokens_whatever_the_batch(make_model) -> None:
    model = checkpoints.load(make_model(), "float32")
    total, count = 0.0, 0
    for row in ROWS:
        with torch.no_grad():
            scores = torch.log_softmax(model(torch.tensor([row.ids])).logits[0].float(), -1)
        for place in range(1, len(row.ids)):
            if row.trained[place]:
                total -= float(scores[place - 1, row.ids[place]])
                count += 1
    for tokens in (16, 64, 4096):
        found = samples.measure_loss(model, ROWS, tokens)
        assert total / count == pytest.approx(found.per_token, rel=1e-5)
        assert total / sum(row.trained_bytes for row in ROWS) == pytest.approx(found.per_byte, rel=1e-5)
        assert count == found.tokens


def test_only_what_the_assistant_writes_is_trained(make_model, tmp_path: Path) -> None:
    folder = make_model()
    row = {"messages": [{"role": "user", "content": "What is 12 * 5?"}, {"role": "assistant", "content": "It is 60"}]}
    (tmp_path / "train.jsonl").write_text((json.dumps(row) + "\n") * 3, encoding="utf-8")
    tokenizer = open_tokenizer(folder)
    found = samples.read_samples(str(tmp_path / "train.jsonl"), "train", tokenizer, 0, 200)
    assert found
    text = tokenizer.decode([i for i, t in zip(found[0].ids, found[0].trained) if t])
    assert "It is 60<|im_end|>" == text.rstrip("\n")
    assert len(text) == found[0].trained_bytes
    short = samples.read_samples(str(tmp_path / "train.jsonl"), "train", tokenizer, 0, 8)
    assert [] == short


def test_a_tokenizer_without_template_is_refused(make_model, tmp_path: Path) -> None:
    folder = make_model()
    (folder / "chat_template.jinja").unlink()
    (tmp_path / "train.jsonl").write_text('{"messages": [{"role": "user", "content": "a"}]}\n', encoding="utf-8")
    with pytest.raises(UserError) as caught:
        samples.read_samples(str(tmp_path / "train.jsonl"), "train", open_tokenizer(folder), 0, 8)
    assert "T108" == caught.value.findings[0].code


def test_batches_hold_every_sample_once_within_their_tokens() -> None:
    batches = list(samples.make_batches(ROWS, 64))
    assert sorted(map(id, ROWS)) == sorted(id(row) for batch in batches for row in batch)
    assert all(len(batch) == 1 or len(batch) * max(len(r.ids) for r in batch) <= 64 for batch in batches)
    assert len(batches) > 1


def test_what_is_set_by_samples_is_set_by_none_that_evaluation_reports_on(make_model, tmp_path: Path) -> None:
    tokenizer = open_tokenizer(make_model())

    def text_of(split: str, number: int) -> str:
        return f"{split} {chr(97 + number)}"

    for split, count in (("train", 9), ("validation", 8)):
        rows = [
            {"messages": [{"role": "user", "content": text_of(split, n)}, {"role": "assistant", "content": "yes"}]}
            for n in range(count)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{split}.jsonl").write_text(text, encoding="utf-8")

    def read(split: str, limit: int) -> set[tuple[int, ...]]:
        return {tuple(sample.ids) for sample in samples.read_samples(str(tmp_path), split, tokenizer, limit, 200)}

    validation, judged = read("validation", 0), read("validation", 4)
    for limit in (1, 3, 6):
        found = samples.read_unseen(str(tmp_path), tokenizer, limit, 200, judged=4)
        ids = {tuple(sample.ids) for sample in found}
        assert limit == len(found) == len(ids) and not ids & judged
        assert min(limit, 4) == len(ids & validation) and ids <= validation | read("train", 0)
