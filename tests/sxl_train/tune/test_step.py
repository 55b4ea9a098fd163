"""Tuning on a tiny base: what it writes, that a kill changes nothing, that evaluating changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from sxl_data.contract.errors import UserError
from sxl_train.config import Tune
from sxl_train.data import base
from sxl_train.data import dataset as data
from sxl_train.data.base import read_template
from sxl_train.run.recipes import open_recipe
from sxl_train.run.step import Context, perform
from sxl_train.tune import adapt
from sxl_train.tune import step as tune
from tests.sxl_train import toys

pytestmark = pytest.mark.slow

KEYS = (
    *toys.TINY,
    "limit=0",
    "tune.max_length=256",
    "tune.batch=2",
    "tune.lr=0.003",
    "tune.lr_floor=0.001",
    "tune.save_every=100",
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Any:
    """Tiny matrices gain nothing from threads, and lose much where other processes run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toys.write_dataset(tmp_path_factory.mktemp("data") / "toy")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def folder(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny base of every test here."""
    out = tmp_path_factory.mktemp("base")
    return Path(step("base", base.run, "demo", dataset, out, *KEYS).model)


def step(name: str, run: Any, model: str, dataset: Path, out: Path, *keys: str) -> Any:
    _, loaded = open_recipe("demo", (f"dataset={dataset}", f"out={out}", *keys))
    context = Context(loaded.value, dict(loaded.origins), name, model, out / f"{name}.part", out, "demo")
    return perform(context, run, "" if name == "base" else "b", data.find_dataset(str(dataset)).sha256)


def read_losses(out: Path) -> list[tuple[int, float]]:
    lines = (out / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [(entry["step"], entry["loss"]) for entry in map(json.loads, lines) if "loss" in entry]


@pytest.mark.parametrize(
    "keys",
    [
        ("method=full",),
        ("method=lora",),
        ("method=qlora",),
        ("method=lora", "tune.dora=true", "tune.rslora=true"),
        ("method=lora", "tune.fast=false"),
        ("method=lora", "tune.checkpointing=true", "tune.accumulate=2"),
    ],
    ids=lambda keys: "+".join(keys),
)
def test_every_method_lowers_the_validation_loss(
    keys: tuple[str, ...], folder: Path, dataset: Path, tmp_path: Path
) -> None:
    made = step("tune", tune.run, str(folder), dataset, tmp_path, *KEYS, "tune.max_steps=12", *keys)
    assert made.measured["validation_loss_after"] < made.measured["validation_loss_before"]
    expected = "model.safetensors" if "method=full" in keys else "adapter_model.safetensors"
    assert (tmp_path / "tune" / expected).exists()
    assert not (tmp_path / "tune" / "checkpoints").exists()
    assert [n for n, _ in read_losses(tmp_path / "tune")] == list(range(1, 13))


KILLER = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from transformers import TrainerCallback
from sxl_train import recipe
from sxl_train.run import log
class Killer(log.Log):
    def on_step_end(self, args, state, control, **_):
        super().on_step_end(args, state, control)
        if state.global_step == 8:
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
log.Log = Killer
import importlib.util
spec = importlib.util.spec_from_file_location("case", sys.argv[2])
case = importlib.util.module_from_spec(spec)
spec.loader.exec_module(case)
from pathlib import Path
case.step("tune", case.tune.run, sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]), *sys.argv[6:])
"""


def test_killed_run_continues_with_the_same_next_50_losses(folder: Path, dataset: Path, tmp_path: Path) -> None:
    keys = (*KEYS, "method=lora", "tune.max_steps=58", "tune.save_every=5")
    step("tune", tune.run, str(folder), dataset, tmp_path / "whole", *keys)
    killer = tmp_path / "killer.py"
    killer.write_text(KILLER, encoding="utf-8")
    words = [str(killer), str(Path(__file__).parents[3]), __file__, str(folder), str(dataset), str(tmp_path / "killed")]
    environment = dict(os.environ) | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words, *keys], capture_output=True, env=environment, check=False)
    assert done.returncode != 0 and (tmp_path / "killed" / "tune.part" / "checkpoints").exists(), done.stderr
    step("tune", tune.run, str(folder), dataset, tmp_path / "killed", *keys)
    whole, resumed = read_losses(tmp_path / "whole" / "tune"), read_losses(tmp_path / "killed" / "tune")
    assert len(whole) == 58
    assert whole == resumed
    judged = [
        (tmp_path / name / "tune" / "log.jsonl").read_text(encoding="utf-8").count('"eval_loss"')
        for name in ("whole", "killed")
    ]
    assert judged == [2, 2]
    assert (tmp_path / "whole/tune/adapter_model.safetensors").read_bytes() == (
        tmp_path / "killed/tune/adapter_model.safetensors"
    ).read_bytes()


