"""Room under the limit goes to the matrices whose rounding costs most, and is never overspent."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("bitsandbytes")
import torch

from sxl_train.data.samples import Sample
from sxl_train.plan import step as plan
from sxl_train.plan.choose import SAFETY
from sxl_train.plan.formats import WIDER, count_weights
from sxl_train.plan.room import spend_room
from sxl_train.quantise import step as quantise
from sxl_train.run import checkpoints, size
from sxl_train.storage import precision

ROWS = [Sample([4 + (start + 3 * i) % 60 for i in range(24)], [0] * 4 + [1] * 20, 20) for start in range(6)]
FORMATS = ("nf4_dq", "int4", "f8", "bf16")


@pytest.fixture
def parts(make_model):
    folder = make_model()
    return folder, plan.read_shape(checkpoints.read_config(folder)), checkpoints.load(folder, "float32")


def test_a_matrix_that_nothing_depends_on_costs_nothing(parts) -> None:
    _, _, model = parts
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight.zero_()
    costs = precision.measure_sensitivity(model, ROWS, FORMATS)
    assert 0 == costs["model.layers.1.mlp.up_proj.weight"]["nf4_dq"]
    spared = costs["model.layers.0.mlp.up_proj.weight"]
    assert spared["nf4_dq"] > spared["f8"] > spared["bf16"] >= 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 2.0])
@pytest.mark.parametrize("format", ["nf4_dq", "int4", "f8"])
def test_the_room_is_used_and_kept(parts, tmp_path: Path, format: plan.Format, share: float) -> None:
    folder, shape, model = parts
    costs = precision.measure_sensitivity(model, ROWS, FORMATS)
    narrow, wide = (count_weights(shape, f) for f in (format, "bf16"))
    room = round(share * (wide - narrow))
    others = spend_room(shape, format, room, costs)
    out = quantise.quantise(folder, tmp_path / "out", format, others)
    real = dict(size.measure(out).files)["model.safetensors"]
    assert real <= narrow + room + 600
    assert real == pytest.approx(count_weights(shape, format, others=others), abs=600)
    assert bool(others) == (share > 0)
    assert precision.expect_rise(costs, format, others) <= precision.expect_rise(costs, format, {})


def test_the_plan_expects_the_bytes_that_are_spent(parts) -> None:
    _, shape, model = parts
    costs = precision.measure_sensitivity(model, ROWS, FORMATS)
    whole = plan.measure(shape, shape, "bf16", 0, 10**9).total
    chosen = plan.choose(shape, 0, round(whole * 0.7), ["bf16", "nf4_dq", "f8"], cuts=[shape])
    assert chosen is not None and chosen.fits and chosen.others
    base = plan.measure(shape, shape, chosen.format, 0, 10**9).total
    others = spend_room(shape, chosen.format, chosen.total - base, costs)
    made = base + count_weights(shape, chosen.format, others=others) - count_weights(shape, chosen.format)
    assert made == pytest.approx(chosen.total, rel=0.02)  # a matrix of this toy is 4 % of its file


def test_a_gguf_file_takes_the_room_in_steps_and_stays_within_it(parts, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    from sxl_train.storage import gguf

    folder, shape, model = parts
    columns = precision.measure_columns(model, ROWS)
    assert {t.name for t in shape.tensors() if t.kind != "vector"} == set(columns)
    costs = precision.measure_sensitivity(model, ROWS, ("q4_0", *WIDER["q4_0"]), columns)
    assert all(cost["q4_0"] > cost["q5_0"] > cost["q8_0"] for cost in costs.values())
    narrow, wide = (count_weights(shape, f) for f in ("q4_0", "q8_0"))
    room = (wide - narrow) // 2
    others = spend_room(shape, "q4_0", room, costs)
    assert {"q5_0", "q8_0"} >= set(others.values()) > set()
    written = [
        gguf.write(folder, tmp_path / name / "model.gguf", "q4_0", chosen, columns).stat().st_size
        for name, chosen in (("mixed", others), ("alike", {}))
    ]
    assert count_weights(shape, "q4_0", others=others) - narrow == written[0] - written[1]
    assert 0.7 * room <= written[0] - written[1] <= room
    stored = checkpoints.load(tmp_path / "mixed", "float32")
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            expected = precision.round_to(weight, name, others.get(name, "q4_0"), columns)
            assert torch.allclose(expected, stored.get_parameter(name), atol=1e-6)


def test_a_plan_climbs_the_ladder_with_its_limit(parts) -> None:
    _, shape, _ = parts
    sizes = {f: plan.measure(shape, shape, f, 0, 1).total for f in ("q4_0", "q5_0", "q8_0")}
    found = [
        plan.choose(shape, 0, round(limit / (1 - SAFETY)) + 1, ["q4_0"], cuts=[shape])
        for limit in ((sizes["q4_0"] + sizes["q5_0"]) // 2, (sizes["q5_0"] + sizes["q8_0"]) // 2)
    ]
    assert all(plan_ is not None for plan_ in found)
    assert [{"q5_0"}, {"q5_0", "q8_0"}] == [set(plan_.others) for plan_ in found if plan_ is not None]
