"""What each compression step costs and wins back, on weights that learned something.

sxl-base-31m is tuned on the traces, then brought under each size limit by our plan (the format that fits; else
vocabulary, MLP, layers and groups cut by measured trials, distilled, quantised with aware steps; room left goes
to the most sensitive matrices), and by the obvious alternatives at the same bytes: quantise only, depth only,
width only, the same small shape trained from scratch, cross-entropy instead of distillation. All get the same
number of steps. Loss, perplexity and generated tool calls are measured after every step, quantised models from
the reloaded folder. Where nothing needs to be cut, pruning instead of quantising is among the alternatives.

    python benchmarks/compress_pack.py --model MODEL --dataset BUILD -o FOLDER     # once, anywhere
    python benchmarks/compress.py FOLDER --json compress.json --plot compress.svg  # best on a GPU

``--quick`` runs one seed for a few steps, to see that all of it works.
"""

from __future__ import annotations

import argparse
import json
import lzma
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

LIMITS = (63, 30, 20, 12)
WHOLE = "tuned"


class Bench:
    """One seed: its tuned model, what was measured so far, and the clock."""

    def __init__(self, options: argparse.Namespace, seed: int) -> None:
        import torch

        self.options, self.seed, self.started = options, seed, time.monotonic()
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.work = options.work / f"seed{seed}"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        (options.work / f"seed{seed}.jsonl").unlink(missing_ok=True)
        self.results: list[dict[str, Any]] = []
        self.skipped: list[str] = []
        self.views: dict[int, Any] = {}
        self.train_views: dict[int, Any] = {}

    def late(self, name: str) -> bool:
        """Whether the deadline forbids another training; what is left out is written down."""
        if time.monotonic() - self.started > self.options.deadline:
            self.skipped.append(name)
            return True
        return False

    def read(self) -> None:
        """Unpack weights and samples; count the tokens that the traces use."""
        from compress_pack import unpack_samples, unpack_weights

        source = self.options.folder
        self.base = self.work / "base"
        self.base.mkdir()
        for path in source.iterdir():
            if path.suffix in (".json", ".jinja") and path.name != "added.json":
                shutil.copyfile(path, self.base / path.name)
        (self.base / "model.safetensors").write_bytes(unpack_weights(source))
        self.train_rows = unpack_samples(source / "train.xz")
        self.held_out = unpack_samples(source / "validation.xz")
        if self.options.quick:
            self.train_rows, self.held_out = self.train_rows[:64], self.held_out[:4]
        self.prompts = json.loads(lzma.decompress((source / "prompts.xz").read_bytes()))
        self.counts: Counter[int] = Counter()
        for row in self.train_rows:
            self.counts.update(row.ids)

    def tune(self) -> None:
        """The whole model, tuned with every weight on the traces: teacher and yardstick."""
        from sxl_train import checkpoints, markers, plan, samples
        from sxl_train.prune import vocabulary
        from sxl_train.prune.importance import measure_importance

        tokenizer = samples.load_tokenizer(self.base)
        model = checkpoints.load(self.base, "float32", self.device)
        markers.resize(model, tokenizer, json.loads((self.options.folder / "added.json").read_text("utf-8")))
        self.train(
            model, self.train_rows[: -self.options.judges], self.options.tune_steps, self.options.tune_lr
        )
        self.tuned = self.keep(model, "tuned", self.base)
        self.model = checkpoints.load(self.tuned, "float32", self.device)
        self.teacher = checkpoints.load(self.tuned, "bfloat16", self.device)
        self.shape = plan.read_shape(checkpoints.read_config(self.tuned))
        self.vocabulary = plan.read_vocabulary(self.tuned)
        self.whole = vocabulary.read_tokenizer(self.tuned)
        self.scores = measure_importance(
            self.model, random.Random(self.seed).sample(self.train_rows, 4 if self.options.quick else 48)
        )

    def train(self, model: Any, rows: Any, steps: int, lr: float, **options: Any) -> None:
        """Cross-entropy, or distillation where ``teach`` is given."""
        from sxl_train import distil

        teach = options.pop("teach", None)
        settings = distil.Settings(steps=steps, lr=lr, batch=self.options.batch, seed=self.seed,
                                   **({"share": 0.0} | options))  # fmt: skip
        distil.train(model, rows, settings, teach)

    def recover(self, model: Any, size: int, steps: int, teach: Any, aware: bool = False) -> None:
        """`distil.recover` on the training samples; the held-out ones are not looked at."""
        from sxl_train import distil

        lr, share = self.options.distil_lr, self.options.share
        if aware:
            lr, share = self.options.aware_lr, self.options.aware_share
        rows = self.train_view(size)
        settings = distil.Settings(steps=steps, lr=lr, batch=self.options.batch, seed=self.seed,
                                   share=share if teach else 0.0, aware=float(aware))  # fmt: skip
        judges = self.options.judges
        distil.recover(model, rows[:-judges], rows[-judges:], settings, teach)

    def teach(self, size: int, rows: Any = None, own: Any = None) -> Any:
        """The tuned model as the teacher of a student with ``size`` tokens."""
        from sxl_train.distil_align import spell, teach_aligned
        from sxl_train.distil_teach import teach_live

        kept = self.view(size)[0]
        if kept is None:
            return teach_live(self.teacher, size)
        rows, own = rows or self.train_view(size), own or self.train_rows
        return teach_aligned(self.teacher, kept, spell(self.whole, kept), own, rows)

    def keep(self, model: Any, name: str, tokenizer_from: Path | None) -> Path:
        from copy import deepcopy

        from sxl_train import checkpoints

        return checkpoints.save(checkpoints.to_bf16(deepcopy(model)), self.work / name, tokenizer_from)

    def view(self, size: int) -> Any:
        """(kept ids or None, held-out samples, tokenizer folder) with ``size`` tokens."""
        from sxl_train.prune import vocabulary

        if size >= self.shape.vocabulary:
            return None, self.held_out, self.tuned
        if size not in self.views:
            kept = vocabulary.choose_tokens(self.whole, self.counts, size)
            folder = self.work / f"tokenizer{size}"
            vocabulary.write_tokenizer(self.tuned, folder, vocabulary.trim_tokenizer(self.whole, kept), kept)
            self.views[size] = (kept, vocabulary.respell(self.held_out, self.whole, kept), folder)
        return self.views[size]

    def train_view(self, size: int) -> Any:
        from sxl_train.prune import vocabulary

        if size >= self.shape.vocabulary:
            return self.train_rows
        if size not in self.train_views:
            self.train_views[size] = vocabulary.respell(self.train_rows, self.whole, self.view(size)[0])
        return self.train_views[size]

    def record(
        self, limit: int | None, way: str, stage: str, model: Any, size: int, **more: Any
    ) -> dict[str, Any]:
        """Measure ``model`` and write it down."""
        from sxl_train.samples import measure_loss

        _, rows, folder = self.view(size)
        loss = measure_loss(model, rows, 16384)
        made = {"limit_mb": limit, "way": way, "stage": stage, "loss": loss.per_token, "per_byte": loss.per_byte,
                "perplexity": loss.perplexity, **more}  # fmt: skip
        if more.pop("calls", stage in (WHOLE, "quantised", "distilled")):
            made["valid_calls"], made["turns"] = judge_calls(
                model, folder, self.prompts, self.options, self.device
            )
        made.pop("calls", None)
        made["at"] = round(time.monotonic() - self.started, 1)
        self.results.append(made)
        with (self.options.work / f"seed{self.seed}.jsonl").open(
            "a", encoding="utf-8", newline="\n"
        ) as lines:
            lines.write(json.dumps(made) + "\n")
        print(json.dumps({"seed": self.seed} | made), file=sys.stderr, flush=True)
        return made

    def store(self, limit: int, way: str, model: Any, size: int, format: str = "nf4_dq",
              mixed: bool = True, **more: Any) -> None:  # fmt: skip
        """Write the model in its format, the room left spent, and measure the files and the reloaded model."""
        from sxl_train import checkpoints, plan, precision, quantise
        from sxl_train.release.size import measure

        folder = self.view(size)[2]
        plain = self.keep(model, "plain", folder)
        out, others = plain, {}
        if format != "bf16":
            shape = plan.read_shape(checkpoints.read_config(plain))
            base = plan.measure(shape, shape, format, plan.read_vocabulary(plain), limit * 10**6).total
            room = int(limit * 10**6 * (1 - plan.SAFETY)) - base
            if mixed and room > 0:
                rows = self.train_view(size)[: 4 if self.options.quick else 32]
                costs = precision.measure_sensitivity(model, rows, (format, plan.WIDER[format]))
                others = precision.spend_room(shape, format, room, costs)
            out = self.work / f"{limit}-{way}"
            quantise.quantise(plain, out, format, others)
        loaded = checkpoints.load(out, "bfloat16" if self.device == "cuda" else "float32", self.device)
        self.record(limit, way, "quantised" if format != "bf16" else "stored", loaded, size, format=format,
                    bytes=measure(out).total, wider=len(others),
                    parameters=sum(p.numel() for p in model.parameters()), **more)  # fmt: skip
        shutil.rmtree(self.work / "plain")
        shutil.rmtree(out, ignore_errors=True)


