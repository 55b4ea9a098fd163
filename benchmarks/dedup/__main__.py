"""Every installable deduplication tool on the same texts: wall time, CPU time, memory, recall, precision.

    python benchmarks/dedup [--quick] [--json FILE] [--peer NAME=PYTHON …] [--limit NAME=ROWS …]

A peer is measured if its package is found in this interpreter, in the one given for it (`--peer rensa=bin/python`) or
in a folder of environments (`--venvs DIR`: DIR/rensa/bin/python). Each measurement is a whole process from Parquet to
the list of removed rows; ours runs again right before each peer, on the same rows, so both see the same machine, so
often as `--pairs` says. CPU is user and system time of the process and its children. Ours is measured twice: `sxl` does
what the peers do and answers the list; `sxl_files` is the whole command, which also writes the kept rows, the ledger
and the signatures, as `daft_files` writes the kept rows. Where a tool is given tokens, a ratio without start and tokens
on both sides stands beside. The full corpora are for peers that take minutes, not hours (`ROWS` has the most rows of
the others); the part `equal` gives every peer the same rows.

Recall and precision come from brute force over strings (`truth.py`) on other rows: recall is the share of true
pairs of which at most one row survived, precision the share of removed rows with a surviving row that truly reaches
the threshold; once by our shingles and once by the words that text-dedup compares.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from corpora import grown, short_rows, source_files, write
from truth import all_pairs, code_tokens, shingle_sets, word_tokens

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

PEERS = ("daft", "daft_files", "gaoya", "rensa", "datasketch", "text_dedup", "datatrove")
OURS = ("sxl", "sxl_files")
ROWS = {"datatrove": 5_000}
"""Most rows a slow peer is given."""
EQUAL = 5_000
"""Source files of the part that gives every peer the same rows."""
TARGETS = {"rensa": 10.0, "datasketch": 25.0, "text_dedup": 60.0}
FASTEST = 4.0
THRESHOLD = 0.7


def run(
    tool: str, python: str, source: Path, work: Path, threshold: float = THRESHOLD, processors: int | None = None
) -> dict[str, object]:
    """One process, on so many processors; its wall and CPU seconds, largest resident memory in MB, and the rows it
    removed."""
    scratch = Path(tempfile.mkdtemp(dir=work))
    removed = scratch / "removed.json"
    command = [
        python,
        str(Path(__file__).with_name("peers.py")),
        tool,
        str(source),
        str(removed),
        "--threshold",
        str(threshold),
        "--scratch",
        str(scratch),
    ]
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": root if tool.startswith("sxl") else "", "DO_NOT_TRACK": "1"}
    began = time.perf_counter()
    with (scratch / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=scratch)
        if processors:
            os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:processors])
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status or not removed.is_file():
        raise RuntimeError(f"{tool}: " + (scratch / "log").read_text(encoding="utf-8")[-2000:])
    got = json.loads(removed.read_text(encoding="utf-8"))
    shutil.rmtree(scratch, ignore_errors=True)
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, **got}


def interpreters(given: list[str], venvs: Path | None) -> dict[str, str]:
    """The interpreter of every peer that is installed somewhere we know of."""
    places = dict(item.split("=", 1) for item in given)
    found = {}
    for peer in PEERS:
        package = peer.removesuffix("_files")
        own = [venvs / name / "bin" / "python" for name in (package, package.replace("_", "-"))] if venvs else []
        python = places.get(package) or next((str(path) for path in own if path.exists()), sys.executable)
        known = subprocess.run([python, "-c", f"import {package}"], capture_output=True, cwd=tempfile.gettempdir())
        if known.returncode == 0:
            found[peer] = python
        else:
            print(f"{peer}: not installed, left out")
    return found


def time_corpus(
    name: str,
    texts: list[str],
    peers: dict[str, str],
    limits: dict[str, int],
    work: Path,
    metrics: dict[str, float],
    pairs: int = 1,
) -> None:
    """Prints the table of one corpus and adds its numbers to `metrics`. `limits` has the most rows of some peers."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"\n{name}: {len(texts)} rows, {size:.0f} MB, threshold {THRESHOLD}")
    print(
        f"{'tool':<12} {'rows':>8} {'wall s':>8} {'CPU s':>8} {'MB':>7} {'removed':>8}"
        f" {'CPU / sxl':>10} {'/ command':>10}"
    )
    whole = write(texts, work / "corpus.parquet")
    run("sxl", sys.executable, whole, work)  # compiled code and page cache
    tokens = run("sxl_tokens", sys.executable, whole, work)["phases"]["tokens"]  # type: ignore[index]
    ours: dict[str, list[float]] = {tool: [] for tool in OURS}
    for peer, python in peers.items():
        rows = min(len(texts), limits.get(peer, len(texts)))
        source = whole if rows == len(texts) else write(texts[:rows], work / "part.parquet")
        seen: dict[str, list[float]] = {}
        for _ in range(pairs):
            base = {tool: run(tool, sys.executable, source, work) for tool in OURS}
            for tool, got in base.items():
                show(tool, rows, got, *(cpu(got) / cpu(base[k]) for k in OURS))
                if rows == len(texts):
                    ours[tool].append(cpu(got))
                    metrics |= {f"{name}/{tool}/{key}": float(got[key]) for key in ("wall", "memory")}  # type: ignore[arg-type]
            try:
                got = run(peer, python, source, work)
            except RuntimeError as problem:
                print(f"{peer:<12} failed: {str(problem)[-300:]}")
                break
            ratios = [cpu(got) / cpu(base[k]) for k in OURS]
            show(peer, rows, got, *ratios)
            found = {key: float(got[key]) for key in ("wall", "cpu", "memory")}  # type: ignore[arg-type]
            found |= {"ratio": ratios[0], "ratio of the command": ratios[1]}
            if rows == len(texts) and "tokens" in got["phases"]:  # type: ignore[operator]
                found["ratio without start and tokens"] = apart(got) / (apart(base["sxl"]) - float(tokens))
            for key, value in found.items():
                seen.setdefault(f"{name}/{peer}/{key}", []).append(value)
        metrics |= {key: statistics.median(values) for key, values in seen.items()}
        metrics |= {f"{key}/{end.__name__}": end(v) for key, v in seen.items() if "ratio" in key for end in (min, max)}
    metrics |= {f"{name}/{tool}/cpu": statistics.median(found) for tool, found in ours.items() if found}


