"""The variants of the study, as tables: what each is tuned on, with which keys, and which tasks it is scored on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import plays
import rows

CHOOSING = (plays.CHOOSING, ("values",), 100)
FINAL = (plays.FINAL, ("values", "patterns", "tools"), 100)
"""Seed, sides and tasks of each set and side."""
SMALL = 1000
"""Runs that ablations are made with."""
RATES = (3e-4, 1e-3, 3e-3)
LIMITS = ("270MB", "100MB", "75MB")
PARENT = "10000 runs and mix, twice"
PLAIN = ("tune.compile=never",)
"""Compiling the layers takes longer than it saves on few runs."""
LORA = ("method=lora", "tune.lr=2e-3", "tune.lr_floor=2e-4")


class Bench(msgspec.Struct, kw_only=True):
    """What all variants share."""

    base: str
    tools: Path
    mix: Path | None
    quick: bool = False
    rate: float = 1e-3

    def tune(self, name: str, choice: rows.Choice, *keys: str, final: bool = False, **more: Any) -> dict[str, Any]:
        """A job that tunes; every key of ``keys`` comes after the recipe's own."""
        own = [f"tune.lr={self.rate}", f"tune.lr_floor={self.rate / 10}"]
        own += ["tune.max_steps=2", "tune.batch=1"] if self.quick else []
        choice = msgspec.structs.replace(choice, runs=60, mixed=min(choice.mixed, 20)) if self.quick else choice
        wanted = {"choosing": CHOOSING} | ({"final": FINAL} if final else {})
        return self.job("tune", name, wanted, choice=msgspec.to_builtins(choice), keys=[*own, *keys]) | more

    def job(self, kind: str, name: str, wanted: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A job of ``kind``."""
        few = 2 if self.quick else 0
        asked = {key: (seed, sides, few or count) for key, (seed, sides, count) in wanted.items()}
        shared = {"base": self.base, "tools": str(self.tools), "mix": str(self.mix) if self.mix else None}
        return {"kind": kind, "name": name, "plays": asked} | shared | more


def rates(bench: Bench) -> list[dict[str, Any]]:
    """The base as it is, and learning rates."""
    found = []
    for rate in RATES:
        bench.rate = rate
        found.append(bench.tune(f"rate {rate:g}", rows.Choice(runs=SMALL), *PLAIN))
    return [*found, bench.job("score", "base", {"final": FINAL})]


def sizes(bench: Bench) -> list[dict[str, Any]]:
    """More runs than those of the rates, with other sources beside the most of them: what `PARENT` names."""
    return [
        bench.tune(PARENT, rows.Choice(runs=10000, mixed=5000), "tune.epochs=2", *PLAIN, final=True),
        bench.tune("lora, 3000 runs", rows.Choice(runs=3000), *LORA, *PLAIN, final=True),
        bench.tune("3000 runs", rows.Choice(runs=3000), *PLAIN, final=True),
    ]


def ablations(bench: Bench) -> list[dict[str, Any]]:
    """One thing changed at a time, on 1,000 runs."""
    one = rows.Choice(runs=SMALL)
    replace = msgspec.structs.replace
    return [
        bench.tune("off topic 0", replace(one, off_topic=0.0), *PLAIN),
        bench.tune("off topic 0.25", replace(one, off_topic=0.25), *PLAIN),
        bench.tune("no reasoning", replace(one, reasoning=False), *PLAIN),
        bench.tune("failed calls trained", replace(one, failed=True), *PLAIN),
    ]


def suites(bench: Bench, data: Path) -> list[dict[str, Any]]:
    """Benchmarks of code, of models that other jobs make."""
    few = 3 if bench.quick else 0
    return [
        bench.job("suite", f"humaneval, {name}", {}, after=name, data=str(data), suites=["humaneval-chat"], items=few)
        for name in (PARENT, "3000 runs")
    ]


def packages(bench: Bench) -> list[dict[str, Any]]:
    """`PARENT` under each limit."""
    keys = ["prune.order=planned", "distil.steps=100", "limit=6000"]
    keys += ["distil.steps=1", "prune.samples=2", "quantise.samples=2"] if bench.quick else []
    schemes = ("auto", "gguf", "gguf")
    return [
        bench.job("package", f"package {limit}", {"final": (plays.FINAL, ("values",), 100)}, limit=limit, after=PARENT)
        | {"keys": [*keys, f"quantise.scheme={scheme}"]}
        for limit, scheme in zip(LIMITS, schemes)
    ]


def improvement(bench: Bench) -> list[dict[str, Any]]:
    """Rounds from the model that was tuned on 1,000 runs with the chosen rate; its own scores are the start."""
    keys = [f"tune.lr={bench.rate / 3}", f"tune.lr_floor={bench.rate / 30}", "tune.epochs=1", *PLAIN]
    keys += ["tune.max_steps=2", "tune.batch=1"] if bench.quick else []
    few = {"rounds": 1, "tasks": 6} if bench.quick else {"rounds": 2, "tasks": 900}
    wanted = {"final": (plays.FINAL, ("values", "patterns"), 100)}
    more = {"temperature": 0.7, "seed": 0, "keys": keys, "after": f"rate {bench.rate:g}"}
    return [bench.job("rounds", "improve", wanted) | few | more]
