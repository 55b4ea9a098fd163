"""A finished run that is made in seconds: a model of one layer that has learned one call by heart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sxl_data.engine.commit import sha256
from sxl_train.data.dataset import find_dataset
from sxl_train.data.mask import SHORT
from sxl_train.evaluate.benchmark import Report, SuiteReport
from sxl_train.evaluate.samples import write_samples
from sxl_train.suites.score import score
from sxl_train.suites.types import Outcome
from tests.sxl_data.publish.conftest import fake
from tests.sxl_train.conftest import train_tokenizer
from tests.sxl_train.toys import ADD, write_dataset

__all__ = ["fake"]
ASKED = [{"role": "user", "content": "What is 2 plus 3?"}]
CALL = '<tool_call>{"name": "add", "arguments": {"a": 2, "b": 3}}</tool_call>'


def teach(folder: Path) -> None:
    """A tiny Llama that answers `ASKED` with `CALL`, written to ``folder`` as transformers reads it."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(),
        bos_token="<|endoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        chat_template=SHORT.read_text(encoding="utf-8"),
    )
    prompt = tokenizer.apply_chat_template(ASKED, tools=[ADD], tokenize=False, add_generation_prompt=True)
    ids = tokenizer(prompt + CALL + "<|im_end|>", return_tensors="pt", add_special_tokens=False)["input_ids"]
    wanted = ids.clone()
    wanted[:, : len(tokenizer(prompt, add_special_tokens=False)["input_ids"])] = -100
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model only waits for more
    shape = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4}
    special = {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 3, "tie_word_embeddings": True}
    config = AutoConfig.for_model(
        "llama", vocab_size=tokenizer.vocab_size, max_position_embeddings=512, **shape, **special
    )
    model = AutoModelForCausalLM.from_config(config).float()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(200):
        loss = model(input_ids=ids, labels=wanted).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        if loss.item() < 0.01:
            break
    torch.set_num_threads(threads)
    assert loss.item() < 0.05
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def put(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(value))


def record(step: str, dataset: Path, before: str = "", **measured: Any) -> dict[str, Any]:
    keys = {"base_model": "someone/base", "dataset": str(dataset), "size_limit": "5MB", "limit": 0, "seed": 0}
    return {
        "step": step,
        "recipe": "toy",
        "key": step,
        "before": before,
        "model": ".",
        "reads": "",
        "config": {name: {"value": value, "origin": "recipe"} for name, value in keys.items()},
        "dataset_sha256": find_dataset(str(dataset)).sha256,
        "seed": 0,
        "measured": measured,
        "versions": {"python": "3.11.7", "sheikh-sxl": "0.2.0", "torch": "2.13.0+cpu"},
        "hardware": {"machine": "x86_64", "system": "Linux", "cores": 2},
        "finished": "2026-01-01T00:00:00+00:00",
        "seconds": 1.5,
        "files": {},
    }


def report(folder: Path, right: int) -> None:
    request = json.dumps({"id": "one", "messages": ASKED, "tools": [ADD]})
    outcomes = [
        Outcome(
            suite="toy", item=f"i{n}", scores={"valid calls": float(n < right)}, request=request, text=CALL, tokens=9
        )
        for n in range(8)
    ]
    suite = SuiteReport(
        title="A toy",
        protocol="greedy",
        main="valid calls",
        measured=score(outcomes),
        options={"limit": 0, "temperature": 0.0, "max_tokens": 96},
        files={},
        items=8,
        samples=8,
        generated=8,
        generated_tokens=72,
        seconds=1.0,
    )
    date = "2026-01-01T00:00:00Z"
    found = Report(model="toy", date=date, suites={"toy": suite}, versions={"sheikh-sxl": "0.2.0"}, machine={})
    put(folder / "eval.json", found)
    write_samples(outcomes, folder / "samples.parquet")


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The out folder of a run with its evaluations; its dataset lies beside it."""
    place = tmp_path_factory.mktemp("finished")
    dataset, run = write_dataset(place / "dataset", train=6, validation=2), place / "model"
    (run / "base").mkdir(parents=True)
    (run / "base" / "README.md").write_text("---\nlicense: apache-2.0\n---\n", encoding="utf-8")
    (run / "base" / "LICENSE").write_text("Apache License\n", encoding="utf-8")
    teach(run / "release")
    put(run / "base" / "run.json", record("base", dataset))
    put(run / "release" / "run.json", record("release", dataset, "base", bytes=1))
    report(run / "eval" / "base", 1)
    report(run / "eval" / "release", 7)
    assert sha256(run / "release" / "model.safetensors")
    return run
