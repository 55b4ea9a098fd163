"""How fast all our rules run on traces, beside what others need for less.

In: nothing; ten-step traces of about 9 kB are made here, as JSONL, ATIF and chat rows. Out: a table of
traces and megabytes per CPU second, medians of rounds in which the competitors take turns, so that a busy
machine slows all of them alike. Peers: msgspec (typed decode of the same bytes), pydantic (the same types,
shape only), jsonschema (our published schema), and tracelint on the same ATIF and chat documents where a
Python that has it is named: ``--peer-python``; harbor's trajectory validator on the same ATIF documents where one
with harbor is named: ``--harbor`` (it needs Python 3.12, and of its requirements only
pydantic). harbor is asked twice: as a function in one warm process, where it is pydantic's shape check and ten times
its speed would be more than msgspec's bare decoding, and as its command, which takes one file, beside ours on the same
files. Times are CPU seconds of one process; ``jobs`` compares the work that two processes do together with that of one,
and the clock of both, which says little on busy cores. ``real``: every trace of other projects that is at hand, in our
format, where secrets and persons are found; there rows say what they say, so nothing is held against a target but what
peers do to the same bytes.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.formats.export import carry, export
from sxl_data.trace.types import DECODER
from sxl_data.validate.validate import validate

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness
from peers import HARBOR, by_command, jsonschema_checker, pydantic_decoder, run_peer
from real import real_lines, start_up
from traces import make_trace

RULES = "sxl validate, all rules"
REAL_RULES = "sxl validate, all rules, real"


def each(work: Callable[[bytes], Any], lines: list[bytes]) -> None:
    """``work`` on every line and nothing kept: memory stays warm, which is several times as fast as
    building a list of all traces, so both are measured."""
    for line in lines:
        work(line)


def main() -> None:
    """Measure, print, and write ``--json``."""
    parser = harness.options(__doc__, "fewer traces and rounds")
    parser.add_argument("--peer-python", help="a Python in which tracelint is installed")
    parser.add_argument("--harbor", help="a Python in which harbor is installed")
    options = parser.parse_args()
    rng = random.Random(1)
    count, rounds = (2500, 3) if options.quick else (6000, 7)
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), [make_trace(i, rng) for i in range(count)], rounds, options)


def report(folder: Path, rows: list[dict[str, Any]], rounds: int, options: argparse.Namespace) -> None:
    """Let the competitors take turns and print what each needs."""
    lines = [msgspec.json.encode(row) for row in rows]
    native = folder / "native.jsonl"
    native.write_bytes(b"\n".join(lines) + b"\n")
    size = sum(map(len, lines)) / len(lines)
    few = lines[:: max(1, len(lines) // 100)]
    others = {}
    for name, format in (("atif", "atif"), ("chat", "openai_chat")):
        others[name] = folder / f"{name}.jsonl"
        documents = [carry(export(DECODER.decode(line), format), format) for line in lines]
        for document in documents:
            document.pop("sxl_residual", None)
            document.pop("extra", None)
        others[name].write_bytes(b"".join(msgspec.json.encode(document) + b"\n" for document in documents))
    pydantic_decode, jsonschema_check = pydantic_decoder(), jsonschema_checker()
    validate(native, profile="publish")  # compiled code is loaded, schemas are cached
    competitors: dict[str, Callable[[], Any]] = {
        "msgspec typed decode, kept": lambda: [DECODER.decode(line) for line in lines],
        "msgspec typed decode, not kept": lambda: each(DECODER.decode, lines),
        RULES: lambda: check(native, "publish"),
        "pydantic (types only), kept": lambda: [pydantic_decode(line) for line in lines],
        "pydantic (types only), not kept": lambda: each(pydantic_decode, lines),
        "jsonschema (types only)": lambda: each(jsonschema_check, few),
        "sxl validate on ATIF": lambda: check(others["atif"], "train"),
        "sxl validate on chat": lambda: check(others["chat"], "train"),
    }
    amounts = {"jsonschema (types only)": len(few)}
    if real := real_lines(20_000_000):
        kept = folder / "real.jsonl"
        kept.write_bytes(b"\n".join(real) + b"\n")
        competitors |= {
            REAL_RULES: lambda: validate(kept, profile="publish"),
            "pydantic (types only), real, not kept": lambda: each(pydantic_decode, real),
            "msgspec typed decode, real, not kept": lambda: each(DECODER.decode, real),
        }
        amounts |= dict.fromkeys(list(competitors)[-3:], len(real))
    times = harness.take_turns(rounds, competitors)
    speed = {name: amounts.get(name, len(lines)) / statistics.median(spent) for name, spent in times.items()}
    if options.peer_python:
        for kind, path in others.items():
            spent = [run_peer(options.peer_python, kind, path) for _ in range(rounds)]
            speed[f"tracelint on {'ATIF' if kind == 'atif' else 'chat'}"] = 1 / statistics.median(spent)
    if options.harbor:
        spent = [run_peer(options.harbor, "atif", others["atif"], HARBOR) for _ in range(rounds)]
        speed["harbor on ATIF"] = 1 / statistics.median(spent)
        speed |= by_command(options.harbor, others["atif"], folder)
    large = folder / "large.jsonl"
    with large.open("wb") as file:
        for copy in range(8):  # other tasks and ids, so that no trace is there twice
            name = f"{copy}".encode()
            for line in lines:
                line = line.replace(b'"task":"', b'"task":"' + name, 1).replace(b'"bench:', b'"bench' + name + b":", 1)
                file.write(line + b"\n")
    begun = time.monotonic()
    one = harness.cpu_with_children(lambda: validate(large, profile="publish"))
    between = time.monotonic()
    two = harness.cpu_with_children(lambda: validate(large, profile="publish", jobs=2))
    wall = (between - begun, time.monotonic() - between)
    print(f"{len(lines)} traces of {size / 1000:.1f} kB, medians of {rounds} rounds\n")
    for name, value in sorted(speed.items(), key=lambda item: -item[1]):
        print(f"{name:<36} {value:>9,.0f} traces/s {value * size / 1e6:>8.1f} MB/s per CPU second")
    print(f"\n{8 * len(lines)} traces, {large.stat().st_size / 1e6:.0f} MB")
    print(f"1 process  {one:6.2f} CPU seconds in {wall[0]:.2f} s")
    print(f"2 processes {two:5.2f} CPU seconds in {wall[1]:.2f} s")
    small = folder / "small.jsonl"
    small.write_bytes(lines[0] + b"\n")
    starts = start_up(small, 3 if options.quick else 7)
    for name, spent in starts.items():
        print(f"{name:<24} {spent:.3f} CPU seconds")
    finish(speed, times, size, (one, two, *wall), starts, options)


def check(path: Path, profile: str) -> None:
    """Validate and be sure that nothing was found: the traces are clean."""
    found = validate(path, profile=profile)
    assert not found.counts and found.checked, found.text()


def finish(
    speed: dict[str, float],
    times: dict[str, list[float]],
    size: float,
    shared: tuple[float, float, float, float],
    starts: dict[str, float],
    options: argparse.Namespace,
) -> None:
    """Hold the measurements against the targets."""
    one, two, alone, together = shared
    claims = [
        *(  # kept: all traces in a list; not kept: one at a time
            harness.claim(
                f"half as fast as msgspec's bare decode, traces {how}",
                0.5,
                harness.ratio(times, RULES, f"msgspec typed decode, {how}"),
            )
            for how in ("kept", "not kept")
        ),
        *(
            harness.claim(
                f"1.5 times as fast as pydantic's shape check, traces {how}",
                1.5,
                harness.ratio(times, RULES, f"pydantic (types only), {how}"),
            )
            for how in ("kept", "not kept")
        ),
        *(
            harness.claim(
                f"{least} times as fast as {name}, real traces not kept",
                least,
                harness.ratio(times, REAL_RULES, f"{name}, real, not kept"),
            )
            for name, least in (("pydantic (types only)", 1.5), ("msgspec typed decode", 0.5))
            if REAL_RULES in times
        ),
        harness.claim("two processes do no more than 1.2 times the work of one", 1.2, two / one, True),
        harness.claim("two processes are 1.8 times as fast as one, by the clock", 1.8, alone / together),
        *(harness.claim(f"start of {name}, CPU seconds", 0.15, spent, True) for name, spent in starts.items()),
    ]
    for kind in ("ATIF", "chat"):
        if f"tracelint on {kind}" in speed:
            ratio = speed[f"sxl validate on {kind}"] / speed[f"tracelint on {kind}"]
            claims.append(harness.claim(f"10 times tracelint on {kind}", 10.0, ratio))
    if "harbor on ATIF" in speed:
        ratio = speed["sxl validate on ATIF"] / speed["harbor on ATIF"]
        claims.append(harness.claim("10 times harbor on ATIF, as a function", 10.0, ratio))
        ratio = speed["sxl-data validate as a command"] / speed["harbor's command"]
        claims.append(harness.claim("10 times harbor on ATIF, as a command on 30 files", 10.0, ratio))
    metrics = {f"{name}, traces/s": value for name, value in speed.items()}
    metrics |= {"bytes per trace": size, "cpu seconds 1 process": one, "cpu seconds 2 processes": two}
    metrics |= {"seconds 1 process": alone, "seconds 2 processes": together, "load": os.getloadavg()[0]}
    packages = harness.versions(("pydantic", "jsonschema", "jsonschema-rs"))
    for name, python in (("tracelint", options.peer_python), ("harbor", options.harbor)):
        packages |= harness.versions((name,), python) if python else {}
    harness.finish(options.json, metrics, claims, packages)


if __name__ == "__main__":
    main()
