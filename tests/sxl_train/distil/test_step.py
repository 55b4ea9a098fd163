"""A student recovers what pruning cost, with the masks of training and a teacher that may be a file."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sxl_data.contract.errors import UserError
from sxl_train.data import samples, vocabulary
from sxl_train.data.samples import Sample
from sxl_train.distil.align import align, spell, teach_aligned
from sxl_train.distil.cache import teach_cached, write_cache
from sxl_train.prune.importance import measure_importance
from sxl_train.prune.slices import choose_cut, cut
from sxl_train.recovery import loop as distil
from sxl_train.recovery import teach as distil_teach
from sxl_train.run import checkpoints
from sxl_train.run.tokenizer import open_tokenizer
from tests.sxl_train.distil.students import ROWS, prune


def loss(model: torch.nn.Module) -> float:
    return samples.measure_loss(model, ROWS).per_token


def test_distillation_recovers_most_of_what_pruning_cost(tuned) -> None:
    student = prune(tuned)
    before, pruned = loss(tuned), loss(student)
    settings = distil.Settings(steps=60, lr=2e-3, batch=512, share=0.5)
    distil.train(student, ROWS, settings, distil_teach.teach_live(tuned, student.config.vocab_size))
    assert before + 0.3 * (pruned - before) > loss(student)
    assert pruned - before > 0.05


def test_the_same_seed_gives_the_same_student(tuned) -> None:
    students = [prune(tuned), prune(tuned)]
    settings = distil.Settings(steps=5, lr=1e-3, batch=512)
    teach = distil_teach.teach_live(tuned, tuned.config.vocab_size)
    first, second = (distil.train(student, ROWS, settings, teach) for student in students)
    assert first == second
    assert 5 == len(first)


def test_only_trained_tokens_count(tuned) -> None:
    blank = [Sample(row.ids, [0] * 23 + [1], 1) for row in ROWS[:3]]
    settings = distil.Settings(share=0.0)
    one = distil.compute_loss(tuned, blank, settings, None)
    with torch.no_grad():
        ids = torch.tensor([row.ids for row in blank])
        expected = torch.nn.functional.cross_entropy(tuned(ids).logits[:, -2].float(), ids[:, -1])
    assert float(expected) == pytest.approx(float(one), rel=1e-4)


def test_divergence_is_nothing_between_equals_and_grows_with_the_difference() -> None:
    logits = torch.randn(7, 40, generator=torch.Generator().manual_seed(0))
    assert abs(float(distil_teach.measure_divergence(logits, logits))) < 1e-6
    top = distil_teach.pick_top(logits, 8)
    assert abs(float(distil_teach.measure_divergence(logits, top))) < 1e-5
    assert float(distil_teach.measure_divergence(logits + torch.eye(7, 40) * 3, logits)) > 0.01
    everything = distil_teach.measure_divergence(logits.flip(0), distil_teach.pick_top(logits, 40))
    assert float(everything) == pytest.approx(float(distil_teach.measure_divergence(logits.flip(0), logits)), 1e-3)


def test_a_cached_teacher_says_what_the_live_one_says(tuned, tmp_path: Path) -> None:
    live = distil_teach.teach_live(tuned, tuned.config.vocab_size, top=8)
    cached = teach_cached(write_cache(live, ROWS, tmp_path / "teacher.safetensors"))
    batch = ROWS[5:9]
    chosen = samples.collate(batch)["labels"][:, 1:] != -100
    (ids, scores), (cached_ids, cached_scores) = live(batch, chosen), cached(batch, chosen)
    assert torch.equal(ids, cached_ids)
    assert torch.allclose(scores, cached_scores, atol=5e-2, rtol=1e-3)
    with pytest.raises(UserError) as caught:
        cached([Sample([1, 2, 3], [0, 1, 1], 2)], chosen)
    assert "T505" == caught.value.findings[0].code
    save_file(load_file(tmp_path / "teacher.safetensors"), tmp_path / "old.safetensors", {"temperature": "2.0"})
    with pytest.raises(UserError, match="T505"):
        teach_cached(tmp_path / "old.safetensors")


def test_a_teacher_with_a_larger_vocabulary_answers_in_the_students_ids(tuned) -> None:
    kept = [*range(70), *range(100, 200)]
    student = vocabulary.trim_model(cut(tuned, choose_cut(measure_importance(tuned, ROWS[:2]))), kept)
    teach = distil_teach.teach_live(tuned, len(kept), kept)
    chosen = samples.collate(ROWS[:2])["labels"][:, 1:] != -100
    with torch.no_grad():
        ids = torch.tensor([row.ids for row in ROWS[:2]])
        expected = student(ids).logits[:, :-1][chosen]
    assert torch.allclose(expected, teach(ROWS[:2], chosen), atol=1e-4)
    with pytest.raises(UserError) as caught:
        distil_teach.teach_live(tuned, len(kept))
    assert "T505" == caught.value.findings[0].code


def test_a_loss_that_is_no_number_stops_the_run(tuned) -> None:
    with pytest.raises(UserError) as caught:
        distil.train(tuned, ROWS, distil.Settings(steps=30, lr=1e12, batch=512, share=0.0, clip=math.inf))
    assert "T112" == caught.value.findings[0].code


def test_a_teacher_of_a_trimmed_student_reads_its_own_tokens(make_model) -> None:
    folder = make_model()
    whole, tokenizer = vocabulary.read_tokenizer(folder), open_tokenizer(folder)
    texts = ["def add(first, second):\n    return first + second\n", "The calculator returned 42."]
    own = [Sample(ids, [1] * len(ids), 1) for ids in tokenizer(texts)["input_ids"]]
    removed = max(own[0].ids)
    kept = vocabulary.choose_tokens(whole, Counter(), 320)
    assert removed not in kept
    spelled = vocabulary.respell(own, whole, kept)
    spelling = spell(whole, kept)
    pairs = align(spelled[0], own[0], spelling, kept)
    decoder = tokenizer.backend_tokenizer
    for mine, theirs in pairs:
        read = decoder.decode([kept[i] for i in spelled[0].ids[: mine + 1]], skip_special_tokens=False)
        assert read == decoder.decode(own[0].ids[: theirs + 1], skip_special_tokens=False)
    assert len(own[0].ids) == len(pairs) < len(spelled[0].ids)
    model = checkpoints.load(folder, "float32")
    target = teach_aligned(model, kept, spelling, own, spelled)(
        spelled, samples.collate(spelled)["labels"][:, 1:] != -100
    )
    shares = target.exp()
    assert torch.allclose(torch.ones(len(shares)), shares.sum(-1), atol=1e-3)
    with torch.no_grad():
        expected = model(torch.tensor([own[0].ids])).logits[0, 0].softmax(-1)
    piece = spelling.first[removed]
    starts = [i for i, first in enumerate(spelling.first) if first == piece and i < len(expected)]
    assert float(shares[pairs[0][0], piece]) == pytest.approx(float(expected[starts].sum()), rel=1e-3)


def test_the_better_of_two_students_is_kept(tuned) -> None:
    weights = {name: weight.clone() for name, weight in tuned.state_dict().items()}
    before, after = distil.recover(tuned, ROWS, ROWS, distil.Settings(steps=4, lr=0.5, batch=512, share=0.0))
    assert before == after == pytest.approx(loss(tuned))
    assert all(torch.equal(weights[name], weight) for name, weight in tuned.state_dict().items())
    student = prune(tuned)
    before, after = distil.recover(student, ROWS, ROWS, distil.Settings(steps=20, lr=2e-3, batch=512, share=0.0))
    assert loss(student) == pytest.approx(after) and after < before


def test_progress_is_printed_with_the_loss_and_the_speed_since_the_line_before(tuned, capsys) -> None:
    distil.train(tuned, ROWS, distil.Settings(steps=20, lr=1e-4, batch=512, share=0.0))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("distil ")]
    assert len(lines) >= 10 and all("loss" in line and "steps/s" in line for line in lines)