def run_seed(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Every way at every limit for one seed; the main line first, alternatives while time is left."""
    from sxl_train import plan

    bench = Bench(options, seed)
    bench.read()
    bench.tune()
    whole = bench.shape.vocabulary
    bench.record(None, "ours", WHOLE, bench.model, whole, calls=True)
    for format in ("f8", "nf4_dq"):
        bench.store(0, "quantise only", bench.model, whole, format=format, mixed=False)
    routes, cuts = {}, {}
    for limit in options.limits:
        chosen = plan.choose(bench.shape, bench.vocabulary, limit * 10**6, ["bf16", "f8", "nf4_dq"])
        format = chosen.format if chosen else "nf4_dq"
        cut = bench.shape
        if chosen is None or chosen.kept < 1:
            routes[limit], cut = choose_cut(bench, limit, format)
        cuts[limit] = (cut, format)
        compress(bench, limit, cut, format)
    smallest = sorted(options.limits)[:2]
    # The alternatives take as long as all the rest: with several seeds each takes one limit.
    for limit in [smallest[seed % len(smallest)]] if options.seeds > 1 else smallest:
        compare(bench, limit, *cuts[limit])
    return {"seed": seed, "results": bench.results, "routes": routes, "skipped": bench.skipped,
            "seconds": round(time.monotonic() - bench.started, 1)}  # fmt: skip


def choose_cut(bench: Bench, limit: int, format: str) -> tuple[dict[str, Any], Any]:
    """The shape for a limit: a greedy route and the planner's best, each recovering for a few steps."""
    import msgspec

    from sxl_train import distil, samples
    from sxl_train.prune import vocabulary
    from sxl_train.prune.search import build, list_finalists, search

    started = time.monotonic()
    rows = bench.train_rows[-bench.options.judges :][:48]  # no held-out sample is looked at

    def look(size: int) -> Any:
        kept = bench.view(size)[0]
        return kept, rows if kept is None else vocabulary.respell(rows, bench.whole, kept)

    route = search(bench.model, bench.scores, bench.shape, bench.vocabulary, format, limit * 10**6, look)
    finalists = list_finalists(route, bench.shape, bench.vocabulary, format, limit * 10**6, 4)
    few, judged = bench.train_rows[: -bench.options.judges][:6000], bench.train_rows[-bench.options.judges :]
    trials = []
    for shape in finalists:
        size = min(shape.vocabulary, bench.shape.vocabulary)
        kept = bench.view(size)[0]
        own, held = (few, judged) if kept is None else (
            vocabulary.respell(part, bench.whole, kept) for part in (few, judged))  # fmt: skip
        model = build(bench.model, bench.scores, shape, kept)
        settings = distil.Settings(steps=bench.options.trial_steps, lr=bench.options.distil_lr, seed=bench.seed,
                                   batch=bench.options.batch, share=bench.options.share)  # fmt: skip
        distil.train(model, own, settings, bench.teach(size, own, few))
        sizes = {axis: getattr(shape, axis) for axis in ("vocabulary", "mlp", "layers", "groups")}
        trials.append(sizes | {"per_byte": samples.measure_loss(model, held, 16384).per_byte})
    best = min(range(len(trials)), key=lambda index: trials[index]["per_byte"])
    found = {"limit": limit, "trials": trials, "best": best, "route": msgspec.to_builtins(route),
             "seconds": round(time.monotonic() - started, 1)}  # fmt: skip
    print(json.dumps({"seed": bench.seed, "limit": limit, "trials": trials}), file=sys.stderr, flush=True)
    return found, finalists[best]


def describe(shape: Any) -> dict[str, int]:
    return {axis: getattr(shape, axis) for axis in ("vocabulary", "mlp", "layers", "groups")}


def compress(bench: Bench, limit: int, shape: Any, format: str) -> None:
    """Our way: prune, recover by distillation, quantise with aware steps, spend the room."""
    from sxl_train.prune.search import build

    size, steps, aware = shape.vocabulary, bench.options.distil_steps, bench.options.aware_steps
    kept, pruned = bench.view(size)[0], shape != bench.shape
    teach = bench.teach(size)
    model = build(bench.model, bench.scores, shape, kept)
    if pruned:
        bench.record(limit, "ours", "pruned", model, size, **describe(shape))
        bench.recover(model, size, steps, teach)
        bench.record(limit, "ours", "distilled", model, size, calls=True)
    if format == "nf4_dq":
        bench.store(limit, "quantised without aware steps", model, size)
        bench.recover(model, size, aware, teach, aware=True)
    bench.store(limit, "ours", model, size, format=format, **describe(shape))
    if format == "f8" and pruned:
        model = build(bench.model, bench.scores, bench.shape, None)
        bench.store(limit, "NF4, nothing cut", model, bench.shape.vocabulary)
        bench.recover(model, bench.shape.vocabulary, aware, bench.teach(bench.shape.vocabulary), aware=True)
        bench.store(limit, "NF4, nothing cut, aware steps", model, bench.shape.vocabulary)
    elif format == "f8":
        narrow = next(
            c for mlp in range(shape.mlp, 63, -64) if fits(bench, c := shape.prune(mlp=mlp), "bf16", limit)
        )
        model = build(bench.model, bench.scores, narrow, None)
        bench.record(limit, "prune instead", "pruned", model, size, **describe(narrow))
        bench.recover(model, size, steps // 2, teach)
        bench.record(limit, "prune instead", "distilled", model, size)
        bench.store(limit, "prune instead", model, size, format="bf16", **describe(narrow))


def fits(bench: Bench, candidate: Any, format: str, limit: int) -> bool:
    from sxl_train.plan import measure

    return measure(bench.shape, candidate, format, bench.vocabulary, limit * 10**6).fits


def compare(bench: Bench, limit: int, shape: Any, format: str) -> None:
    """The alternatives at the same bytes, recovered in the same way with the same steps."""
    from transformers import AutoConfig, AutoModelForCausalLM

    from sxl_train.prune.search import build

    if format != "nf4_dq" or shape == bench.shape:
        return
    size, steps, aware = shape.vocabulary, bench.options.distil_steps, bench.options.aware_steps
    kept = bench.view(size)[0]
    if not bench.late(f"{limit} cross-entropy"):
        model = build(bench.model, bench.scores, shape, kept)
        bench.recover(model, size, steps, None)
        bench.recover(model, size, aware, None, aware=True)
        bench.store(limit, "cross-entropy", model, size, **describe(shape))
    whole = bench.shape.prune(vocabulary=size)
    deep = [whole.prune(layers=n) for n in range(whole.layers, 1, -1)]
    wide = [whole.prune(mlp=n) for n in range(whole.mlp, 63, -64)]
    for way, candidates in (("width only", wide), ("depth only", deep)):
        found = next((c for c in candidates if fits(bench, c, format, limit)), None)
        if found is None or found == shape or bench.late(f"{limit} {way}"):
            continue
        model = build(bench.model, bench.scores, found, kept)
        bench.record(limit, way, "pruned", model, size, **describe(found))
        teach = bench.teach(size)
        bench.recover(model, size, steps, teach)
        bench.record(limit, way, "distilled", model, size, calls=False)
        bench.recover(model, size, aware, teach, aware=True)
        bench.store(limit, way, model, size, **describe(found))
    if not bench.late(f"{limit} from scratch"):
        import torch

        torch.manual_seed(bench.seed)
        config = build(bench.model, bench.scores, shape, kept).config
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config.to_dict())).to(bench.device)
        model.generation_config = bench.model.generation_config
        bench.train(model, bench.train_view(size), bench.options.tune_steps + steps, 2e-3)
        bench.recover(model, size, aware, None, aware=True)
        bench.store(limit, "from scratch", model, size, **describe(shape))