def test_signal_saves_the_step_under_way_and_the_run_goes_on_from_there(
    folder: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal

    from sxl_train.run import log

    keys = (*KEYS, "method=lora", "tune.max_steps=12")
    step("tune", tune.run, str(folder), dataset, tmp_path / "whole", *keys)
    begin = log.Log.on_step_begin

    def terminate(self: Any, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 6:  # in the middle of the seventh step
            os.kill(os.getpid(), signal.SIGTERM)

    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(log.Log, "on_step_begin", terminate)
    with pytest.raises(KeyboardInterrupt):
        step("tune", tune.run, str(folder), dataset, tmp_path / "stopped", *keys)
    assert handler == signal.getsignal(signal.SIGTERM)
    assert (tmp_path / "stopped/tune.part/checkpoints/checkpoint-7/trainer_state.json").exists()
    monkeypatch.setattr(log.Log, "on_step_begin", begin)
    step("tune", tune.run, str(folder), dataset, tmp_path / "stopped", *keys)
    assert read_losses(tmp_path / "whole" / "tune") == read_losses(tmp_path / "stopped" / "tune")


def test_newest_whole_checkpoint_before_the_last_step_is_taken_and_halves_are_removed(tmp_path: Path) -> None:
    whole = '{"global_step": %d, "max_steps": 20, "train_batch_size": 3}'
    for number, state in ((4, whole % 4), (5, whole % 5), (10, whole[:20]), (15, None), (20, whole % 20)):
        checkpoint = tmp_path / f"checkpoint-{number}"
        checkpoint.mkdir()
        if state is not None:
            (checkpoint / "trainer_state.json").write_text(state, encoding="utf-8")
    assert tune.find_checkpoint(tmp_path) == str(tmp_path / "checkpoint-5")
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint-4", "checkpoint-5", "checkpoint-20"}


def test_run_that_ended_before_its_model_was_written_ends_the_same_again(
    folder: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = (*KEYS, "method=lora", "tune.max_steps=6", "tune.save_every=4")
    step("tune", tune.run, str(folder), dataset, tmp_path / "whole", *keys)

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tune, "save", fail)
        with pytest.raises(KeyboardInterrupt):
            step("tune", tune.run, str(folder), dataset, tmp_path / "late", *keys)
    assert (tmp_path / "late/tune.part/checkpoints/checkpoint-6").exists()
    step("tune", tune.run, str(folder), dataset, tmp_path / "late", *keys)
    assert read_losses(tmp_path / "whole" / "tune") == read_losses(tmp_path / "late" / "tune")
    assert (tmp_path / "whole/tune/adapter_model.safetensors").read_bytes() == (
        tmp_path / "late/tune/adapter_model.safetensors"
    ).read_bytes()


def make_pieces(folder: Path, dataset: Path, method: str, **keys: Any) -> tuple[Any, Any]:
    tokenizer, template = read_template(str(folder))
    settings = Tune(max_length=256, batch=2, **keys)
    model = adapt.adapt(adapt.load(str(folder), method, settings), method, settings, tokenizer, template, [])
    return model, tune.prepare(data.find_dataset(str(dataset)), "train", 12, tokenizer, template, settings, 256)[0]


@pytest.mark.parametrize("dequantise", ["once", "each"])
def test_evaluating_in_mid_training_does_not_change_the_next_gradient(
    dequantise: str, folder: Path, dataset: Path
) -> None:
    from sxl_train.data.collate import Flatten
    from sxl_train.tune import fast

    found = []
    for evaluates in (False, True):
        torch.manual_seed(0)
        model, rows = make_pieces(folder, dataset, "qlora", dequantise=dequantise)
        fast.make_fast(model, compile_layers=False)
        batch = Flatten(1, 256)(rows[:2])
        if evaluates:
            model.eval()
            with torch.no_grad():
                model(**batch)
        model.train()
        model(**batch)["loss"].backward()
        found.append({n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys() and len(found[0]) > 10
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_weights_kept_expanded_give_the_loss_of_bitsandbytes_own_layers(folder: Path, dataset: Path) -> None:
    from sxl_train.data.collate import Flatten
    from sxl_train.tune import fast

    losses = []
    for dequantise in ("once", "each"):
        torch.manual_seed(0)
        model, rows = make_pieces(folder, dataset, "qlora", dequantise=dequantise)
        fast.make_fast(model, compile_layers=False)
        losses.append(model(**Flatten(1, 256)(rows[:2]))["loss"].item())
    assert losses[0] == pytest.approx(losses[1], rel=2e-3)


def test_learning_rate_ends_at_the_floor(folder: Path, dataset: Path, tmp_path: Path) -> None:
    step("tune", tune.run, str(folder), dataset, tmp_path, *KEYS, "method=lora", "tune.max_steps=10")
    lines = (tmp_path / "tune" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    rates = [json.loads(line)["learning_rate"] for line in lines if "learning_rate" in line]
    assert max(rates) == pytest.approx(0.003, rel=0.05)
    assert rates[-1] == pytest.approx(0.001, rel=0.1)


def test_plain_and_fast_path_have_the_same_loss_curve(folder: Path, dataset: Path, tmp_path: Path) -> None:
    curves = []
    for fast in ("true", "false"):
        out = tmp_path / fast
        step("tune", tune.run, str(folder), dataset, out, *KEYS, "method=full", "tune.max_steps=8", f"tune.fast={fast}")
        curves.append([loss for _, loss in read_losses(out / "tune")])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)


def test_dataset_without_a_trained_token_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": [{"role": "user", "content": "a"}]}) + "\n", encoding="utf-8")
    with pytest.raises(UserError) as problem:
        step("tune", tune.run, str(folder), path, tmp_path / "out", *KEYS)
    assert [item.code for item in problem.value.findings] == ["T104"]


def test_two_passes_accumulated_equal_one_of_twice_the_batch(folder: Path, dataset: Path, tmp_path: Path) -> None:
    keys = (*KEYS, "method=lora", "tune.max_steps=6")
    step("tune", tune.run, str(folder), dataset, tmp_path / "two", *keys, "tune.batch=2")
    step("tune", tune.run, str(folder), dataset, tmp_path / "one", *keys, "tune.batch=1", "tune.accumulate=2")
    whole, parts = read_losses(tmp_path / "two" / "tune"), read_losses(tmp_path / "one" / "tune")
    assert [loss for _, loss in parts] == pytest.approx([loss for _, loss in whole], rel=1e-4)


def test_run_stops_when_validation_gets_no_better_and_keeps_the_best(
    folder: Path, dataset: Path, tmp_path: Path
) -> None:
    keys = (
        *KEYS,
        "method=lora",
        "tune.max_steps=40",
        "tune.lr=0.5",
        "tune.lr_floor=0.5",
        "tune.evaluate_every=3",
        "tune.patience=2",
    )
    made = step("tune", tune.run, str(folder), dataset, tmp_path, *keys)
    lines = (tmp_path / "tune" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    judged = [(entry["step"], entry["eval_loss"]) for entry in map(json.loads, lines) if "eval_loss" in entry]
    during = [(n, loss) for n, loss in judged[1:-1]]
    best = min(loss for _, loss in during)
    assert made.measured["steps"] < 40
    assert [loss for _, loss in during[-2:]] == [loss for _, loss in during[-2:] if loss > best]
    assert made.measured["validation_loss_after"] == pytest.approx(best, abs=1e-4)
