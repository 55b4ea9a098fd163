"""A finished model folder or GGUF file → does it work for somebody who has nothing but the files?

transformers opens the folder in a new process by ``AutoModelForCausalLM.from_pretrained`` alone, none of our
code in it, and answers a conversation rendered with the folder's own template; llama.cpp opens a
GGUF file the same way (`sxl_train.release.gguf_check`). Load time and tokens per second come with the answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sxl_data.contract.console import format_table
from sxl_data.contract.errors import error
from sxl_train.release import gguf_check
from sxl_train.run.apart import alone
from sxl_train.run.checkpoints import find_gguf
from sxl_train.run.objects import Object
from sxl_train.run.size import measure

ASKED = [{"role": "user", "content": "Write a Python function that adds two numbers."}]
# Deliberately free of our package: this is what a user types.
PROGRAM = """
import json, sys, time
task = json.load(sys.stdin)
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
torch.set_num_threads(task["threads"])
started = time.monotonic()
model = AutoModelForCausalLM.from_pretrained(task["folder"], **task["options"])
load = time.monotonic() - started
tokenizer = AutoTokenizer.from_pretrained(task["folder"], **task["options"])
if tokenizer.chat_template:
    text = tokenizer.apply_chat_template(task["messages"], tokenize=False, add_generation_prompt=True)
else:
    text = task["messages"][-1]["content"]
ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
with torch.no_grad():
    model.generate(ids, max_new_tokens=1, do_sample=False)
    started = time.monotonic()
    made = model.generate(ids, max_new_tokens=task["new_tokens"], min_new_tokens=task["new_tokens"], do_sample=False)
    seconds = time.monotonic() - started
    # Without gradients: bitsandbytes 0.50 raises on a CPU for layers with a bias (Qwen2) when they are on.
    assert bool(torch.isfinite(model(ids).logits).all()), "the logits are not finite"
assert not [name for name in sys.modules if name.partition(".")[0] in ("sxl_data", "sxl_train")], "not alone"
new = made[0, ids.shape[1]:]
print(json.dumps({"load_s": load, "tokens_per_s": len(new) / seconds, "prompt": text, "ids": ids[0].tolist(),
                  "text": tokenizer.decode(new, skip_special_tokens=False)}))
"""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one artifact did: size in bytes, seconds to load, tokens per second, and its answer."""

    name: str
    loader: str
    bytes: int
    load_s: float
    tokens_per_s: float
    prompt: str
    text: str


def verify_folder(folder: Path, new_tokens: int = 16, threads: int = 2, timeout_s: float = 900) -> Verdict:
    """Load ``folder`` with transformers alone in a new process and let it answer.

    Raises `UserError` T202 with the last words of the process when anything fails.
    """
    task = {
        "folder": str(Path(folder).resolve()),
        "options": find_gguf(folder),
        "messages": ASKED,
        "new_tokens": new_tokens,
        "threads": threads,
    }
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROGRAM],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout_s,
            check=False,
            env=alone() | quiet | {"PYTHONIOENCODING": "utf-8"},
        )
    except subprocess.TimeoutExpired:
        raise error("T202", file=str(folder), found=f"no answer within {timeout_s:.0f} s") from None
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise error("T202", file=str(folder), found=words[-1] if words else f"exit code {done.returncode}")
    found = json.loads(done.stdout.splitlines()[-1])
    return _judge(Path(folder), "transformers", found["prompt"], found)


def verify_gguf(path: Path, prompt: str, new_tokens: int = 16, threads: int = 2) -> Verdict:
    """Load the GGUF file ``path`` with llama.cpp in a new process and let it continue ``prompt``."""
    found: Object = gguf_check.check(path, prompt, new_tokens, threads=threads)
    return _judge(Path(path), "llama.cpp", prompt, found)


def _judge(path: Path, loader: str, prompt: str, found: Object) -> Verdict:
    return Verdict(
        name=path.name,
        loader=loader,
        bytes=measure(path).total,
        load_s=found["load_s"],
        tokens_per_s=found["tokens_per_s"],
        prompt=prompt,
        text=found["text"],
    )


def format_verdicts(verdicts: Sequence[Verdict]) -> str:
    """A table; the first row is the model that the others are compared with."""
    rows = [
        (
            v.name,
            v.loader,
            f"{v.bytes / 1e6:.1f}",
            f"{v.load_s:.2f}",
            f"{v.tokens_per_s:.1f}",
            f"{v.bytes / verdicts[0].bytes:.0%}",
        )
        for v in verdicts
    ]
    return format_table(("model", "loaded by", "MB", "load s", "tokens/s", "of the first"), rows)
