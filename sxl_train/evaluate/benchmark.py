"""Suites of one model, from asking to the report: START HERE to see what an evaluation does.

In: a backend, names of suites, options and a folder. Out, in the folder: ``eval.json`` (numbers with their n and
interval, protocol, files with digests, versions), ``samples.parquet`` (every answer with its verdict),
``samples.jsonl`` (answers as they came, from which an interrupted run goes on) and ``failures.html`` (failures by kind,
to be read).
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from sxl_data.contract.console import format_seconds, say
from sxl_data.engine.commit import commit_bytes
from sxl_train.evaluate import together
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.page import write_page
from sxl_train.evaluate.samples import read_samples, write_samples
from sxl_train.generate.types import Backend
from sxl_train.suites import files
from sxl_train.suites.registry import find, get, need
from sxl_train.suites.score import Measured, score
from sxl_train.suites.types import Options, Outcome, Suite

PACKAGES = ("sheikh-sxl", "torch", "transformers", "llama-cpp-python", "lm-eval", "bfcl-eval")


class SuiteReport(msgspec.Struct, frozen=True, kw_only=True):
    """One suite in ``eval.json``."""

    title: str
    protocol: str
    main: str
    measured: Measured
    options: dict[str, object]
    """As they were asked for; ``limit`` 0 is the whole suite."""
    files: dict[str, str]
    """Name of each file that was read → its SHA-256."""
    items: int
    samples: int
    generated: int
    """Samples that this run generated; the others were kept from before."""
    generated_tokens: int
    seconds: float
    """From its first question to its last verdict; suites that were asked together share them."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``eval.json``."""

    model: str
    date: str
    suites: dict[str, SuiteReport]
    versions: dict[str, str]
    machine: dict[str, str]
    weights: str = ""
    """Their digest, where they are at hand."""
    schema: str = "sxl-eval/1"


def evaluate(
    backend: Backend, names: Sequence[str], options: Options, out: Path, *, resume: bool = True, now: str = ""
) -> Report:
    """Run the suites called ``names``; write everything into ``out``. Nothing that is in it already is asked again, and
    results of other suites for the same weights stay, unless ``resume`` is false."""
    suites = [get(name) for name in names]
    for suite in suites:  # what is missing is said before anything is generated
        need(suite, options.data)
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "samples.jsonl"
    if not resume:
        kept.unlink(missing_ok=True)
    weights = str(getattr(backend, "weights", ""))
    reports, outcomes = _held(out, weights, names) if resume else ({}, [])
    for (name, suite_report), found in _measure(backend, suites, options, kept):
        reports[name] = suite_report
        outcomes += found
    report = Report(
        model=backend.name,
        date=now or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        suites=reports,
        weights=weights,
        versions=_versions(),
        machine={"python": platform.python_version(), "system": platform.system(), "processor": platform.machine()},
    )
    commit_bytes(out / "eval.json", msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    write_samples(outcomes, out / "samples.parquet")
    commit_bytes(out / "failures.html", write_page(backend.name, outcomes).encode("utf-8", "replace"))
    return report


def read_report(folder: Path) -> Report:
    """The ``eval.json`` of a folder. Raises OSError, or msgspec's ValidationError for another file."""
    return msgspec.json.decode((folder / "eval.json").read_bytes(), type=Report)


def _measure(
    backend: Backend, suites: Sequence[Suite], options: Options, kept: Path
) -> Iterable[tuple[tuple[str, SuiteReport], list[Outcome]]]:
    """((name, report), outcomes) of each suite: one by one, or together where the model makes many answers at once."""

    def measure(suite: Suite, ask: Ask, model: Backend) -> tuple[tuple[str, SuiteReport], list[Outcome]]:
        ask.backend, began = model, time.monotonic()
        found = suite.measure(ask, options)
        return (suite.name, _report(suite, found, options, ask.generated, time.monotonic() - began)), found

    # What is kept is read before a thread adds to it.
    work = [partial(measure, suite, Ask(backend, kept, _teller(suite.name))) for suite in suites]
    if len(suites) > 1 and together.pays(backend):
        return together.run(backend, work)
    return (one(backend) for one in work)


def _held(out: Path, weights: str, names: Sequence[str]) -> tuple[dict[str, SuiteReport], list[Outcome]]:
    """What ``out`` holds of other suites than ``names``. Those of other weights are replaced, and that is said."""
    try:
        report, outcomes = read_report(out), read_samples(out / "samples.parquet")
    except (OSError, ValueError, msgspec.MsgspecError):
        return {}, []
    others = {name: suite for name, suite in report.suites.items() if name not in names}
    if others and (not weights or report.weights != weights):
        say(f"{out} held results of {', '.join(others)}, perhaps of other weights: they are replaced")
        return {}, []
    return others, [outcome for outcome in outcomes if outcome.suite in others]


def _report(suite: Suite, found: list[Outcome], options: Options, generated: int, seconds: float) -> SuiteReport:
    return SuiteReport(
        title=suite.title,
        protocol=suite.protocol,
        main=suite.main,
        measured=score(found),
        options={key: value for key, value in msgspec.structs.asdict(options).items() if key != "data"},
        files=_digests(suite, options),
        items=len({outcome.item for outcome in found}),
        samples=len(found),
        generated=generated,
        generated_tokens=sum(outcome.tokens for outcome in found),
        seconds=round(seconds, 1),
    )


def _digests(suite: Suite, options: Options) -> dict[str, str]:
    path = find(suite, options.data)
    return {path.name: files.digest(path)} if path is not None else {}


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _teller(name: str) -> Callable[[int, int], None]:
    """A line every ten seconds: how many of how many, and how long it will take. What is asked later, once answers are
    there, is a round of its own: how many there will be nobody knows."""
    began = last = time.monotonic()
    first = before = total = -1
    round_ = 0

    def tell(done: int, of: int) -> None:
        nonlocal began, last, first, before, total, round_
        now = time.monotonic()
        if done <= before or of != total:
            began, first, round_ = now, done, round_ + 1
        before, total = done, of
        ended = done == of and done > first and round_ == 1
        if now - last >= 10 or ended:
            last = now
            made = done - first
            left = (now - began) / made * (of - done) if made else 0.0
            ahead = f", {format_seconds(left)} left" if done < of and made else ""
            later = f"round {round_}: " if round_ > 1 else ""
            say(f"{name:<20} {later}{done:,} of {of:,} samples{ahead}")

    return tell
