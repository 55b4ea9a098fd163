"""What each compression step costs and wins back, on weights that learned something.

sxl-base-31m is tuned on the traces, then brought under each size limit by our plan, once for a GGUF file (the
embedding is quantised too) and once for a safetensors folder: the format that fits; else vocabulary, MLP, layers and
groups cut by measured trials, distilled, quantised; room left goes to the most sensitive matrices.
Beside it the obvious alternatives at the same bytes: quantise only with the reference quantiser, depth only, width
only, the same small shape trained from scratch, cross-entropy instead of distillation, all with the same number of
steps. Loss, perplexity and tool calls are measured after every step, quantised models from the reloaded files.

    python benchmarks/compress/pack.py --model MODEL --dataset BUILD -o FOLDER     # once, anywhere
    python benchmarks/compress FOLDER --json compress.json --plot compress.svg  # best on a GPU

``--quick`` runs one seed for a few steps, to see that all of it works.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness
from bench import WHOLE, Bench
from report import draw, show, summarise

LIMITS = (63, 30, 20, 12)
KINDS = {"ours": ("f16", "q8_0", "q4_0"), "ours, safetensors": ("bf16", "f8", "int4", "nf4_dq")}
PLAIN = ("q4_0", "nf4_dq", "q5_0", "f8", "q8_0")
AXES = ("vocabulary", "mlp", "layers", "groups")


def run_seed(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Every way at every limit for one seed; the main lines first, alternatives while time is left."""
    from sxl_train.plan import step as plan

    bench = Bench(options, seed)
    bench.read()
    bench.tune()
    if options.cut:  # a shape that an earlier run chose: its alternatives alone
        limit, *sizes = options.cut
        bench.record(None, "ours", WHOLE, bench.model, bench.shape.vocabulary)
        compare(bench, limit, "ours", bench.shape.prune(**dict(zip(AXES, sizes))), "q4_0")
        return {"seed": seed, "results": bench.results, "skipped": bench.skipped}
    bench.record(None, "ours", WHOLE, bench.model, bench.shape.vocabulary, calls="all")
    for format in PLAIN:
        bench.round_plainly(format)
    routes: dict[str, Any] = {}
    cuts: dict[tuple[int, str], Any] = {}
    for way, formats in KINDS.items():
        for limit in sorted(options.limits):
            chosen = plan.choose(bench.shape, bench.vocabulary, limit * 10**6, list(formats))
            format, cut = (chosen.format, bench.shape) if chosen else (formats[-1], None)
            if chosen is None or chosen.kept < 1 or chosen.vocabulary < bench.shape.vocabulary:
                routes[f"{limit} {way}"], cut = choose_cut(bench, limit, format)
            cuts[limit, way] = (cut, format)
            compress(bench, limit, way, cut, format)
    # Alternatives take as long as all the rest: each seed begins elsewhere, so that a short run has some of each.
    smallest, *larger = sorted(options.limits)
    for limit, way in ((smallest, "ours"), *((n, "ours, safetensors") for n in (*larger[:1], smallest))):
        if cuts[limit, way][0] != bench.shape:
            compare(bench, limit, way, *cuts[limit, way])
    return {
        "seed": seed,
        "results": bench.results,
        "routes": routes,
        "skipped": bench.skipped,
        "seconds": round(time.monotonic() - bench.started, 1),
    }


def choose_cut(bench: Bench, limit: int, format: str) -> tuple[dict[str, Any], Any]:
    """The shape for a limit: a greedy route and the planner's best, each recovering for a few steps."""
    import msgspec

    from sxl_train.data import samples, vocabulary
    from sxl_train.prune.search import build, list_finalists, search

    started, options = time.monotonic(), bench.options
    rows = bench.train_rows[-options.judges :][:48]  # no held-out sample is looked at

    def look(size: int) -> Any:
        kept = bench.view(size)[0]
        return kept, rows if kept is None else vocabulary.respell(rows, bench.whole, kept)

    route = search(bench.model, bench.scores, bench.shape, bench.vocabulary, format, limit * 10**6, look)
    finalists = list_finalists(route, bench.shape, bench.vocabulary, format, limit * 10**6, 4)
    few, judged = bench.train_rows[: -options.judges][:6000], bench.train_rows[-options.judges :]
    trials = []
    for shape in finalists:
        size = min(shape.vocabulary, bench.shape.vocabulary)
        kept = bench.view(size)[0]
        own, held = (
            (few, judged) if kept is None else (vocabulary.respell(part, bench.whole, kept) for part in (few, judged))
        )
        model = build(bench.model, bench.scores, shape, kept)
        bench.train(model, own, options.trial_steps, options.distil_lr)
        trials.append(describe(shape) | {"per_byte": samples.measure_loss(model, held, 16384).per_byte})
    best = min(range(len(trials)), key=lambda index: trials[index]["per_byte"])
    found = {
        "limit": limit,
        "trials": trials,
        "best": best,
        "route": msgspec.to_builtins(route),
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps({"seed": bench.seed, "limit": limit, "trials": trials}), file=sys.stderr, flush=True)
    return found, finalists[best]


def describe(shape: Any) -> dict[str, int]:
    return {axis: getattr(shape, axis) for axis in AXES}


def compress(bench: Bench, limit: int, way: str, shape: Any, format: str) -> None:
    """Our way: prune, recover by distillation, quantise, spend the room."""
    from sxl_train.prune.search import build

    size, pruned = shape.vocabulary, shape != bench.shape
    model = build(bench.model, bench.scores, shape, bench.view(size)[0])
    teach = bench.teach(size)
    if pruned:
        bench.record(limit, way, "pruned", model, size, **describe(shape))
        bench.recover(model, size, bench.options.distil_steps, teach)
        bench.record(limit, way, "distilled", model, size, calls="primed" if way == "ours" else "")
    rounding = bench.round(model, size, format, limit)
    bench.store(
        limit,
        way,
        model,
        size,
        format,
        rounding=rounding,
        calls="all" if way == "ours" else "primed",
        **describe(shape),
    )