def apart(got: dict[str, object]) -> float:
    """CPU seconds without the start and the tokens that were counted."""
    return cpu(got) - sum(got["phases"].values())  # type: ignore[attr-defined]


def cpu(got: dict[str, object]) -> float:
    return float(got["cpu"])  # type: ignore[arg-type]


def show(tool: str, rows: int, got: dict[str, object], ratio: float, ratio_of_command: float) -> None:
    print(
        f"{tool:<12} {rows:>8} {got['wall']:>8.1f} {got['cpu']:>8.1f} {got['memory']:>7.0f}"
        f" {len(got['removed']):>8} {ratio:>10.1f} {ratio_of_command:>10.1f}",  # type: ignore[arg-type]
        flush=True,
    )


def judge(name: str, texts: list[str], peers: dict[str, str], work: Path, metrics: dict[str, float]) -> None:
    """Recall and precision of every tool by two definitions."""
    source = write(texts, work / "judged.parquet")
    truths = {}
    for definition, cut in (("ours", code_tokens), ("words", word_tokens)):
        values, offsets = shingle_sets(texts, cut)
        truths[definition] = all_pairs(values, offsets, THRESHOLD)
    print(f"\n{name}: {len(texts)} rows; true pairs: " + ", ".join(f"{len(t[0])} ({d})" for d, t in truths.items()))
    print(f"{'tool':<12} {'removed':>8}  recall, precision by our shingles   by text-dedup's words")
    for tool in ("sxl", "sxl_words", *peers):
        try:
            removed = run(tool, peers.get(tool, sys.executable), source, work)["removed"]
        except RuntimeError as problem:
            print(f"{tool:<12} failed: {str(problem)[-300:]}")
            continue
        gone = np.zeros(len(texts), dtype=bool)
        gone[np.array(removed, dtype=np.int64)] = True
        line = f"{tool:<12} {int(gone.sum()):>8}"
        for definition, (left, right, _) in truths.items():
            recall = 1 - float((~gone[left] & ~gone[right]).mean()) if len(left) else 1.0
            covered = np.zeros(len(texts), dtype=bool)
            covered[left[~gone[right]]] = True
            covered[right[~gone[left]]] = True
            precision = float(covered[gone].mean()) if gone.any() else 1.0
            line += f"        {recall:.4f}  {precision:.4f}    "
            metrics[f"{name}/{tool}/recall/{definition}"] = recall
            metrics[f"{name}/{tool}/precision/{definition}"] = precision
        print(line, flush=True)


def scale(rows: list[str], sizes: tuple[int, ...], work: Path, metrics: dict[str, float]) -> None:
    """CPU time over the number of rows, and the slope of their logarithms."""
    print(f"\n{'rows':>9} {'CPU s':>7} {'wall s':>7} {'bytes per row beyond the text':>30}")
    seconds = []
    for size in sizes:
        texts = grown(rows, size)
        source = write(texts, work / "scale.parquet")
        size_of_text = sum(len(text.encode()) for text in texts)
        del texts
        got = run("sxl", sys.executable, source, work)
        beyond = (float(got["memory"]) * 1e6 - size_of_text) / size  # type: ignore[arg-type]
        seconds.append(float(got["cpu"]))  # type: ignore[arg-type]
        print(f"{size:>9} {got['cpu']:>7.1f} {got['wall']:>7.1f} {beyond:>30.0f}", flush=True)
        metrics |= {f"scale/{size}/cpu": seconds[-1], f"scale/{size}/beyond": beyond}
    metrics["scale/slope"] = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    metrics["scale/beyond"] = beyond
    print(f"slope {metrics['scale/slope']:.2f}")


