"""Texts to measure deduplication on, found on the machine the benchmark runs on.

In: how many rows. Out: lists of texts. Source files come from this interpreter's standard library and packages and
from /usr where there is one; short rows are runs of their lines. Nothing is downloaded, so the corpora differ from
machine to machine: every table states their size.
"""

from __future__ import annotations

import json
import os
import random
import string
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SUFFIXES = {".py", ".pyi", ".pyx", ".h", ".hpp", ".hh", ".c", ".js", ".ts", ".rb", ".pm", ".pl", ".sh", ".lua"}


def source_files(count: int, largest: int = 34_000, seed: int = 0) -> list[str]:
    """Up to `count` source files of 64 to `largest` bytes, shuffled; fewer if the machine has fewer."""
    roots = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib")), Path(sys.base_prefix)]
    roots += [Path(p) for p in ("/usr/lib", "/usr/share", "/usr/include", "/usr/local")]
    paths: list[Path] = []
    seen: set[Path] = set()
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for path in (Path(folder, name) for name in sorted(names)):
                if path.suffix not in SUFFIXES or path.is_symlink():
                    continue
                path = path.resolve()
                if path not in seen and 64 <= path.stat().st_size <= largest:
                    seen.add(path)
                    paths.append(path)
    random.Random(seed).shuffle(paths)
    return list(_read(paths, count))


def _read(paths: list[Path], count: int) -> Iterator[str]:
    for path in paths:
        if not count:
            return
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        count -= 1
        yield text


def short_rows(files: list[str], count: int, lines: int = 16, share: float = 0.2, seed: int = 1) -> list[str]:
    """Up to `count` runs of 1 to `lines` lines of the files, each taken with probability `share`."""
    draw, rows = random.Random(seed), []
    for text in files:
        parts, at = text.split("\n"), 0
        while at < len(parts):
            step = draw.randint(1, lines)
            row = "\n".join(parts[at : at + step]).strip()
            at += step
            if row and draw.random() < share:
                rows.append(row)
                if len(rows) == count:
                    return rows
    return rows


def grown(rows: list[str], count: int) -> list[str]:
    """`count` rows: the given ones, then as often as needed the same with their letters rotated in the alphabet, so
    that words differ from the original's while lengths, tokens and duplicates stay as they are."""
    out, small, turn = list(rows[:count]), string.ascii_lowercase, 0
    while len(out) < count:
        turn += 1
        table = str.maketrans(small, small[turn % 26 :] + small[: turn % 26])
        out += [row.translate(table) for row in rows[: count - len(out)]]
    return out


def chat_answers(shared: Path) -> list[str]:
    """Answers of instruction sets under the folder of real inputs; empty where there is none."""
    rows: list[str] = []
    for path in sorted((shared / "data").rglob("*.json")):
        if path.parent.name in ("aanony_20k_shards", "Codegen") or "alpaca_2k" in path.name:
            data = json.loads(path.read_text(encoding="utf-8"))
            rows += [str(row.get("output") or row.get("response") or "") for row in data if isinstance(row, dict)]
    return rows


def instruction_rows(shared: Path) -> list[str]:
    """CodeAlpaca's rows whole: instruction, input and output; empty where there is none."""
    rows: list[str] = []
    for path in sorted((shared / "data" / "codealpaca" / "aanony_20k_shards").rglob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            rows.append("\n".join(str(row[key]) for key in ("instruction", "input", "output") if row.get(key)))
    return rows


def write(texts: list[str], path: Path) -> Path:
    """``texts`` as a Parquet file of the columns id and text."""
    table = pa.table({"id": pa.array(range(len(texts)), pa.int64()), "text": pa.array(texts, pa.large_string())})
    pq.write_table(table, path, compression="zstd", row_group_size=8192)
    return path
