"""The search takes the step that costs least loss per byte, and stops under the limit."""

from __future__ import annotations

import pytest
import torch

from sxl_train.data import samples
from sxl_train.data.samples import Sample
from sxl_train.plan import step as plan
from sxl_train.prune.importance import measure_importance
from sxl_train.prune.search import AXES, Route, Trial, build, list_finalists, search, step_down
from sxl_train.run import checkpoints

ROWS = [Sample(list(range(4 + i, 44 + i)), [1] * 40, 40) for i in range(4)]
WHOLE = plan.Shape(model_type="llama", vocabulary=12288, hidden=512, layers=8, mlp=1536, heads=8, groups=4, head_dim=64)


@pytest.fixture
def parts(make_model):
    folder = make_model(num_hidden_layers=4, intermediate_size=256)
    model = checkpoints.load(folder, "float32")
    with torch.no_grad():  # the third layer does next to nothing, so it must go first
        model.model.layers[2].mlp.down_proj.weight *= 1e-3
        model.model.layers[2].self_attn.o_proj.weight *= 1e-3
    return model, measure_importance(model, ROWS), plan.read_shape(checkpoints.read_config(folder))


def look(_: int):
    return None, ROWS


def test_the_first_step_is_the_cheapest_trial_and_an_idle_layer_costs_nothing(parts) -> None:
    model, scores, shape = parts
    size = plan.measure(shape, shape, "bf16", 0, 1).total
    route = search(model, scores, shape, 0, "bf16", round(size * 0.9), look, ("mlp", "layers", "groups"))
    assert route.ranking[0] == route.steps[1]
    assert {"mlp", "layers", "groups"} == {trial.axis for trial in route.ranking}
    assert [t.price for t in route.ranking] == sorted(t.price for t in route.ranking)
    (idle,) = [trial for trial in route.ranking if trial.axis == "layers"]
    assert route.steps[0].loss == pytest.approx(idle.loss, rel=1e-3)
    smaller = build(model, scores, shape.prune(layers=3), None)
    assert samples.measure_loss(smaller, ROWS).per_byte == pytest.approx(idle.loss, rel=1e-6)


def test_every_step_is_smaller_and_the_last_meets_the_limit(parts) -> None:
    model, scores, shape = parts
    size = plan.measure(shape, shape, "bf16", 0, 1).total
    route = search(model, scores, shape, 0, "bf16", round(size * 0.6), look, ("mlp", "layers", "groups"))
    totals = [step.total for step in route.steps]
    assert totals == sorted(totals, reverse=True) and totals[-1] <= size * 0.6 < totals[-2]


def test_a_model_that_fits_is_not_cut(parts) -> None:
    model, scores, shape = parts
    route = search(model, scores, shape, 0, "bf16", 10**9, look)
    assert 1 == len(route.steps) and [] == route.ranking


def test_steps_keep_to_widths_the_formats_hold_and_end_somewhere() -> None:
    for axis in AXES:
        now, seen = WHOLE, 0
        while (smaller := step_down(now, WHOLE, axis)) is not None:
            assert smaller.count() < now.count() and 0 == smaller.mlp % 64
            assert 0 == smaller.hidden % smaller.heads  # transformers refuses such a Llama otherwise
            now, seen = smaller, seen + 1
        assert 1 <= seen <= 20


def test_the_finalists_fit_and_a_narrow_mlp_is_among_them() -> None:
    limit, tokens = 20_000_000, [f"token{i}" for i in range(12288)]
    tokenizer = plan.Vocabulary(tokens=tuple(tokens), merges=(), added=(), file_bytes=800_000)
    last = Trial(axis="layers", vocabulary=12288, mlp=1536, layers=4, groups=4, total=1, loss=1, price=1)
    found = list_finalists(Route([last], []), WHOLE, tokenizer, "nf4_dq", limit, 4)
    assert 4 == len(found) and WHOLE.prune(layers=4) == found[0]
    assert all(plan.measure(WHOLE, cut, "nf4_dq", tokenizer, limit).fits for cut in found[1:])
    assert any(cut.mlp < 1024 and cut.layers == 8 for cut in found[1:])
    assert len({cut.vocabulary for cut in found[1:]}) == 3
