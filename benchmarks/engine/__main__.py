"""The engine: documents per CPU second beside datatrove and data-juicer, 1 and 2 workers, bytes exchanged for each
document, memory as the input grows, and what 10^9 documents would cost.

    python benchmarks/engine [--megabytes 250] [--quick] [--datatrove PYTHON] [--data-juicer PYTHON] [--only-peers]

Rows are made here (sentences of words drawn from a fixed vocabulary, one in twenty a near copy), so that anyone gets
the same input. Times are of the whole command, in a process of its own, workers included; the kernels are compiled
before. Two recipes are measured: ``same job`` does what the peers do (read JSONL, drop empty answers, MinHash dedup,
write), ``whole build`` has our defaults, which also repair text, take out secrets, parse code, validate every row,
look for benchmarks and split.
Peers run on the same file. What either takes for a handful of documents (`HANDFUL` bytes) is subtracted on both sides,
as what starting costs; the plain ratio is printed beside it.

The cost of 10^9 documents is arithmetic on what was measured: CPU seconds per document × 10^9 / 3600 × a price for a
core and hour that is an assumption (``--price``), not a measurement. Seconds per document are those of the large input
less those of one a tenth of it, so that start-up is not counted; what cleaning costs is the whole build less the same
job. Rows of code, which are parsed, cost more than these: `trees.py` measures real mixes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

PEER = Path(__file__).with_name("peer.py")
PEERS = ("datatrove", "data-juicer")
WORDS = [
    f"{a}{b}"
    for a in ("lo", "mi", "ka", "ter", "sun", "vel", "dra", "po")
    for b in ("n", "ra", "tis", "mer", "gol", "vi", "sen", "ba", "dor", "quu", "lex", "fo")
]
SAME_JOB = (
    'clean: {text: false, secrets: false, code: keep, profile: "off", keep_private: ["*"]}\n'
    "decontaminate: {against: []}\n"
)
RECIPES = {"same job": SAME_JOB, "whole build": ""}
TARGET = 5.0
# A worker holds a published shard and about eight times its text; small ones leave the growth of the rest to be seen.
SHARD = 16_000_000
HANDFUL = 20_000
PARTS = {"tiny": 100, "small": 10, "large": 1}  # the input is so many times smaller than asked for
PUBLISHED = (
    "published by others: fuzzy deduplication alone 150 to 300 dollars per 10^9 documents (NeMo Curator's kind of GPU\n"
    'cluster); data-juicer 3 h on 1,280 cores, 3,840 core hours, for "terabyte-sized" sets (its documentation)'
)


def make_input(path: Path, size: int) -> int:
    """Write instruction rows of ``size`` bytes; returns the rows."""
    rng, last, written, n = random.Random(7), "", 0, 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        while written < size:
            words = rng.choices(WORDS, k=rng.randrange(30, 120))
            last = last.replace(last.split()[5], "changed", 1) if n % 20 == 19 else " ".join(words)
            task = f"Task {n}: {' '.join(rng.choices(WORDS, k=8))}?"
            written += file.write(json.dumps({"instruction": task, "input": "", "output": last}) + "\n")
            n += 1
    return n


def build(source: Path, out: Path, settings: str, workers: int) -> dict[str, float]:
    """What `watch` finds of one build."""
    recipe = source.with_suffix(".yaml")
    recipe.write_text(
        f"name: x\nsources:\n  - {{name: x, path: {source.name}, format: instruction_pair}}\n"
        f"write: {{arrow: false, shard_bytes: {SHARD}}}\n{settings}",
        encoding="utf-8",
    )
    return watch([sys.executable, "-m", "sxl_data", "build", str(recipe), "-o", str(out), f"engine.workers={workers}"])


def watch(command: list[str]) -> dict[str, float]:
    """Seconds and CPU seconds of a command with its children, and the most bytes that the command's own process, the
    largest of the others and all together held. Mapped files are left out: the system drops their pages at will."""
    started, own, largest, together = time.monotonic(), 0, 0, 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(command, stdout=said, stderr=said)
        parent = psutil.Process(running.pid)
        while running.poll() is None:
            sizes = []
            try:
                for process in (parent, *parent.children(recursive=True)):
                    memory = process.memory_info()
                    sizes.append(memory.rss - getattr(memory, "shared", 0))
            except psutil.Error:
                pass  # it ended while we looked
            own, largest = max([own, *sizes[:1]]), max([largest, *sizes[1:]])
            together = max(together, sum(sizes))
            time.sleep(0.05)
        if running.returncode:
            said.seek(0)
            raise SystemExit(f"{command} ended with {running.returncode}:\n{said.read().decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": time.monotonic() - started,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "own": own,
        "largest": largest,
        "together": together,
    }


def exchanged(out: Path, rows: int) -> dict[str, float]:
    """Bytes per document that the tasks of a build wrote for each other, by stage and kind of file."""
    found: Counter[str] = Counter()
    for path in (out / ".work").glob("*/*.json"):
        receipt = json.loads(path.read_bytes().rpartition(b"\n")[0])
        for name, info in receipt["files"].items():
            found[f"{path.parent.name}/{name.partition('-')[0]}"] += info["bytes"]
    return {name: size / rows for name, size in sorted(found.items()) if size >= rows}


def show(what: str, rows: int, size: int, found: dict[str, float]) -> None:
    print(
        f"{what}: {rows} documents, {size / 1e6:.1f} MB, {found['seconds']:.1f} s, {found['cpu']:.1f} CPU s, "
        f"{rows / found['cpu']:.0f} documents and {size / 1e6 / found['cpu']:.2f} MB per CPU second; the command "
        f"{found['own'] / 1e6:.0f} MB, its largest worker {found['largest'] / 1e6:.0f}, all "
        f"{found['together'] / 1e6:.0f}",
        flush=True,
    )


def main() -> None:
    parser = harness.options(__doc__, "5 MB")
    parser.add_argument("--megabytes", type=float, default=250)
    parser.add_argument("--price", type=float, default=0.04, help="assumed dollars for one core and hour")
    for name in PEERS:
        parser.add_argument(f"--{name}", metavar="PYTHON", help=f"an interpreter that has {name}")
    parser.add_argument("--only-peers", action="store_true", help="measure no growth, one worker or cost")
    options = parser.parse_args()
    size = int((5 if options.quick else options.megabytes) * 1e6)
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = {label: (folder / f"{label}.jsonl", size // part) for label, part in PARTS.items()}
        counts = {label: make_input(path, want) for label, (path, want) in made.items()}
        rows, few = counts["large"], counts["small"]
        made["handful"] = folder / "handful.jsonl", HANDFUL
        counts["handful"] = make_input(*made["handful"])
        # Compiles the kernels where nobody has; once for an installation.
        build(made["handful"][0], folder / "first", "", 1)
        runs = [(label, job, 2) for job in RECIPES for label in ("handful", "large")]
        if not options.only_peers:
            runs += [("tiny", "whole build", 2), ("small", "whole build", 2), ("large", "whole build", 1)]
            runs += [("small", "same job", 2)]
        for label, job, workers in runs:
            path = made[label][0]
            found = build(path, folder / f"{label}-{job}-{workers}", RECIPES[job], workers)
            metrics |= {f"{job}/{label}/{workers} workers/{key}": value for key, value in found.items()}
            show(f"{job}, {workers} workers", counts[label], path.stat().st_size, found)
        claims = compare(options, {label: path for label, (path, _) in made.items()}, metrics, counts)
        per_row = exchanged(folder / "large-whole build-2", rows)
        scratch = sum(path.stat().st_size for path in (folder / "large-whole build-2/data").glob("*")) / rows
    if not options.only_peers:
        scaling(metrics, counts)
        cost(metrics, rows, few, size, per_row, scratch, options.price)
    peers = {name: getattr(options, name.replace("-", "_")) for name in PEERS}
    packages = {}
    for name, python in peers.items():
        packages |= harness.versions((name, "py-data-juicer"), python) if python else {}
    harness.finish(options.json, metrics, claims, packages)


def compare(
    options: argparse.Namespace, paths: dict[str, Path], metrics: dict[str, float], counts: dict[str, int]
) -> list[dict[str, object]]:
    """Run the peers and say how many times as many documents per CPU second ours does, starting left out."""
    claims: list[dict[str, object]] = []
    rows, further = counts["large"], counts["large"] - counts["handful"]
    for name in PEERS:
        if not (python := getattr(options, name.replace("-", "_"))):
            continue
        for label in ("handful", "large"):
            found = watch(
                [python, str(PEER), name, str(paths[label]), str(paths[label].with_name(f"{name}-{label}")), "2"]
            )
            metrics |= {f"{name}/{label}/2 workers/{key}": value for key, value in found.items()}
            show(f"{name}, 2 workers", counts[label], paths[label].stat().st_size, found)
        whole, start = (metrics[f"{name}/{label}/2 workers/cpu"] for label in ("large", "handful"))
        for job in RECIPES:
            ours, our_start = (metrics[f"{job}/{label}/2 workers/cpu"] for label in ("large", "handful"))
            ratio = (whole - start) / (ours - our_start)
            metrics[f"{job}/documents per CPU second over {name}"] = ratio
            metrics[f"{job}/documents per CPU second over {name}, starting counted"] = whole / ours
            print(
                f"our {job}: {further / (ours - our_start):.0f} documents per CPU second beyond starting, "
                f"{name} {further / (whole - start):.0f}: {ratio:.1f} × ({rows / ours:.0f}, {rows / whole:.0f}, "
                f"{whole / ours:.1f} × with starting)",
                flush=True,
            )
            claims.append(harness.claim(f"{job}: documents per CPU second over {name}, starting apart", TARGET, ratio))
    return claims


def scaling(metrics: dict[str, float], counts: dict[str, int]) -> None:
    """Print what two workers gain, and the memory of each further row."""
    one, two = (metrics[f"whole build/large/{n} workers/seconds"] for n in (1, 2))
    metrics["speed of 2 workers over 1"] = one / two
    print(
        f"two workers are {one / two:.2f} times as fast as one ({counts['large'] / one:.0f} and "
        f"{counts['large'] / two:.0f} documents a second; other load on the machine counts)"
    )
    for (less, more), who in itertools.product(itertools.pairwise(PARTS), ("own", "largest")):
        a, b = (metrics[f"whole build/{label}/2 workers/{who}"] for label in (less, more))
        each = (b - a) / (counts[more] - counts[less])
        metrics[f"{who}/bytes per row, {counts[less]} to {counts[more]} rows"] = each
        name = "the command" if who == "own" else "its largest worker"
        print(
            f"{counts[less]} to {counts[more]} rows: {name} {a / 1e6:.0f} to {b / 1e6:.0f} MB, {each:.0f} bytes a row"
        )


def cost(
    metrics: dict[str, float], rows: int, few: int, size: int, per_row: dict[str, float], published: float, price: float
) -> None:
    """Print what 10^9 documents would take, line by line, from what was measured."""
    for key, value in per_row.items():
        metrics[f"exchanged/{key}/bytes per document"] = value
        print(f"committed between tasks: {key} {value:.0f} bytes per document")
    narrow = sum(value for key, value in per_row.items() if not key.endswith(("/kept", "/data", "/ledger", "/text")))
    shards = sum(value for key, value in per_row.items() if key.endswith(("/kept", "/text")))

    def each(job: str, what: str) -> float:
        large, small = (metrics[f"{job}/{label}/2 workers/{what}"] for label in ("large", "small"))
        return (large - small) / (rows - few)  # start-up cancels

    seconds, growth = each("whole build", "cpu"), each("whole build", "largest")
    cleaning = seconds - each("same job", "cpu")
    speed = size / rows / 1e6 / seconds
    hours = seconds * 1e9 / 3600
    metrics |= {
        "cpu_seconds_per_document": seconds,
        "megabytes_per_core_second": speed,
        "core_hours_per_1e9": hours,
        "dollars_per_1e9": hours * price,
        "cleaning_cpu_seconds_per_document": cleaning,
        "cleaning_core_hours_per_1e9": cleaning * 1e9 / 3600,
        "narrow_bytes_per_document": narrow,
        "shard_bytes_per_document": shards,
        "published_bytes_per_document": published,
        "largest_growth_bytes_per_document": growth,
    }
    print(
        f"each further document of {size / rows:.0f} bytes: {seconds * 1e3:.3f} CPU ms, so {speed:.2f} MB/s a core; "
        f"{growth:.0f} bytes of the largest process"
    )
    print(
        f"10^9 documents: {size / rows:.0f} GB in; {seconds:.6f} CPU s × 10^9 / 3600 = {hours:,.0f} core hours "
        f"× {price} = {hours * price:,.0f} dollars; exchanged in narrow columns {narrow:.0f} GB, shards of text "
        f"written and read once per stage {shards:.0f} GB, published {published:.0f} GB"
    )
    of_cleaning = cleaning * 1e9 / 3600
    print(
        f"of these cleaning, secrets, checks, benchmarks and splits {cleaning:.6f} CPU s × 10^9 / 3600 = "
        f"{of_cleaning:,.0f} core hours, {of_cleaning * price:,.2f} dollars; reading, comparing and writing "
        f"{hours - of_cleaning:,.0f} core hours"
    )
    print(PUBLISHED)


if __name__ == "__main__":
    main()
