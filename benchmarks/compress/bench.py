"""One seed of `benchmarks/compress`: its tuned model, the vocabularies it looked at, the clock, its results."""

from __future__ import annotations

import argparse
import json
import lzma
import math
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

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
        from pack import unpack_samples, unpack_weights

        source = self.options.folder
        self.base = self.work / "base"
        self.base.mkdir()
        for path in source.iterdir():
            if path.suffix in (".json", ".jinja") and path.name != "added.json":
                shutil.copyfile(path, self.base / path.name)
        (self.base / "model.safetensors").write_bytes(unpack_weights(source))
        self.train_rows = unpack_samples(source / "train.xz")
        self.held_out = unpack_samples(source / "test.xz")
        if self.options.quick:
            self.train_rows, self.held_out = self.train_rows[:64], self.held_out[:4]
        self.prompts = json.loads(lzma.decompress((source / "prompts.xz").read_bytes()))[: self.options.prompts]
        self.counts: Counter[int] = Counter()
        for row in self.train_rows:
            self.counts.update(row.ids)

    def tune(self) -> None:
        """The whole model, tuned with every weight on the traces: teacher and yardstick."""
        from sxl_train.data import special_tokens, vocabulary
        from sxl_train.plan import step as plan
        from sxl_train.prune.importance import measure_importance
        from sxl_train.run import checkpoints
        from sxl_train.run.tokenizer import open_tokenizer

        tokenizer = open_tokenizer(self.base)
        model = checkpoints.load(self.base, "float32", self.device)
        special_tokens.resize(model, tokenizer, json.loads((self.options.folder / "added.json").read_text("utf-8")))
        self.train(model, self.train_rows[: -self.options.judges], self.options.tune_steps, self.options.tune_lr)
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
        from sxl_train.recovery import loop as distil

        teach = options.pop("teach", None)
        settings = distil.Settings(
            steps=steps, lr=lr, batch=self.options.batch, seed=self.seed, **({"share": 0.0} | options)
        )
        distil.train(model, rows, settings, teach)

    def recover(self, model: Any, size: int, steps: int, teach: Any) -> None:
        """`distil.recover` on the training samples; the held-out ones are not looked at."""
        from sxl_train.recovery import loop as distil

        rows, judges = self.train_view(size), self.options.judges
        settings = distil.Settings(
            steps=steps,
            lr=self.options.distil_lr,
            batch=self.options.batch,
            seed=self.seed,
            share=self.options.share if teach else 0.0,
        )
        distil.recover(model, rows[:-judges], rows[-judges:], settings, teach)

    def teach(self, size: int, rows: Any = None, own: Any = None) -> Any:
        """The tuned model as the teacher of a student with ``size`` tokens."""
        from sxl_train.distil.align import spell, teach_aligned
        from sxl_train.recovery.teach import teach_live

        kept = self.view(size)[0]
        if kept is None:
            return teach_live(self.teacher, size)
        rows, own = rows or self.train_view(size), own or self.train_rows
        return teach_aligned(self.teacher, kept, spell(self.whole, kept), own, rows)

    def keep(self, model: Any, name: str, tokenizer_from: Path | None) -> Path:
        from copy import deepcopy

        from sxl_train.run import checkpoints

        return checkpoints.save(checkpoints.to_bf16(deepcopy(model)), self.work / name, tokenizer_from)

    def view(self, size: int) -> Any:
        """(kept ids or None, held-out samples, tokenizer folder) with ``size`` tokens."""
        from sxl_train.data import vocabulary

        if size >= self.shape.vocabulary:
            return None, self.held_out, self.tuned
        if size not in self.views:
            kept = vocabulary.choose_tokens(self.whole, self.counts, size)
            folder = self.work / f"tokenizer{size}"
            vocabulary.write_tokenizer(self.tuned, folder, vocabulary.trim_tokenizer(self.whole, kept), kept)
            self.views[size] = (kept, vocabulary.respell(self.held_out, self.whole, kept), folder)
        return self.views[size]

    def train_view(self, size: int) -> Any:
        from sxl_train.data import vocabulary

        if size >= self.shape.vocabulary:
            return self.train_rows
        if size not in self.train_views:
            self.train_views[size] = vocabulary.respell(self.train_rows, self.whole, self.view(size)[0])
        return self.train_views[size]

    def record(
        self, limit: int | None, way: str, stage: str, model: Any, size: int, *, calls: str = "", **more: Any
    ) -> dict[str, Any]:
        """Measure ``model`` and write it down; ``calls`` is "", "primed" or "all" of `calls`."""
        from calls import judge_calls

        from sxl_train.data.samples import measure_loss

        _, rows, folder = self.view(size)
        loss = measure_loss(model, rows, 16384)
        made = {
            "limit_mb": limit,
            "way": way,
            "stage": stage,
            "loss": loss.per_token,
            "per_byte": loss.per_byte,
            "perplexity": math.exp(loss.per_token),
            **more,
        }
        if calls:
            made |= judge_calls(model, folder, self.prompts, self.options.new_tokens, calls == "all")
        made["at"] = round(time.monotonic() - self.started, 1)
        self.results.append(made)
        with (self.options.work / f"seed{self.seed}.jsonl").open("a", encoding="utf-8", newline="\n") as lines:
            lines.write(json.dumps(made) + "\n")
        print(json.dumps({"seed": self.seed} | made), file=sys.stderr, flush=True)
        return made

    def round(self, model: Any, size: int, format: str, limit: int) -> dict[str, Any]:
        """How ``model`` is going to be stored under ``limit`` MB: format, wider matrices, weights of the columns."""
        from sxl_train.plan import step as plan
        from sxl_train.plan.choose import SAFETY
        from sxl_train.plan.formats import FITTED, WIDER
        from sxl_train.plan.room import spend_room
        from sxl_train.storage import precision

        shape = plan.read_shape(model.config.to_dict() | {"tie_word_embeddings": True})
        base = plan.measure(shape, shape, format, plan.read_vocabulary(self.view(size)[2]), limit * 10**6).total
        rows = self.train_view(size)[: 4 if self.options.quick else 32]
        columns = precision.measure_columns(model, rows) if format in FITTED else None
        wider = WIDER.get(format, ())
        costs = precision.measure_sensitivity(model, rows, (format, *wider), columns)
        room = int(limit * 10**6 * (1 - SAFETY)) - base
        others = spend_room(shape, format, room, costs) if wider and room > 0 else {}
        return {"format": format, "others": others, "columns": columns}

    def store(
        self,
        limit: int,
        way: str,
        model: Any,
        size: int,
        format: str = "nf4_dq",
        stage: str = "quantised",
        *,
        calls: str = "",
        rounding: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """Write the model as `round` says, and measure the files and what is loaded from them."""
        from sxl_train.plan import step as plan
        from sxl_train.quantise import step as quantise
        from sxl_train.run import checkpoints
        from sxl_train.run.size import measure
        from sxl_train.storage import gguf

        out = plain = self.keep(model, "plain", self.view(size)[2])
        how = {"others": {}, "columns": None} | (rounding or {})
        if format in plan.GGUF:
            out = self.work / "stored"
            gguf.write(plain, out / "model.gguf", format, how["others"], how["columns"])
        elif format != "bf16":
            out = quantise.quantise(plain, self.work / "stored", format, how["others"], how["columns"])
        loaded = checkpoints.load(out, "bfloat16" if self.device == "cuda" else "float32", self.device)
        self.record(
            limit,
            way,
            stage if format != "bf16" else "stored",
            loaded,
            size,
            calls=calls,
            format=format,
            bytes=measure(out).total,
            wider=len(how["others"]),
            parameters=sum(p.numel() for p in model.parameters()),
            **more,
        )
        for folder in {plain, out}:
            shutil.rmtree(folder)

    def round_plainly(self, format: str) -> None:
        """The tuned model as the reference quantiser of ``format`` stores it: no samples, every matrix alike."""
        import gguf
        import torch

        from sxl_train.plan import step as plan
        from sxl_train.run import checkpoints

        if format not in plan.GGUF:
            self.store(0, "quantise only", self.model, self.shape.vocabulary, format)
            return
        kind = gguf.GGMLQuantizationType[format.upper()]
        model = checkpoints.load(self.tuned, "float32")
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() == 2:
                    stored = gguf.quantize(weight.numpy(), kind)
                    weight.copy_(torch.from_numpy(gguf.dequantize(stored, kind)))
        total = plan.measure(self.shape, self.shape, format, self.vocabulary, 1).total
        dtype = torch.bfloat16 if self.device == "cuda" else torch.float32
        self.record(
            0,
            "quantise only",
            "quantised",
            model.to(self.device, dtype),
            self.shape.vocabulary,
            calls="primed" if format == "q4_0" else "",
            format=format,
            bytes=total,
        )
