"""Texts whose language is known: files of repositories by their ending, programs of benchmarks, shell commands."""

from __future__ import annotations

import gzip
import json
import random
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from sxl_data.read.code_files import language_of

REPOSITORIES = ("click", "requests", "ripgrep", "cobra", "gson", "zod")
HUMANEVAL = {"cpp": "cpp", "go": "go", "java": "java", "js": "javascript", "python": "python", "rust": "rust"}
HEADERS = "/usr/include"
SHORTEST = 20  # characters


def known_files(data: Path, most: int, longest: int) -> dict[str, list[str]]:
    """Up to ``most`` texts of each language, of at most ``longest`` characters, drawn alike from each origin."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for origin, language, text in _all(data):
        if SHORTEST <= len(text) <= longest:
            found[language][origin].append(text)
    rng = random.Random(7)
    chosen = {}
    for language, origins in sorted(found.items()):
        mixed = [rng.sample(texts, len(texts)) for texts in origins.values()]
        turns = [text for turn in zip_longest(*mixed) for text in turn if text is not None]
        chosen[language] = turns[:most]
    return chosen


def _all(data: Path) -> Iterator[tuple[str, str, str]]:
    for name in REPOSITORIES:
        with tarfile.open(data / "curated_repos" / f"{name}.tar.gz") as archive:
            for member in archive:
                language = language_of(member.name)
                if member.isfile() and language and (stream := archive.extractfile(member)):
                    yield name, language, stream.read().decode("utf-8", "replace")
    for name, language in HUMANEVAL.items():
        with gzip.open(data / "humaneval_x" / f"humaneval_{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield "humaneval_x", language, row["declaration"] + row["canonical_solution"]
    for line in (data / "mbpp" / "mbpp.jsonl").read_text(encoding="utf-8").splitlines():
        yield "mbpp", "python", json.loads(line)["code"].replace("\r\n", "\n")
    with zipfile.ZipFile(data / "dedup_ir_plag" / "IR-Plag-Dataset.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".java"):
                yield "ir-plag", "java", archive.read(name).decode("utf-8", "replace")
    for line in (data / "nl2bash" / "all.cm").read_text(encoding="utf-8").splitlines():
        yield "nl2bash", "bash", line
    for path in sorted(Path(HEADERS).glob("*.h")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "C++" not in text and "__cplusplus" not in text:  # a header for both is of either
            yield "headers", "c", text
