"""A recipe and the shape of its base in; seconds for each step and stage of the run on this machine, out.

One probe: one and two decoder layers with random weights of the shape run forward, backward with frozen weights
(adapters) and backward with all weights; what the second layer adds is what each further one costs. Nothing is
downloaded and no real weight is read. A guide: compiled layers and full batches are faster than the probe, loading and
tokenising come on top.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from sxl_data.contract.console import format_seconds, format_table
from sxl_train.config import Recipe
from sxl_train.data import dataset as data
from sxl_train.plan import step as plan
from sxl_train.run.checkpoints import count_weights
from sxl_train.run.forecast import find_config

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PretrainedConfig

    from sxl_train.run.decoder import Decoder

GPU_TOKENS, CPU_TOKENS_LEAST, CPU_TOKENS_MOST, CPU_WORK = 8192, 32, 256, 3e9
"""Tokens of the probe: on a CPU as many as make so many products of a weight and a token, in these bounds."""


class Speed(msgspec.Struct, frozen=True):
    """Seconds of the whole model: for a token read, trained with adapters, trained in full; for one token written."""

    read: float
    adapt: float
    train: float
    write: float


class Stage(msgspec.Struct, frozen=True):
    """``steps`` of ``each`` seconds."""

    name: str
    steps: int
    each: float

    @property
    def seconds(self) -> float:
        """Of the whole stage."""
        return self.steps * self.each


def forecast(recipe: Recipe, sequences: int, capacity: int) -> list[Stage]:
    """The stages of a run over ``sequences`` packed sequences of ``capacity`` tokens."""
    shape, tokenizer = plan.read_base(recipe)
    chosen = plan.make_plan(recipe, shape, tokenizer)
    pruned = chosen.axes != shape.axes
    speed = measure_speed(find_config(recipe))
    return list_stages(recipe, speed, sequences, capacity, pruned)


def measure_speed(config: PretrainedConfig) -> Speed:
    """The probe, on the GPU where there is one. ``config`` is a transformers configuration of the base."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokens = GPU_TOKENS
    if device == "cpu":
        tokens = int(min(max(CPU_WORK / count_weights(config), CPU_TOKENS_LEAST), CPU_TOKENS_MOST))
    few, more = (_time_layers(config, layers, device, tokens) for layers in (1, 2))
    deeper = config.get_text_config().num_hidden_layers - 1
    whole = [first + deeper * max(second - first, 0.0) for first, second in zip(few, more)]
    return Speed(whole[0] / tokens, whole[1] / tokens, whole[2] / tokens, whole[3])


def _time_layers(config: PretrainedConfig, layers: int, device: str, tokens: int) -> list[float]:
    """Seconds of reading, adapting and training ``tokens``, and of reading a single one."""
    import copy

    import torch
    from transformers import AutoModelForCausalLM

    shape = copy.deepcopy(config)
    text = shape.get_text_config()
    text.num_hidden_layers, text.use_cache = layers, False
    if getattr(text, "layer_types", None):
        text.layer_types = list(text.layer_types)[:layers]
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    with torch.device(device):
        model: Decoder = AutoModelForCausalLM.from_config(shape, dtype=dtype)
        length = min(tokens, 2048, text.max_position_embeddings or 2048)
        ids = torch.randint(0, text.vocab_size, (max(1, tokens // length), length))
    share = tokens / ids.numel()

    def read(some: Tensor = ids) -> None:
        with torch.no_grad():
            model(input_ids=some)

    def learn(trained: bool) -> None:
        model.requires_grad_(trained)
        inputs = model.get_input_embeddings()(ids).detach().requires_grad_()
        model(inputs_embeds=inputs, labels=ids).loss.backward()
        model.zero_grad(set_to_none=True)

    runs: list[Callable[[], None]] = [read, lambda: learn(False), lambda: learn(True)]
    return [share * _time(run, device) for run in runs] + [_time(lambda: read(ids[:1, :1]), device)]


def _time(run: Callable[[], None], device: str) -> float:
    """Seconds of a run after a first one; on a GPU the faster of two."""
    import torch

    found = []
    for _ in range(3 if device == "cuda" else 2):
        started = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        found.append(time.perf_counter() - started)
    return min(found[1:])


def estimate_sequences(recipe: Recipe, tokens_per_row: float, capacity: int) -> int:
    """Packed sequences of the whole training split, from the mean length of some rows."""
    rows = data.count_rows(data.find_dataset(recipe.dataset), "train")
    rows = min(rows, recipe.limit or rows)
    return max(1, math.ceil(rows * tokens_per_row / capacity)) if recipe.tune.packing else rows


def list_stages(recipe: Recipe, speed: Speed, sequences: int, capacity: int, pruned: bool) -> list[Stage]:
    """The stages that take time. ``pruned``: whether the plan cuts."""
    tune, distil, steps = recipe.tune, recipe.distil, recipe.steps
    stages = []
    if recipe.base_model == "demo" and "tune" in steps:
        stages.append(Stage("base", recipe.base.steps, recipe.base.tokens * speed.train))
    if "tune" in steps:
        batch, count = choose_steps(recipe, sequences, capacity)
        each = speed.train if recipe.method == "full" else speed.adapt
        stages.append(Stage("tune", count, batch * tune.accumulate * capacity * each))
    recovers = bool(distil.teacher) or ("prune" in steps and pruned)
    if "prune" in steps and pruned and recipe.prune.mode == "auto" and recipe.prune.order == "measured":
        tried = recipe.prune.finalists * recipe.prune.trial_steps
        stages.append(Stage("prune", tried, distil.batch * speed.train))
    if "distil" in steps and recovers and distil.steps:
        stages.append(Stage("distil", distil.steps, distil.batch * (speed.train + speed.read)))
    if "evaluate" in steps:
        models = 1 + len({"tune", "merge", "quantise"} & set(steps)) + pruned * len({"prune", "distil"} & set(steps))
        looked = recipe.evaluate
        written = looked.generate * looked.new_tokens * speed.write
        stages.append(Stage("evaluate", models, looked.rows * capacity * speed.read + written))
    return stages


def choose_steps(recipe: Recipe, sequences: int, capacity: int) -> tuple[int, int]:
    """(sequences in a forward pass, optimiser steps) of the tuning; a GPU may turn out to hold fewer at a time."""
    import torch

    from sxl_train.run.apart import count_processes
    from sxl_train.tune.batch import want
    from sxl_train.tune.trainer import count_steps

    tune = recipe.tune
    batch = tune.batch or want(sequences, tune, capacity, count_processes(), torch.cuda.is_available())
    return batch, count_steps(sequences, batch, tune)


def show(stages: list[Stage]) -> str:
    """The stages as a table with their sum."""
    rows = [(stage.name, str(stage.steps), f"{stage.each:.3g} s", format_seconds(stage.seconds)) for stage in stages]
    rows.append(("together", "–", "–", format_seconds(sum(stage.seconds for stage in stages))))
    return format_table(("time forecast, loading apart", "steps", "each", "about"), rows)
