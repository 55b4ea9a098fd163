"""Which four bytes texts hold most often, for `sxl_data/secrets/frequent.json`.

    python benchmarks/secrets/frequent.py [FOLDER …] [--check]

The compiled pass over texts looks for the four bytes of an anchor that cost least, which are those that texts hold
seldom. FOLDER defaults to ../shared/data and ../shared/traces; of each folder in them the text files are taken in the
order of their names, so much that code, prose and JSON count about alike. Writes the `MOST` most frequent that are text
by themselves, most frequent first; nothing but the speed of the pass depends on them. ``--check`` writes nothing and
says how many of those in the file are among them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import sxl_data.secrets

MOST, OF_FOLDER, OF_FILE = 3_000, 4_000_000, 400_000
SHARED = Path(__file__).resolve().parents[3] / "shared"
TARGET = Path(sxl_data.secrets.__file__).with_name("frequent.json")
ABOUT = "The most frequent four bytes of code, prose and JSON, by `python benchmarks/secrets/frequent.py`: {} of {} MB."


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="*", type=Path, default=[SHARED / "data", SHARED / "traces"])
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    texts = [text for folder in options.folders for part in sorted(folder.iterdir()) for text in taken(part)]
    found = frequent(texts)
    size = sum(map(len, texts)) / 1e6
    if options.check:
        held = json.loads(TARGET.read_text("utf-8"))["four"]
        print(f"{len(set(held) & set(found))} of {len(held)} are among those of {size:.1f} MB")
        return
    said = {"about": ABOUT.format(MOST, round(size)), "four": found}
    TARGET.write_text(json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    print(f"{len(found)} of {size:.1f} MB: {found[:20]}")


def taken(part: Path) -> list[bytes]:
    """The beginnings of the text files at ``part``, `OF_FOLDER` bytes at most."""
    found, left = [], OF_FOLDER
    for path in sorted(item for item in ([part] if part.is_file() else part.rglob("*")) if item.is_file()):
        if left <= 0:
            break
        with path.open("rb") as file:
            data = file.read(min(OF_FILE, left))
        if data and b"\0" not in data and is_text(data[:-4]):
            found.append(data)
            left -= len(data)
    return found


def frequent(texts: list[bytes]) -> list[str]:
    """The most frequent four bytes of ``texts``, most frequent first and, of equals, in their own order."""
    parts = []
    for text in texts:
        data = np.frombuffer(text, np.uint8).astype(np.uint32)
        if len(data) >= 4:
            parts.append(data[:-3] | data[1:-2] << 8 | data[2:-1] << 16 | data[3:] << 24)
    grams, counts = np.unique(np.concatenate(parts), return_counts=True)
    order = np.lexsort((grams, -counts))
    most = (int(grams[at]).to_bytes(4, "little") for at in order[: 2 * MOST])
    return [letters.decode() for letters in most if is_text(letters)][:MOST]


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


if __name__ == "__main__":
    main()
