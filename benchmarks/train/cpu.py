"""The demo's training step on a CPU: plain TRL against ours, step by step in turns.

    python benchmarks/train/cpu.py [--quick] [--json FILE]

Both trainers hold a copy of the same toy base and get the same packed batches of agent traces; one step of each is
timed in turn, so that a busy machine slows both alike. Reported: median step of each, the median ratio of pairs, and
how far the losses of the two runs differ.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
METHODS = ("full", "lora", "qlora")


def make_rows(count: int) -> list[Any]:
    """Traces with one to four calls of a calculator."""
    from sxl_train.data.conversations import Row

    tool = {
        "type": "function",
        "function": {
            "name": "add",
            "description": "Add two numbers.",
            "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
        },
    }
    rows = []
    for index in range(count):
        messages: list[dict[str, Any]] = [{"role": "user", "content": f"Add {index} to {index * 7} step by step."}]
        for loop in range(1 + index % 4):
            call = {"type": "function", "function": {"name": "add", "arguments": {"a": index, "b": loop}}}
            messages += [
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning_content": f"Step {loop}: I add {index} and {loop}.",
                    "tool_calls": [call],
                },
                {"role": "tool", "content": str(index + loop), "name": "add"},
            ]
        rows.append(Row(f"bench:{index}", [*messages, {"role": "assistant", "content": f"Done: {index * 8}."}], [tool]))
    return rows


def make_pair(method: str, folder: str, sequences: list[Any], capacity: int, steps: int) -> list[tuple[Any, Any, Any]]:
    """(trainer, model, optimiser) of the plain and of our path."""
    from sxl_train.config import Tune
    from sxl_train.data.base import read_template
    from sxl_train.tune import adapt
    from sxl_train.tune.trainer import make_trainer

    made = []
    for fast in (False, True):
        settings = Tune(
            fast=fast,
            batch=4,
            max_length=capacity,
            max_steps=steps,
            markers="none",
            lr=1e-3,
            dequantise="auto" if fast else "each",
        )
        tokenizer, template = read_template(folder)
        import torch

        torch.manual_seed(0)
        model = adapt.load(folder, method, settings)
        model = adapt.adapt(model, method, settings, tokenizer, template, [])
        out = Path(tempfile.mkdtemp())
        trainer = make_trainer(model, tokenizer, sequences, [], settings, 0, out, capacity)
        trainer.log_tokens = None
        made.append((trainer, model, torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)))
    return made


def race(method: str, folder: str, sequences: list[Any], capacity: int, steps: int) -> dict[str, Any]:
    """Steps in turns; times in ms and the losses."""
    import torch

    pair = make_pair(method, folder, sequences, capacity, steps)
    times: list[list[float]] = [[], []]
    losses: list[list[float]] = [[], []]
    for step in range(steps + 2):
        for side, (trainer, model, optimiser) in enumerate(pair):
            rows = [sequences[(4 * step + i) % len(sequences)] for i in range(4)]
            batch = trainer.data_collator(rows)
            trained = sum(label != -100 for row in rows for label in row["labels"])
            model.train()
            started = time.perf_counter()
            loss = trainer.compute_loss(model, trainer._prepare_inputs(batch), num_items_in_batch=torch.tensor(trained))
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            took = time.perf_counter() - started
            if step >= 2:
                times[side].append(1000 * took)
                losses[side].append(loss.item())
    ratios = [plain / ours for plain, ours in zip(*times)]
    return {
        "method": method,
        "plain_ms": statistics.median(times[0]),
        "ours_ms": statistics.median(times[1]),
        "speedup": statistics.median(ratios),
        "loss_difference": max(abs(a - b) / a for a, b in zip(*losses)),
    }


def main() -> int:
    """Race the methods, print the table, write the JSON."""
    parser = harness.options(__doc__, "8 steps instead of 40")
    options = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    from sxl_train.run.quiet import hush

    hush()
    from sxl_train.config import Base, Tune
    from sxl_train.data import base, mask
    from sxl_train.data import packing as sequences

    rows, steps, capacity = make_rows(200), 8 if options.quick else 40, 512
    template = mask.Template(mask.OWN.read_text(encoding="utf-8"))
    texts = [mask.render(template, row.messages, row.tools) for row in rows]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = base.train_tokenizer(texts, 4096, 2048)
        tokenizer.chat_template = template.text
        base.make_model(Base(), tokenizer, 0).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        pieces, _ = sequences.cut_rows(rows, tokenizer, template, Tune(), capacity)
        packed = sequences.make_sequences(pieces, Tune(), capacity)
        print("method  plain TRL ms  ours ms  speedup  loss differs by")
        for method in METHODS:
            found = race(method, folder, packed, capacity, steps)
            results.append(found)
            print(
                f"{method:<6}  {found['plain_ms']:12.0f}  {found['ours_ms']:7.0f}  {found['speedup']:7.2f}  "
                f"{found['loss_difference']:.4%}",
                flush=True,
            )
    metrics = {f"{r['method']}.{k}": v for r in results for k, v in r.items() if k != "method"}
    claims = [
        harness.claim(f"{r['method']}: our step is at least as fast as plain TRL's", 1.0, r["speedup"]) for r in results
    ]
    harness.finish(options.json, metrics, claims, harness.versions(("trl", "peft", "bitsandbytes", "accelerate")))


if __name__ == "__main__":
    raise SystemExit(main())
