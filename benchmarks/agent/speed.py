"""How long a person waits for an agent: first token after the start of the program, and tokens a second after that.

    python benchmarks/agent/speed.py MODEL … [--threads N …] [--rounds N] [--tokens N] [--json FILE]

MODEL as in `sxl-train agent`: a GGUF file is run by llama.cpp where llama-cpp-python is installed, a folder by
transformers. Each round is two new processes for each model, in turn, the first with an empty cache folder and the
second with what that one kept (`generate.beginnings`): each imports, opens the model, reads what the agent shows in its
first turn (system text, the tools of a workspace, a task) and writes one token; the second then writes an answer of N
tokens to the same prompt. Medians over rounds, with all of them beside; files are in the system's cache from the first
round on, which does not count. Seconds on the clock, and CPU seconds of the process beside them: on a machine that
does other work too, those of one thread are what an idle one would take.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import harness

WORK = """
import json, os, sys, time
began = time.perf_counter()
where, tokens, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
os.environ["OMP_NUM_THREADS"] = str(threads)
from sxl_data.trace.messages import declare
from sxl_train.agent.options import Options
from sxl_train.agent.showing import in_words, shows_tools
from sxl_train.agent.tools import SET
from sxl_train.generate.opening import open_model
from sxl_train.generate.types import Begins, Request
backend = open_model(where)
opened, opened_cpu = time.perf_counter(), time.process_time()
tools = [declare(function.declared) for function in SET.tools.values()]
shown = shows_tools(backend)
text = Options().instructions + ("" if shown else in_words(tools))
messages = ({"role": "system", "content": text}, {"role": "user", "content": "Which file holds the function add?"})
def ask(key, most):
    request = Request(id=key, messages=messages, tools=tuple(tools) if shown else None, max_tokens=most)
    if key == "first" and isinstance(backend, Begins):
        backend.begin(request)
    at, cpu = time.perf_counter(), time.process_time()
    (sample,) = backend.generate([request])
    assert not sample.error, sample.error
    return sample, time.perf_counter() - at, time.process_time() - cpu
first, _, _ = ask("first", 1)
now, now_cpu = time.perf_counter(), time.process_time()
again, short, short_cpu = ask("again", 1)
sample, seconds, seconds_cpu = ask("answer", tokens)
more = sample.tokens - 1
assert more > 0 or tokens == 1, "the answer ends with its first token: nothing to time"
print(json.dumps({"open_s": opened - began, "first_token_s": now - began,
    "prompt_tokens": first.prompt_tokens, "tokens": sample.tokens, "tokens_per_s": more / max(seconds - short, 1e-9),
    "open_cpu_s": opened_cpu, "first_token_cpu_s": now_cpu,
    "tokens_per_cpu_s": more / max(seconds_cpu - short_cpu, 1e-9), "backend": backend.name.split()[0]}))
"""


FIRST = ("first_token_s", "first_token_cpu_s")
MIDDLE = ("open_s", "open_cpu_s", "tokens_per_s", "tokens_per_cpu_s", *FIRST, *(f"cold_{key}" for key in FIRST))


def work(model: str, tokens: int, threads: int) -> dict[str, Any]:
    """One start of one model that keeps nothing yet, and one that finds what it kept."""
    with tempfile.TemporaryDirectory() as cache:
        cold = start(model, 1, threads, cache)
        return start(model, tokens, threads, cache) | {f"cold_{key}": cold[key] for key in FIRST}


def start(model: str, tokens: int, threads: int, cache: str) -> dict[str, Any]:
    """One process of one model."""
    words = [sys.executable, "-c", WORK, model, str(tokens), str(threads)]
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=harness.ROOT, check=False, env=os.environ | {"SXL_CACHE": cache}
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    parser = harness.options(__doc__, quick="one round of 8 tokens")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    rounds, tokens = (1, 8) if options.quick else (options.rounds, options.tokens)
    ways = [(model, threads) for model in options.models for threads in options.threads]
    found: dict[tuple[str, int], list[dict[str, Any]]] = {way: [] for way in ways}
    for number in range(rounds + (not options.quick)):
        for model, threads in ways if number % 2 else reversed(ways):
            made = work(model, tokens, threads)
            if number or options.quick:
                found[model, threads].append(made)
    metrics = {}
    for (model, threads), runs in found.items():
        middle = {key: statistics.median(run[key] for run in runs) for key in MIDDLE}
        print(
            f"{model}, {threads} threads: {runs[0]['backend']}, prompt of {runs[0]['prompt_tokens']} tokens: first "
            f"token after {middle['first_token_s']:.2f} s ({middle['open_s']:.2f} s to open; with nothing kept "
            f"{middle['cold_first_token_s']:.2f}), CPU {middle['first_token_cpu_s']:.2f} ({middle['open_cpu_s']:.2f}; "
            f"{middle['cold_first_token_cpu_s']:.2f}); {middle['tokens_per_s']:.1f} tokens/s, "
            f"{middle['tokens_per_cpu_s']:.1f} a CPU second",
            flush=True,
        )
        metrics[f"{model} {threads}"] = middle | {"runs": runs}
    harness.finish(options.json, metrics)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
