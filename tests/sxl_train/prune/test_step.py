"""The prune step follows the plan, ranks the axes by measured loss and leaves a loadable model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM

from sxl_train.config import Distil, Evaluate, Prune, Quantise, Recipe, Tune, parse_size
from sxl_train.data import samples
from sxl_train.plan import step as plan
from sxl_train.prune import search
from sxl_train.prune import step as prune
from sxl_train.run import checkpoints, size
from sxl_train.run.step import Context
from sxl_train.run.tokenizer import open_tokenizer


@pytest.fixture
def context(make_model, tmp_path: Path) -> Context:
    base = make_model(intermediate_size=512, num_hidden_layers=4)
    for split, count in (("train", 24), ("validation", 6)):
        rows = [
            {
                "messages": [
                    {"role": "user", "content": f"What is {i} * 5?"},
                    {"role": "assistant", "content": f"The answer is {i * 5}, return {i}"},
                ]
            }
            for i in range(count)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / f"{split}.jsonl").write_text(text, encoding="utf-8")
    limit = size.measure(base).total * 0.8
    recipe = Recipe(
        base_model=str(base),
        dataset=str(tmp_path / "data"),
        method="lora",
        size_limit=f"{limit / 1e6:.4f}MB",
        tune=Tune(max_length=128),
        prune=Prune(samples=8),
        evaluate=Evaluate(rows=4),
        quantise=Quantise(scheme="none"),
        distil=Distil(steps=4, batch=256, lr=1e-3),
    )
    out = tmp_path / "run"
    (out / "prune").mkdir(parents=True)
    chain = (("tune", str(base)),)
    return Context(recipe, {}, "prune", str(base), out / "prune", out, "test", chain)


def change(context: Context, **prune_keys: object) -> Context:
    recipe = msgspec.structs.replace(context.recipe, prune=Prune(samples=8, **prune_keys))  # type: ignore[arg-type]
    return Context(recipe, {}, "prune", context.model, context.folder, context.out, "test", context.chain)


@pytest.mark.parametrize("order", ["measured", "planned"])
def test_the_pruned_folder_meets_the_limit_and_loads(context: Context, order: str) -> None:
    context = change(context, order=order)
    out = prune.run(context)
    assert out == context.folder
    # The limit holds for the plan's tokenizer; a few hundred bytes of this tiny one are rounding.
    assert size.measure(out).total <= parse_size(context.recipe.size_limit) * 1.02
    model, info = AutoModelForCausalLM.from_pretrained(out, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    tokenizer = open_tokenizer(out)
    assert len(tokenizer) <= model.config.vocab_size
    rows = samples.read_samples(context.recipe.dataset, "validation", tokenizer, 4, 128)
    assert samples.measure_loss(model, rows).per_byte == pytest.approx(context.measured["loss_per_byte"], rel=0.05)
    if order == "measured":
        route = json.loads((out / "axes.json").read_text(encoding="utf-8"))
        prices = [trial["price"] for trial in route["ranking"]]
        assert prices == sorted(prices) and len(prices) >= 3


def test_the_numbers_of_the_recipe_are_kept(context: Context) -> None:
    out = prune.run(change(context, mode="manual", mlp=256, layers=2, groups=1, vocabulary=380))
    shape = plan.read_shape(checkpoints.read_config(out))
    assert (256, 2, 1) == (shape.mlp, shape.layers, shape.groups)
    assert 380 >= shape.vocabulary > 370
    assert len(json.loads((out / "kept_tokens.json").read_text(encoding="utf-8"))) == shape.vocabulary


def test_nothing_is_done_where_pruning_is_off_or_needless(context: Context) -> None:
    roomy = msgspec.structs.replace(context.recipe, size_limit="300MB")
    for keys in ({}, {"mode": "manual"}, {"mode": "off"}):
        recipe = msgspec.structs.replace(roomy, prune=Prune(**keys))
        whole = Context(recipe, {}, "prune", context.model, context.folder, context.out, "test", context.chain)
        assert Path(context.model) == prune.run(whole)


def test_the_distil_step_takes_the_unpruned_model_as_teacher(context: Context, tmp_path: Path) -> None:
    from sxl_train.distil import step as distil

    pruned = prune.run(change(context, mode="manual", mlp=256, vocabulary=380))
    folder = tmp_path / "run" / "distil"
    folder.mkdir()
    chain = (*context.chain, ("prune", str(pruned)))
    step = Context(context.recipe, {}, "distil", str(pruned), folder, context.out, "test", chain)
    out = distil.run(step)
    assert out == folder and context.model == step.measured["teacher"]
    assert step.measured["loss"] < step.measured["loss_before"]
    model = AutoModelForCausalLM.from_pretrained(out)
    assert torch.bfloat16 == model.dtype
    assert (pruned / "tokenizer.json").read_bytes() == (out / "tokenizer.json").read_bytes()
    whole = Context(context.recipe, {}, "distil", context.model, folder, context.out, "test", context.chain)
    assert Path(context.model) == distil.run(whole)


@pytest.mark.parametrize("cuts", [0, 2])
def test_the_tables_of_a_route_have_no_empty_cell_and_none_without_rows(cuts: int) -> None:
    sizes = {"vocabulary": 49157, "mlp": 1536, "layers": 30, "groups": 3}
    trials = [
        search.Trial(axis=axis, total=90_000_000, loss=0.5, price=price, **sizes)
        for axis, price in (("none", 0.0), ("mlp", -0.001), ("layers", 0.002))
    ]
    text = prune.format_route(search.Route(trials[: cuts + 1], trials[1 : cuts + 1]))
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if "─" in line:
            blocks.append([line])
        elif blocks and not line.lstrip().startswith("cut "):
            blocks[-1].append(line)
    assert len(blocks) == (2 if cuts else 1)
    for rule, *rows in blocks:
        ends = [(match.start(), match.end()) for match in re.finditer("─+", rule)]
        assert rows and all(row[start:end].strip() for row in rows for start, end in ends)
