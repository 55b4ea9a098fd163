"""Two processes on a CPU (gloo) train as one does: same batches, same losses, one finished folder.

Copies in each process (DDP), and weights shared out between them (FSDP2).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

SPEC = util.spec_from_file_location("toys", Path(__file__).parent / "toys.py")
assert SPEC and SPEC.loader
toys = util.module_from_spec(SPEC)
SPEC.loader.exec_module(toys)
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gloo's launcher needs a POSIX system")


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


def train(folder: Path, name: str, processes: int, *keys: str) -> list[float]:
    """The losses of a run of its own; one process runs here, two are launched."""
    from sxl_train import recipe

    words = [
        f"base_model={folder / 'made' / 'base'}",
        f"dataset={folder / 'toy'}",
        f"out={folder / name}",
        "steps=[tune]",
        f"tune.batch={2 // processes}",
        "tune.max_steps=5",
        "tune.max_length=256",
        "tune.save_every=100",
        *keys,
    ]
    if processes == 1:
        recipe.run("demo", words)
    else:
        launch = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--nproc_per_node",
            str(processes),
            "--master_port",
            "29531",
            "-m",
            "sxl_train.recipe",
            "demo",
            *words,
        ]
        environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(launch, capture_output=True, text=True, check=False, timeout=240, env=environment)
        assert done.returncode == 0, done.stderr[-3000:]
    lines = (folder / name / "tune" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry.get("loss", entry.get("eval_loss")) for entry in map(json.loads, lines)]


def test_two_processes_have_the_losses_of_one_with_twice_the_batch(folder: Path) -> None:
    one = train(folder, "lora-1", 1, "method=lora")
    assert len(one) == 7
    assert train(folder, "lora-2", 2, "method=lora") == pytest.approx(one, rel=1e-4)


def test_weights_shared_out_between_two_processes_give_the_losses_and_the_model_of_one(folder: Path) -> None:
    from safetensors.torch import load_file

    one = train(folder, "full-1", 1, "method=full")
    assert train(folder, "full-2", 2, "method=full", "tune.shard=true") == pytest.approx(one, rel=1e-4)
    whole, sharded = (load_file(folder / name / "tune" / "model.safetensors") for name in ("full-1", "full-2"))
    assert {name: weight.shape for name, weight in sharded.items()} == {
        name: weight.shape for name, weight in whole.items()
    }
    assert all((sharded[name].float() - whole[name].float()).abs().max() < 0.01 for name in whole)