def judge_calls(model: Any, folder: Path, prompts: list[Any], options: Any, device: str) -> tuple[float, int]:
    """Share of turns that should call a tool in which a call is made and every call is valid; greedy."""
    import torch

    from sxl_train import samples
    from sxl_train.evaluate.calls import find_calls, judge

    tokenizer = samples.load_tokenizer(folder)
    tokenizer.padding_side = "left"
    asked = sorted(prompts[: options.prompts], key=lambda prompt: len(prompt["text"]))
    good = 0
    for start in range(0, len(asked), 128):
        batch = asked[start : start + 128]
        inputs = tokenizer(
            [p["text"] for p in batch], add_special_tokens=False, padding=True, return_tensors="pt"
        )
        with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            made = model.generate(
                input_ids=inputs["input_ids"].to(device), attention_mask=inputs["attention_mask"].to(device),
                max_new_tokens=options.new_tokens, do_sample=False, eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )  # fmt: skip
        for prompt, ids in zip(batch, made[:, inputs["input_ids"].shape[1] :].tolist()):
            calls = find_calls(tokenizer.decode(ids, skip_special_tokens=False))
            good += bool(calls) and all(judge(call, prompt["tools"]).valid for call in calls)
    return good / max(len(asked), 1), len(asked)


def summarise(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and standard deviations over the seeds, and the claims that they bear out or not."""
    metrics = average([row for seed in seeds for row in seed["results"]])
    claims = [make_claims(average(seed["results"])) for seed in seeds]
    return {"metrics": metrics, "claims": join_claims(claims)}


def average(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and standard deviations of what was measured of the same thing."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in results:
        groups.setdefault((row["limit_mb"], row["way"], row["stage"], row.get("format", "")), []).append(row)
    metrics: dict[str, Any] = {}
    for (limit, way, stage, format), rows in groups.items():
        name = f"{limit or 'any'} MB / {way} / {stage}" + (f" / {format}" if way == "quantise only" else "")
        metrics[name] = {key: round(statistics.fmean(r[key] for r in rows), 5)
                         for key in ("loss", "per_byte", "perplexity", "valid_calls", "bytes", "mlp", "layers",
                                     "groups", "vocabulary") if all(key in r for r in rows)}  # fmt: skip
        metrics[name] |= {"seeds": len(rows)}
        if len(rows) > 1:
            metrics[name]["per_byte_sd"] = round(statistics.stdev(r["per_byte"] for r in rows), 5)
    return metrics


def join_claims(found: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The mean of each claim over the seeds that measured both of its sides; a seed is its own yardstick."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for claims in found:
        for claim in claims:
            groups.setdefault(claim["text"], []).append(claim)
    made = []
    for text, claims in groups.items():
        target, mean = claims[0]["target"], statistics.fmean(claim["measured"] for claim in claims)
        bound = float(target.split()[1]) if target[0] in "≥≤" else 1.0
        met = mean >= bound if target[0] == "≥" else mean <= bound if target[0] == "≤" else mean < bound
        made.append(
            {"text": text, "target": target, "measured": round(mean, 4), "met": met, "seeds": len(claims)}
        )
    return made


def make_claims(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """The issue's numbers: recovery ≥ 70 %, quantisation ≤ 2 %, half the size keeps 95 % of valid calls."""
    tuned = metrics["any MB / ours / tuned"]
    claims: list[dict[str, Any]] = []

    def claim(text: str, target: str, measured: float, met: bool) -> None:
        claims.append({"text": text, "target": target, "measured": round(measured, 4), "met": met})

    for limit in LIMITS:
        for way in ("ours", "prune instead", "width only", "depth only"):
            pruned, distilled = (
                metrics.get(f"{limit} MB / {way} / {stage}") for stage in ("pruned", "distilled")
            )
            if pruned and distilled:
                lost = pruned["per_byte"] - tuned["per_byte"]
                share = (pruned["per_byte"] - distilled["per_byte"]) / lost if lost > 0 else 1.0
                claim(f"{limit} MB, {way}: distillation recovers", "≥ 0.7 of the loss pruning cost", share,
                      share >= 0.7)  # fmt: skip
        distilled, stored = (
            metrics.get(f"{limit} MB / ours / {stage}") for stage in ("distilled", "quantised")
        )
        if stored:
            rise = stored["per_byte"] / (distilled or tuned)["per_byte"] - 1
            claim(f"{limit} MB: quantisation costs", "≤ 0.02 in loss", rise, rise <= 0.02)
            share = stored["valid_calls"] / max(tuned["valid_calls"], 1e-9)
            claim(f"{limit} MB: valid tool calls kept", "≥ 0.95 of the tuned model's (asked of half the size)",
                  share, share >= 0.95)  # fmt: skip
        others = [name.split(" / ")[1] for name in metrics
                  if name.startswith(f"{limit} MB / ") and name.split(" / ")[2] in ("quantised", "stored")]  # fmt: skip
        for way in dict.fromkeys(others):
            other = metrics.get(f"{limit} MB / {way} / quantised") or metrics[f"{limit} MB / {way} / stored"]
            if stored and way != "ours":
                claim(f"{limit} MB: ours against {way}", "smaller loss per byte (ratio < 1)",
                      stored["per_byte"] / other["per_byte"], stored["per_byte"] < other["per_byte"])  # fmt: skip
    return claims


def draw(metrics: dict[str, Any], path: Path) -> None:
    """Loss per byte against size, one mark for each way; a plain SVG without any plotting library."""
    colours = {"ours": "#0b6e4f", "quantise only": "#444444", "depth only": "#c1121f", "width only": "#f4a261",
               "from scratch": "#6a4c93", "cross-entropy": "#1982c4", "prune instead": "#b08968",
               "NF4, nothing cut": "#8ac926"}  # fmt: skip
    points = []
    for name, row in metrics.items():
        way, stage = name.split(" / ")[1:3]
        if "bytes" in row and stage in ("quantised", "stored") and way in colours:
            points.append((row["bytes"] / 1e6, row["per_byte"], way))
    if not points:
        return
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    low, high = min(ys) * 0.98, max(ys) * 1.02

    def place(x: float, y: float) -> tuple[float, float]:
        return 70 + (x - 5) / (max(xs) + 3 - 5) * 560, 360 - (y - low) / (high - low) * 320

    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 420" font-family="sans-serif" font-size="12">',
             '<rect width="820" height="420" fill="white"/>',
             '<path d="M70 40V360H640" fill="none" stroke="#888"/>',
             '<text x="300" y="400">MB of all files needed to load</text>',
             '<text x="16" y="30">validation loss, nats per byte</text>']  # fmt: skip
    for mb in (10, 20, 30, 40, 50, 60):
        x, _ = place(mb, low)
        parts.append(f'<text x="{x:.0f}" y="376" text-anchor="middle">{mb}</text>')
    for step in range(6):
        value = low + (high - low) * step / 5
        parts.append(f'<text x="64" y="{place(5, value)[1] + 4:.0f}" text-anchor="end">{value:.3f}</text>')
    for x, y, way in points:
        px, py = place(x, y)
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="{colours[way]}"><title>{way}: {x:.1f} MB, '
                     f"{y:.4f}</title></circle>")  # fmt: skip
    for row, (way, colour) in enumerate(colours.items()):
        parts.append(f'<circle cx="670" cy="{60 + 22 * row}" r="5" fill="{colour}"/>'
                     f'<text x="684" y="{64 + 22 * row}">{way}</text>')  # fmt: skip
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8", newline="\n")


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what compress_pack.py wrote")
    parser.add_argument("--work", type=Path, default=Path("build/compress"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, help="run this one only and print its results")
    parser.add_argument("--limits", type=int, nargs="+", default=list(LIMITS))
    parser.add_argument("--tune-steps", type=int, default=240)
    parser.add_argument("--trial-steps", type=int, default=24, help="of each finalist of the search")
    parser.add_argument("--distil-steps", type=int, default=150)
    parser.add_argument("--aware-steps", type=int, default=50)
    parser.add_argument("--tune-lr", type=float, default=5e-4)
    parser.add_argument("--distil-lr", type=float, default=4e-4)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--aware-lr", type=float, default=1e-4)
    parser.add_argument("--aware-share", type=float, default=0.8)
    parser.add_argument("--batch", type=int, default=24576, help="tokens in a step")
    parser.add_argument("--prompts", type=int, default=128)
    parser.add_argument("--new-tokens", type=int, default=96)
    parser.add_argument(
        "--deadline", type=float, default=420.0, help="seconds after which alternatives are skipped"
    )
    parser.add_argument(
        "--grace", type=float, default=90.0, help="seconds after the deadline in which to end"
    )
    options = parser.parse_args(arguments)
    options.started, options.judges = time.monotonic(), 200
    if options.quick:
        options.deadline, options.grace = 3600.0, 600.0
        options.seeds, options.tune_steps, options.distil_steps = 1, 2, 2
        options.trial_steps, options.aware_steps, options.judges = 1, 1, 4
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
    running = [subprocess.Popen([sys.executable, __file__, *given, "--seed", str(seed)], stdout=subprocess.PIPE)
               for seed in range(options.seeds)]  # fmt: skip
    seeds = [wait(process, options, seed) for seed, process in enumerate(running)]
    seeds = [seed for seed in seeds if seed["results"]]
    if not seeds:
        return 1
    found = summarise(seeds)
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    whole = {"machine": {"processor": platform.machine(), "gpu": gpu, "torch": torch.__version__}, **found,
             "options": {k: str(v) for k, v in vars(options).items()}, "seeds": seeds}  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8", newline="\n")
    if options.plot:
        draw(found["metrics"], options.plot)
    for name, row in found["metrics"].items():
        print(f"{name:<52}", "  ".join(f"{k} {v}" for k, v in row.items()))
    for claim in found["claims"]:
        print(
            "met   " if claim["met"] else "MISSED",
            claim["text"],
            claim["measured"],
            "target",
            claim["target"],
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
