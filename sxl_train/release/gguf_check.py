"""A GGUF file → does llama.cpp load it, what does it answer, how fast, and what is its loss.

Runs in a process of its own: on processors with AMX some builds of llama.cpp crash at the first evaluation of
quantised weights, and a crash must become a message, not the end of the run. Extra buffer types, the part
that crashes, are switched off.

    python -m sxl_train.release.gguf_check FILE < task.json       # prints one line of JSON
"""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_train.run.objects import Object, Value


def is_available() -> bool:
    """Whether llama-cpp-python is installed."""
    return importlib.util.find_spec("llama_cpp") is not None


def check(
    path: Path,
    prompt: str = "",
    new_tokens: int = 16,
    ids: Sequence[Sequence[int]] = (),
    trained: Sequence[Sequence[int]] = (),
    texts: Sequence[str] = (),
    threads: int = 2,
    timeout_s: float = 600,
) -> Object:
    """Load ``path`` in a new process and report on it.

    ``ids`` and ``trained`` are samples as in `sxl_train.data.samples`: their loss is measured; ``texts`` are encoded
    with the file's own tokenizer. The report has load_s, text, tokens_per_s, loss (nats per trained token or
    None), encoded. Raises `UserError` T202 when the process fails or llama.cpp refuses the file.
    """
    task = {
        "prompt": prompt,
        "new_tokens": new_tokens,
        "ids": ids,
        "trained": trained,
        "texts": texts,
        "threads": threads,
    }
    done = subprocess.run(
        [sys.executable, "-m", "sxl_train.release.gguf_check", str(path)],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        cwd=Path(__file__).resolve().parents[2],
        check=False,
    )
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise error("T202", file=str(path), found=words[-1] if words else f"exit code {done.returncode}")
    found: Object = json.loads(done.stdout.splitlines()[-1])
    return found


def report(path: Path, task: Object) -> Object:
    """What `check` prints; imports llama_cpp."""
    import numpy as np
    from llama_cpp import Llama
    from llama_cpp import llama_cpp as library

    defaults = library.llama_model_default_params

    def without_extra_buffers() -> Value:
        chosen = defaults()
        chosen.use_extra_bufts = False
        return chosen

    library.llama_model_default_params = without_extra_buffers
    longest = max([len(row) for row in task["ids"]] + [0])
    started = time.monotonic()
    model = Llama(
        str(path),
        n_ctx=max(longest, 512) + task["new_tokens"],
        n_threads=task["threads"],
        verbose=False,
        logits_all=bool(task["ids"]),
        n_batch=max(longest, 512),
    )
    made: Object = {"load_s": time.monotonic() - started, "text": "", "tokens_per_s": 0.0, "loss": None}
    total, count = 0.0, 0
    for row, marks in zip(task["ids"], task["trained"]):
        model.reset()
        model.eval(row)
        scores = np.asarray(model.scores[: len(row)], dtype=np.float64)
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        wanted = [place for place in range(1, len(row)) if marks[place]]
        total -= sum(float(scores[place - 1, row[place]]) for place in wanted)
        count += len(wanted)
    if count:
        made["loss"] = total / count
        assert math.isfinite(made["loss"])
    if task["prompt"]:
        model.reset()
        tokens = model.tokenize(task["prompt"].encode(), add_bos=False, special=True)
        out: list[int] = []
        started = time.monotonic()
        for token in model.generate(tokens, temp=0.0, top_k=1):
            out.append(int(token))
            if len(out) == 1:
                started = time.monotonic()  # the first token waits for the prompt
            if len(out) >= task["new_tokens"] or token == model.token_eos():
                break
        made["tokens_per_s"] = (len(out) - 1) / max(time.monotonic() - started, 1e-9)
        made["text"] = model.detokenize(out, special=True).decode("utf-8", "replace")
        made["ids"] = out
    encode = [model.tokenize(text.encode(), add_bos=False, special=True) for text in task["texts"]]
    template = model.metadata.get("tokenizer.chat_template", "")
    return made | {"encoded": [list(map(int, row)) for row in encode], "template": template}


if __name__ == "__main__":
    print(json.dumps(report(Path(sys.argv[1]), json.loads(sys.stdin.read()))))