def fits(bench: Bench, candidate: Any, format: str, limit: int) -> bool:
    from sxl_train.plan.step import measure

    return measure(bench.shape, candidate, format, bench.vocabulary, limit * 10**6).fits


def compare(bench: Bench, limit: int, ours: str, shape: Any, format: str) -> None:
    """The alternatives at the same bytes in the same kind of file, recovered with the same steps."""
    from sxl_train.prune.search import build

    size, steps = shape.vocabulary, bench.options.distil_steps
    whole = bench.shape.prune(vocabulary=size) if format == "nf4_dq" else bench.shape
    wide = [whole.prune(mlp=n) for n in range(whole.mlp, 63, -64)]
    deep = [whole.prune(layers=n) for n in range(whole.layers, 1, -1)]
    shapes = {
        way: next((c for c in candidates if fits(bench, c, format, limit)), None)
        for way, candidates in (("width only", wide), ("depth only", deep))
    }
    ways = ["cross-entropy", "depth only", "width only", "from scratch"]
    more = "" if ours == "ours" else ", safetensors"
    for way in ways[bench.seed :] + ways[: bench.seed]:
        cut = shapes.get(way, shape)
        if cut is None or (way in shapes and cut == shape) or bench.late(f"{limit} {way}{more}"):
            continue
        teach = None if way in ("cross-entropy", "from scratch") else bench.teach(cut.vocabulary)
        model = build(bench.model, bench.scores, cut, bench.view(cut.vocabulary)[0])
        if way == "from scratch":
            model = start_anew(bench, model)
            bench.train(model, bench.train_view(size), bench.options.tune_steps + steps, 2e-3)
        else:
            bench.record(limit, way + more, "pruned", model, cut.vocabulary, **describe(cut))
            bench.recover(model, cut.vocabulary, steps, teach)
            bench.record(limit, way + more, "distilled", model, cut.vocabulary)
        rounding = bench.round(model, cut.vocabulary, format, limit)
        bench.store(limit, way + more, model, cut.vocabulary, format, rounding=rounding, **describe(cut))


def start_anew(bench: Bench, model: Any) -> Any:
    """Random weights in the shape of ``model``."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(bench.seed)
    made = AutoModelForCausalLM.from_config(AutoConfig.for_model(**model.config.to_dict())).to(bench.device)
    made.generation_config = model.generation_config
    return made


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = harness.options(__doc__, "a short version")
    parser.add_argument("folder", type=Path, help="what pack.py wrote")
    parser.add_argument("--work", type=Path, default=Path("build/compress"))
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, help="run this one only and print its results")
    parser.add_argument("--limits", type=int, nargs="+", default=list(LIMITS))
    parser.add_argument(
        "--cut",
        type=int,
        nargs=5,
        metavar="N",
        help="limit, tokens, MLP, layers, groups: only the alternatives to this shape",
    )
    parser.add_argument("--tune-steps", type=int, default=360)
    parser.add_argument("--trial-steps", type=int, default=24, help="of each finalist of the search")
    parser.add_argument("--distil-steps", type=int, default=300)
    parser.add_argument("--tune-lr", type=float, default=5e-4)
    parser.add_argument("--distil-lr", type=float, default=6e-4)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--batch", type=int, default=16384, help="tokens in a step")
    parser.add_argument("--prompts", type=int, default=256)
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--deadline", type=float, default=465.0, help="seconds after which alternatives are skipped")
    parser.add_argument("--grace", type=float, default=85.0, help="seconds after the deadline in which to end")
    options = parser.parse_args(arguments)
    options.started, options.judges = time.monotonic(), 200
    if options.quick:
        options.deadline, options.grace = 3600.0, 600.0
        options.seeds, options.tune_steps, options.distil_steps = 1, 2, 2
        options.trial_steps, options.judges = 1, 4
        options.batch, options.prompts, options.new_tokens = 512, 1, 8
    return options


def wait(process: Any, options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """The results of one seed; of one that was stopped, what it had measured by then."""
    left = options.started + options.deadline + options.grace - time.monotonic()
    try:
        out = process.communicate(timeout=max(left, 1))[0]
    except subprocess.TimeoutExpired:
        process.kill()
        out = b""
    if out.strip():
        return json.loads(out)
    path = options.work / f"seed{seed}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {"seed": seed, "results": [json.loads(line) for line in lines], "stopped": True}


def main(arguments: list[str] | None = None) -> int:
    options = read_options(arguments)
    if options.seed is not None:
        print(json.dumps(run_seed(options, options.seed)))
        return 0
    given = sys.argv[1:] if arguments is None else arguments
    # One process a seed: the models are small, so several share a GPU without slowing each other by much.
    running = [
        subprocess.Popen([sys.executable, __file__, *given, "--seed", str(seed)], stdout=subprocess.PIPE)
        for seed in range(options.seeds)
    ]
    seeds = [wait(process, options, seed) for seed, process in enumerate(running)]
    seeds = [seed for seed in seeds if seed["results"]]
    if not seeds:
        return 1
    found = summarise(seeds)
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    chosen = {k: str(v) for k, v in vars(options).items()}
    more = {key: value for key, value in found.items() if key not in ("metrics", "claims")}
    harness.finish(
        options.json, found["metrics"], found.get("claims"), said=True, gpu=gpu, options=chosen, seeds=seeds, **more
    )
    if options.plot:
        draw(found["metrics"], options.plot)
    show(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
