"""What machines do to a build: kills, doubled tasks, failing calls, flipped bits, bad and hostile input.

    python benchmarks/faults [kills twice io bits matrix inputs bombs memory hub ray] [--quick] [--json FILE]

Without names all are run but ray. Each prints its claims; exit code 1 when one is missed. Several run in a process
each: some fork their builds, and a child of a process that another had made start threads would wait for ever for a
lock that one of those held.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from toy import make_recipe

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

Claims = list[dict[str, object]]


def elsewhere(name: str, folder: Path, quick: bool, until: float, environment: dict[str, str]) -> Claims:
    """The claims of an experiment in a process of its own."""
    file = folder / "claims.json"
    command = [sys.executable, __file__, name, "--json", str(file), *(["--quick"] if quick else [])]
    if until < float("inf"):
        command += ["--seconds", str(until - time.monotonic())]
    subprocess.run(command, env={**os.environ, **environment}, check=False)
    return json.loads(file.read_text(encoding="utf-8"))["claims"]


def run_kills(folder: Path, quick: bool, until: float) -> Claims:
    from kills import command_kills, kills

    recipe = make_recipe(folder / "in")
    return kills(recipe, folder, 5 if quick else 200, until) + command_kills(recipe, folder, 2 if quick else 10)


def run_twice(folder: Path, quick: bool, until: float) -> Claims:
    from kills import twice

    return twice(make_recipe(folder / "in"), folder)


def run_bits(folder: Path, quick: bool, until: float) -> Claims:
    from kills import bits

    return bits(make_recipe(folder / "in", rows=20, chunk_bytes=10_000), folder)


def run_io(folder: Path, quick: bool, until: float) -> Claims:
    import disk

    if not disk.available():
        print("skipped: needs Linux and a C compiler")
        return []
    if "LD_PRELOAD" not in os.environ:  # once more, with the interceptor loaded before everything else
        return elsewhere("io", folder, quick, until, {"LD_PRELOAD": str(disk.preload(folder))})
    recipe = make_recipe(folder / "in", rows=12, chunk_bytes=1_000_000)
    return disk.inject(recipe, folder, 25 if quick else 1, until)


def run_matrix(folder: Path, quick: bool, until: float) -> Claims:
    from matrix import matrix

    return matrix(make_recipe(folder / "in", rows=90), folder, quick)


def run_inputs(folder: Path, quick: bool, until: float) -> Claims:
    from damage import damaged
    from inputs import inputs

    return inputs(folder, quick) + ([] if quick else damaged(folder))


def run_bombs(folder: Path, quick: bool, until: float) -> Claims:
    from bombs import bombs

    return bombs(folder, quick)


def run_memory(folder: Path, quick: bool, until: float) -> Claims:
    from memory import memory

    return memory(quick)


def run_hub(folder: Path, quick: bool, until: float) -> Claims:
    from hub import publications

    return publications(folder, quick)


def run_ray(folder: Path, quick: bool, until: float) -> Claims:
    from on_ray import nodes

    return nodes(make_recipe(folder / "in", rows=90), folder, quick)


EXPERIMENTS: dict[str, Callable[[Path, bool, float], Claims]] = {
    "kills": run_kills,
    "twice": run_twice,
    "io": run_io,
    "bits": run_bits,
    "matrix": run_matrix,
    "inputs": run_inputs,
    "bombs": run_bombs,
    "memory": run_memory,
    "hub": run_hub,
    "ray": run_ray,
}


def main() -> None:
    parser = harness.options(__doc__, "a short version")
    parser.add_argument("names", nargs="*", help="experiments to run")
    parser.add_argument("--seconds", type=float, help="stop kills and io after so long and say how far they came")
    options = parser.parse_args()
    claims: Claims = []
    names = options.names or [name for name in EXPERIMENTS if name != "ray"]
    for name in names:
        until = time.monotonic() + options.seconds if options.seconds else float("inf")
        said = io.StringIO()  # what hundreds of builds say of themselves
        with tempfile.TemporaryDirectory() as folder:
            if len(names) > 1:
                claims += elsewhere(name, Path(folder), options.quick, until, {})
                continue
            print(f"== {name}", flush=True)
            with contextlib.redirect_stderr(said):
                claims += EXPERIMENTS[name](Path(folder), options.quick, until)
    harness.finish(options.json, {}, claims, said=True)
    sys.exit(not all(claim["met"] for claim in claims))


if __name__ == "__main__":
    main()