def workers(texts: list[str], work: Path, metrics: dict[str, float]) -> None:
    """Wall time of the whole command on one processor and on two, the best of five interleaved runs each."""
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        print("\nprocessors cannot be chosen here, or there is one only: two workers left out")
        return
    source = write(texts, work / "workers.parquet")
    run("sxl_files", sys.executable, source, work)
    walls: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(5):
        for count, seen in walls.items():
            seen.append(float(run("sxl_files", sys.executable, source, work, processors=count)["wall"]))  # type: ignore[arg-type]
    one, two = min(walls[1]), min(walls[2])
    print(f"\nwhole command, wall s: {one:.2f} on one processor, {two:.2f} on two; {one / two:.2f} times faster")
    metrics |= {"workers/one/wall": one, "workers/two/wall": two, "workers/speedup": one / two}


def claims_of(metrics: dict[str, float], corpora: list[str]) -> list[dict[str, object]]:
    claims: list[harness.Claim] = []

    def claim(text: str, target: float, measured: float, more: bool = True) -> None:
        claims.append(harness.claim(text, target, measured, at_most=not more))

    for name in corpora:
        for kind, of in (
            ("ratio", "ours"),
            ("ratio of the command", "the whole command's"),
            ("ratio without start and tokens", "ours, start and tokens apart"),
        ):
            keys = {peer: f"{name}/{peer}/{kind}" for peer in PEERS}
            ratios = {peer: metrics[key] for peer, key in keys.items() if key in metrics}
            if "daft" in ratios:
                claim(f"{name}: CPU of daft over {of}", FASTEST, ratios["daft"])
            for peer, target in TARGETS.items():
                if peer in ratios:
                    claim(f"{name}: CPU of {peer} over {of}", target, ratios[peer])
    if "workers/speedup" in metrics:
        claim("wall time on one processor over two", 1.8, metrics["workers/speedup"])
    if "scale/slope" in metrics:
        claim("slope of CPU time over rows, log-log", 1.1, metrics["scale/slope"], more=False)
        claim("bytes per row beyond the text", 600, metrics["scale/beyond"], more=False)
    return claims


def main() -> None:
    parser = harness.options(__doc__, "2,000 files, 10,000 short rows")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--venvs", type=Path, help="folder with an environment per peer")
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=ROWS", help="most rows for a peer")
    parser.add_argument("--only", action="append", choices=("files", "short", "equal", "workers", "quality", "scale"))
    parser.add_argument("--tools", nargs="*", help="these peers only")
    parser.add_argument("--pairs", type=int, default=1, help="runs of each peer, each beside one of ours")
    parser.add_argument("--work", type=Path, help="folder for the corpora")
    args = parser.parse_args()
    files, short, judged = (2_000, 10_000, 1_000) if args.quick else (50_000, 500_000, 10_000)
    ROWS.update({name: int(rows) for name, rows in (item.split("=") for item in args.limit)})
    parts = set(args.only or ("files", "short", "equal", "workers", "quality", "scale"))
    peers = {k: v for k, v in interpreters(args.peer, args.venvs).items() if args.tools is None or k in args.tools}
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        work = Path(folder)
        sources = source_files(files)
        rows = short_rows(sources, short, share=0.5)
        if "files" in parts:
            time_corpus("source files", sources, peers, ROWS, work, metrics, args.pairs)
        if "short" in parts:
            time_corpus("short rows", rows, peers, ROWS, work, metrics, args.pairs)
        if "equal" in parts:
            few_files = sources[: EQUAL if not args.quick else EQUAL // 10]
            time_corpus("equal rows", few_files, peers, {}, work, metrics)
        if "workers" in parts:
            workers(sources, work, metrics)
        if "quality" in parts:
            few = {peer: python for peer, python in peers.items() if peer != "datatrove" or args.quick}
            judge("source files", [text for text in sources if len(text) < 16_000][:judged], few, work, metrics)
            judge("short rows", rows[: 2 * judged], few, work, metrics)
        if "scale" in parts:
            sizes = (5_000, 50_000) if args.quick else (50_000, 500_000, 5_000_000)
            scale(rows, sizes, work, metrics)
    claims = claims_of(metrics, ["source files", "short rows"])
    packages: dict[str, str] = {}
    for peer, python in peers.items():
        packages |= harness.versions((peer, peer.replace("_", "-")), python)
    harness.finish(args.json, metrics, claims, packages)


if __name__ == "__main__":
    main()
