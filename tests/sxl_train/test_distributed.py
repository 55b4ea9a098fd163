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


def train(tmp_path: Path, name: str, processes: int, batch: int, *more: str) -> list[float]:
    root = Path(__file__).parents[2]
    keys = [*toys.TINY, f"dataset={tmp_path / 'toy'}", f"out={tmp_path / name}", "steps=[tune]", "method=lora",
            f"tune.batch={batch}", "tune.max_steps=5", "tune.max_length=256", "tune.save_every=100",
            *more]  # fmt: skip
    launch = [sys.executable, "-m"]
    if processes > 1:
        launch += [
            "torch.distributed.run",
            "--nproc_per_node",
            str(processes),
            "--master_port",
            "29531",
            "-m",
        ]
    done = subprocess.run(
        [*launch, "sxl_train.recipe", "demo", *keys], capture_output=True, text=True, check=False, timeout=240,
        env=dict(os.environ) | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = (tmp_path / name / "tune" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return [entry.get("loss", entry.get("eval_loss")) for entry in entries]


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="gloo's launcher needs a POSIX system")


@POSIX
def test_two_processes_have_the_losses_of_one_with_twice_the_batch(tmp_path: Path) -> None:
    toys.write_dataset(tmp_path / "toy", 40, 7)
    assert train(tmp_path, "two", 2, 1) == pytest.approx(train(tmp_path, "one", 1, 2), rel=1e-4)


@POSIX
def test_weights_shared_out_between_two_processes_give_the_losses_and_the_model_of_one(
    tmp_path: Path,
) -> None:
    from safetensors.torch import load_file

    toys.write_dataset(tmp_path / "toy", 40, 7)
    one = train(tmp_path, "one", 1, 2, "method=full")
    two = train(tmp_path, "two", 2, 1, "method=full", "tune.shard=true")
    assert two == pytest.approx(one, rel=1e-4)
    whole, sharded = (load_file(tmp_path / name / "tune" / "model.safetensors") for name in ("one", "two"))
    assert {name: weight.shape for name, weight in sharded.items()} == {
        name: weight.shape for name, weight in whole.items()
    }
    assert all((sharded[name].float() - whole[name].float()).abs().max() < 0.01 for name in whole)
