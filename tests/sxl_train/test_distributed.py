"""Two processes on a CPU (gloo) train as one does: same batches, same losses, one finished folder.

Copies in each process (DDP), and weights shared out between them (FSDP2).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sxl_train import toys
from tests.sxl_train.processes import find_port, launch

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="gloo's launcher needs a POSIX system"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy dataset, and the tiny base that every run here starts from."""
    from sxl_train import recipe

    folder = tmp_path_factory.mktemp("two")
    toys.write_dataset(folder / "toy", 40, 7)
    recipe.run(
        "demo",
        [
            *toys.TINY,
            f"dataset={folder / 'toy'}",
            f"out={folder / 'made'}",
            "steps=[tune]",
            "tune.max_steps=1",
            "tune.max_length=256",
            "method=lora",
        ],
    )
    return folder


def list_words(folder: Path, name: str) -> list[str]:
    """What every run here is given."""
    return [
        f"base_model={folder / 'made' / 'base'}",
        f"dataset={folder / 'toy'}",
        f"out={folder / name}",
        "steps=[tune]",
        "tune.max_length=256",
    ]


def train(folder: Path, name: str, processes: int, *keys: str) -> list[float]:
    """The losses of a run of its own; one process runs here, two beside it."""
    from sxl_train import recipe

    words = give_words(folder, name, processes, *keys)
    if processes == 1:
        recipe.run("demo", words)
    else:
        codes, said = launch(folder, processes, ["demo", *words])
        assert codes == [0] * processes, said[-3000:]
    return read_losses(folder / name)


def train_by_torchrun(folder: Path, name: str, *keys: str) -> list[float]:
    """The same by the launcher that users start."""
    two = ["--nproc_per_node", "2", "--master_port", find_port()]
    words = ["-m", "sxl_train.recipe", "demo", *give_words(folder, name, 2, *keys)]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *two, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return read_losses(folder / name)


def give_words(folder: Path, name: str, processes: int, *keys: str) -> list[str]:
    steps = [f"tune.batch={2 // processes}", "tune.max_steps=5", "tune.save_every=100"]
    return [*list_words(folder, name), *steps, *keys]


def read_losses(out: Path) -> list[float]:
    lines = (out / "tune" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry.get("loss", entry.get("eval_loss")) for entry in map(json.loads, lines)]


def test_two_processes_have_the_losses_of_one_with_twice_the_batch(folder: Path) -> None:
    one = train(folder, "lora-1", 1, "method=lora")
    assert len(one) == 7
    assert train_by_torchrun(folder, "lora-2", "method=lora") == pytest.approx(one, rel=1e-4)


def test_weights_shared_out_between_two_processes_give_the_losses_and_the_model_of_one(folder: Path) -> None:
    from safetensors.torch import load_file

    one = train(folder, "full-1", 1, "method=full")
    assert train(folder, "full-2", 2, "method=full", "tune.shard=true") == pytest.approx(one, rel=1e-4)
    whole, sharded = (load_file(folder / name / "tune" / "model.safetensors") for name in ("full-1", "full-2"))
    assert {name: weight.shape for name, weight in sharded.items()} == {
        name: weight.shape for name, weight in whole.items()
    }
    assert all((sharded[name].float() - whole[name].float()).abs().max() < 0.01 for name in whole)


@pytest.mark.parametrize(
    "first, second, keys",
    [(2, 1, ("method=lora",)), (2, 1, ("method=full", "tune.shard=true")), (1, 2, ("method=full", "tune.shard=true"))],
)
def test_killed_run_goes_on_with_another_number_of_processes_and_the_same_losses(
    first: int, second: int, keys: tuple[str, ...], folder: Path
) -> None:
    name = f"{keys[0]}-{first}-{second}"
    keys = (*keys, f"tune.batch={2 // first}", "tune.max_steps=7", "tune.save_every=3")
    expected = train(folder, f"{name}-whole", 1, *keys, "tune.batch=2")
    codes, said = launch(folder, first, ["demo", *list_words(folder, name), *keys], kill_in=4)
    assert all(codes) and "3/7" in said, said[-3000:]
    assert not (folder / name / "tune").exists()
    assert train(folder, name, second, *keys) == pytest.approx(expected, rel=1e-4)
    found = json.loads((folder / name / "tune" / "run.json").read_text(encoding="utf-8"))["measured"]
    # Begun anew it would have taken steps of another size.
    assert (found["processes"], found["batch"], found["accumulate"]) == (second, 1, first)


def test_best_model_of_a_shared_out_run_is_the_one_that_is_written(folder: Path) -> None:
    keys = (
        "method=lora",
        "tune.markers=none",
        "tune.shard=true",
        "tune.evaluate_every=2",
        "tune.patience=2",
        "tune.lr=0.5",
        "tune.lr_floor=0.5",
        "tune.max_steps=40",
    )
    train(folder, "early", 2, *keys)
    log = (folder / "early" / "tune" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    judged = [entry["eval_loss"] for entry in map(json.loads, log) if "eval_loss" in entry]
    during, best = judged[1:-1], min(judged[1:-1])
    measured = json.loads((folder / "early" / "tune" / "run.json").read_text(encoding="utf-8"))["measured"]
    assert measured["steps"] < 40 and min(during[-2:]) > best
    assert measured["validation_loss_after"] == pytest.approx(best, abs=1e-4)
