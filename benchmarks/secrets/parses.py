"""Whether code parses as before once secrets and persons are taken out of it.

    python benchmarks/secrets/parses.py [FOLDER] [--files N] [--seed N]

FOLDER defaults to ../shared/data and holds archives of repositories. Of each language N files that parse are taken.
Into each a fresh token or person (`planted.py`) is put where a text stands: inside of a string, and in Bash and YAML
also as a bare word. Where the file with it parses, so must the one that `redact` leaves of it, and of the file as
it was.
Parsers: tree-sitter's of each language, Python's `json`, PyYAML.
"""

from __future__ import annotations

import argparse
import difflib
import json
import random
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml
from planted import PERSONS, SECRETS, fill

from sxl_data.contract.console import format_table
from sxl_data.files.syntax import parser, parses
from sxl_data.secrets.redact import Placeholders, redact

SHARED = Path(__file__).resolve().parents[3] / "shared"
SUFFIXES = {
    ".js": "javascript",
    ".ts": "typescript",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".c": "c",
    ".h": "c",
    ".cpp": "cpp",
    ".sh": "bash",
    ".py": "python",
    ".json": "json",
    ".yml": "yaml",
    ".yaml": "yaml",
}
STRINGS = {"string_fragment", "string_content", "interpreted_string_literal_content"}
LARGEST, PLACES = 40_000, 4


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", type=Path, default=SHARED / "data")
    arguments.add_argument("--files", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=None)
    options = arguments.parse_args()
    dice = random.Random(options.seed)
    rows, broken = [], list[str]()
    for language, files in sorted(of_languages(options.folder, options.files, dice).items()):
        counts: Counter[str] = Counter(files=len(files))
        for name, code in files:
            for kind, text in [("as it is", code), *planted(language, code, dice)]:
                if not is_code(language, text):
                    continue
                left = redact(text.encode(), Placeholders()).data.decode()
                counts["texts"] += 1
                counts["edited"] += left != text
                if not is_code(language, left):
                    broken.append(f"{language} {name}: {kind}\n{changes(text, left)}")
        rows.append([language, str(counts["files"]), str(counts["texts"]), str(counts["edited"])])
    print(format_table(["language", "files", "texts that parse", "edited"], rows))
    print(f"{len(broken)} parse no more", *broken[:20], sep="\n  ")


def changes(before: str, after: str) -> str:
    """The lines that differ."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(f"    {line[:200]}" for line in list(lines)[3:12])


def of_languages(folder: Path, most: int, dice: random.Random) -> dict[str, list[tuple[str, str]]]:
    """(name, text) of ``most`` files of each language that parse."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(folder.rglob("*.tar.gz")):
        with tarfile.open(path) as archive:
            for member in archive:
                language = SUFFIXES.get(Path(member.name).suffix)
                if language and member.isfile() and 50 < member.size < LARGEST:
                    file = archive.extractfile(member)
                    text = file.read().decode("utf-8", "replace") if file else ""
                    found.setdefault(language, []).append((member.name, text))
    out = {}
    for language, files in found.items():
        dice.shuffle(files)
        out[language] = [item for item in files[: 2 * most] if is_code(language, item[1])][:most]
    return out


def is_code(language: str, text: str) -> bool:
    if language in ("json", "yaml"):
        try:
            json.loads(text) if language == "json" else list(yaml.safe_load_all(text))
        except (ValueError, yaml.YAMLError):
            return False
        return True
    return parses(language, text) is True


def planted(language: str, code: str, dice: random.Random) -> Iterator[tuple[str, str]]:
    """(what, ``code`` with it inside of one of its strings)."""
    kinds = [*SECRETS.items(), *((name, text) for name, texts in PERSONS.items() for text in texts)]
    data = code.encode()
    spans = list(strings(language, data))
    for start, end in dice.sample(spans, min(PLACES, len(spans))):
        kind, template = dice.choice(kinds)
        yield kind, (data[:start] + fill(template, dice)[0].encode() + data[end:]).decode("utf-8", "replace")
    if language in ("bash", "yaml"):
        for _ in range(PLACES):
            kind, template = dice.choice(kinds)
            line = "export API_TOKEN={}\n" if language == "bash" else "api_token: {}\n"
            yield f"{kind}, bare", code + "\n" + line.format(fill(template, dice)[1])


def strings(language: str, data: bytes) -> Iterator[tuple[int, int]]:
    """Where the insides of strings stand."""
    if language in ("json", "yaml"):
        quotes = [at for at, byte in enumerate(data) if byte == 34]
        yield from ((a + 1, b) for a, b in zip(quotes[::2], quotes[1::2]) if b"\n" not in data[a:b])
        return
    found = parser(language)
    stack = [found.parse(data).root_node] if found is not None else []
    while stack:
        node = stack.pop()
        if node.type in STRINGS:
            yield node.start_byte, node.end_byte
        stack += node.children


if __name__ == "__main__":
    main()
