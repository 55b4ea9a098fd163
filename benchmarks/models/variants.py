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
SMALL = rows.Choice(runs=1000, calls=2000, mixed=1000)
"""What ablations are made with."""
WHOLE = rows.Choice(runs=30000, calls=20000, mixed=5000)
FEWER = msgspec.structs.replace(WHOLE, runs=10000)
RATES = (1e-3, 3e-3)
"""Learning rates beside the one that is set."""
LIMITS = ("270MB", "100MB", "75MB", "60MB", "45MB")
PARENT, CONTROL = "whole", "small"
LORA = ("method=lora", "tune.lr=2e-3", "tune.lr_floor=2e-4")
BFCL = ("simple-python", "simple-java", "simple-javascript", "multiple", "parallel", "parallel-multiple", "irrelevance")
SUITES = {
    "calls": {"names": [f"bfcl-{name}" for name in BFCL], "max_tokens": 192, "most": 200},
    "code": {"names": ["humaneval-chat"], "max_tokens": 512, "most": 0},
    "sums": {"names": ["gsm8k-calculator"], "max_tokens": 320, "most": 300},
}
"""What is asked together, with tokens of an answer and items of a suite at most (0: all of them)."""


class Bench(msgspec.Struct, kw_only=True):
    """What all variants share."""

    base: str
    tools: Path
    calls: Path | None
    mix: Path | None
    data: Path
    quick: bool = False
    rate: float = 3e-4
    runs: int = WHOLE.runs
    """Of the tool sets, in the whole models."""

    def tune(self, name: str, choice: rows.Choice, *keys: str, final: bool = False, **more: Any) -> dict[str, Any]:
        """A job that tunes; every key of ``keys`` comes after the recipe's own."""
        own = [f"tune.lr={self.rate}", f"tune.lr_floor={self.rate / 10}"]
        own += ["tune.max_steps=2", "tune.batch=1"] if self.quick else []
        if self.quick:
            few = {key: min(getattr(choice, key), 60) for key in ("runs", "calls", "mixed")}
            choice = msgspec.structs.replace(choice, **few)
        wanted = {"choosing": CHOOSING} | ({"final": FINAL} if final else {})
        items = 0 if final else 60
        return self.job("tune", name, wanted, items, choice=msgspec.to_builtins(choice), keys=[*own, *keys]) | more

    def job(self, kind: str, name: str, wanted: dict[str, Any], items: int, **more: Any) -> dict[str, Any]:
        """A job of ``kind``, with the tasks that are ``wanted`` and at most so many ``items`` of each suite, 0 for as
        many as `SUITES` says."""
        few = 2 if self.quick else 0
        asked = {key: (seed, sides, few or count) for key, (seed, sides, count) in wanted.items()}
        packed = {key: str(path) for key in ("tools", "calls", "mix") if (path := getattr(self, key)) is not None}
        groups = {key: one | {"items": few or items or one["most"]} for key, one in SUITES.items()}
        suites = {"suites": groups, "data": str(self.data)}
        return {"kind": kind, "name": name, "plays": asked, "base": self.base} | packed | suites | more


def whole(bench: Bench) -> list[dict[str, Any]]:
    """All rows: every weight, then adapters, which are small enough to travel."""
    choice = msgspec.structs.replace(WHOLE, runs=bench.runs)
    return [
        bench.tune(PARENT, choice, "tune.epochs=2", final=True),
        bench.tune("whole, lora", choice, *LORA, "tune.rank=32", "tune.alpha=64", "tune.epochs=2", final=True),
    ]


def seeds(bench: Bench) -> list[dict[str, Any]]:
    """A third of the runs of `PARENT`, with three seeds."""
    return [
        bench.tune(f"whole, 10,000 runs, seed {n}", FEWER, "tune.epochs=2", f"seed={n}", final=True) for n in (0, 1, 2)
    ]


def control(bench: Bench) -> list[dict[str, Any]]:
    """What ablations are compared with, and the base as it is."""
    return [bench.tune(CONTROL, SMALL), bench.job("score", "base", {"choosing": CHOOSING}, 0)]


def ablations(bench: Bench) -> list[dict[str, Any]]:
    """One thing changed at a time."""
    replace = msgspec.structs.replace
    found = [
        bench.tune("no calls", replace(SMALL, calls=0)),
        bench.tune("no runs", replace(SMALL, runs=0)),
        bench.tune("no other sources", replace(SMALL, mixed=0)),
        bench.tune("3 times the rows", rows.Choice(runs=3000, calls=6000, mixed=3000)),
        bench.tune("schemas in full", SMALL, "tune.template=sxl"),
        bench.tune("off topic 0", replace(SMALL, off_topic=0.0)),
        bench.tune("off topic 0.25", replace(SMALL, off_topic=0.25)),
        bench.tune("no reasoning", replace(SMALL, reasoning=False)),
        bench.tune("failed calls trained", replace(SMALL, failed=True)),
        bench.tune("1 epoch", SMALL, "tune.epochs=1"),
        bench.tune("8 epochs", SMALL, "tune.epochs=8"),
    ]
    for rate in RATES:
        found.append(bench.tune(f"rate {rate:g}", SMALL, f"tune.lr={rate}", f"tune.lr_floor={rate / 10}"))
    return found


def adapters(bench: Bench) -> list[dict[str, Any]]:
    """One thing changed at a time, of adapters."""
    replace = msgspec.structs.replace
    return [
        bench.tune("lora", SMALL, *LORA),
        bench.tune("lora, no calls", replace(SMALL, calls=0), *LORA),
        bench.tune("lora, off topic 0.25", replace(SMALL, off_topic=0.25), *LORA),
        bench.tune("lora, no reasoning", replace(SMALL, reasoning=False), *LORA),
        bench.tune("lora, failed calls trained", replace(SMALL, failed=True), *LORA),
        bench.tune("lora, schemas in full", SMALL, *LORA, "tune.template=sxl"),
        bench.tune("lora, rank 64", SMALL, *LORA, "tune.rank=64", "tune.alpha=128"),
    ]


def packages(bench: Bench) -> list[dict[str, Any]]:
    """`PARENT` under each limit."""
    keys = ["prune.order=planned", "distil.steps=100", "limit=6000"]
    keys += ["distil.steps=1", "prune.samples=2", "quantise.samples=2"] if bench.quick else []
    wanted = {"final": (plays.FINAL, ("values",), 100)}
    return [
        bench.job("package", f"package {limit}", wanted, 60, limit=limit, after=PARENT)
        | {"keys": [*keys, f"quantise.scheme={'auto' if limit == LIMITS[0] else 'gguf'}"]}
        for limit in LIMITS
    ]


def improvement(bench: Bench) -> list[dict[str, Any]]:
    """Rounds from `CONTROL`; its own scores are the start."""
    keys = [f"tune.lr={bench.rate / 3}", f"tune.lr_floor={bench.rate / 30}", "tune.epochs=2", "tune.batch=4"]
    keys += ["tune.max_steps=2", "tune.batch=1"] if bench.quick else []
    few = {"rounds": 1, "tasks": 6} if bench.quick else {"rounds": 3, "tasks": 1200}
    wanted = {"final": (plays.FINAL, ("values", "patterns"), 100)}
    more = {"temperature": 0.7, "seed": 0, "keys": keys, "after": CONTROL}
    return [bench.job("rounds", "improve", wanted, 0) | few | more]
