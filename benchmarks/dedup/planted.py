"""What deduplication finds where somebody planted or judged the duplicates: articles, plagiarised programs, a ladder.

    python benchmarks/dedup/planted.py [--shared FOLDER] [--json FILE]

- MinHash articles: pairs of articles with shuffled or changed words; the share of planted pairs of which one row goes,
  and the rows removed that are in no planted pair.
- IR-Plag: Java solutions, plagiarised at levels L1 (comments and blanks) to L6 (other logic), and independent ones;
  the share that reaches the threshold with its original. Token shingles see copies and are not meant to see L2 to L6.
- GPTeacher Toolformer: its authors' set after exact, 0.9 and 0.6 deduplication by another measure; what we keep of
  each.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from truth import all_pairs, code_tokens, shingle_sets

from sxl_data.dedup import DedupConfig, Shingling, deduplicate

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness


def articles(data: Path, metrics: dict[str, float]) -> None:
    print("MinHash articles       threshold  pairs found  of  other rows removed")
    for name in ("articles_100", "articles_2500"):
        lines = (data / "dedup_minhash_articles" / f"{name}.train").read_text(encoding="utf-8").splitlines()
        ids, texts = zip(*(line.split(" ", 1) for line in lines if " " in line))
        place = {name: row for row, name in enumerate(ids)}
        truth = (data / "dedup_minhash_articles" / f"{name}.truth").read_text(encoding="utf-8").split("\n")
        pairs = [[place[key] for key in line.split()] for line in truth if line.strip()]
        for threshold in (0.5, 0.7):
            config = DedupConfig(threshold=threshold, shingling=Shingling(kind="words", size=3))
            kept = deduplicate(None, pa.array(texts), config=config).kept
            found = sum(not (kept[a] and kept[b]) for a, b in pairs)
            other = len(set(np.flatnonzero(~kept).tolist()) - {row for pair in pairs for row in pair})
            print(f"{name:<22} {threshold:>9} {found:>12} {len(pairs):>3} {other:>19}")
            metrics[f"{name}/{threshold}/found"] = found / len(pairs)
            metrics[f"{name}/{threshold}/other"] = other


def plagiarism(data: Path, metrics: dict[str, float]) -> None:
    archive = zipfile.ZipFile(data / "dedup_ir_plag" / "IR-Plag-Dataset.zip")
    cases: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in archive.namelist():
        parts = name.split("/")
        if name.endswith(".java") and len(parts) > 3:
            level = parts[3] if parts[2] == "plagiarized" else parts[2]
            cases[parts[1]][level].append(archive.read(name).decode("utf-8", "replace"))
    reached: dict[str, list[bool]] = defaultdict(list)
    for levels in cases.values():
        for level, texts in levels.items():
            for text in texts if level != "original" else []:
                column = pa.array([levels["original"][0], text])
                reached[level].append(not deduplicate(None, column, config=DedupConfig(threshold=0.5)).kept.all())
    print("\nIR-Plag: reaches 0.5 with its original")
    for level in sorted(reached):
        share = sum(reached[level]) / len(reached[level])
        print(f"  {level:<16} {share:6.1%} of {len(reached[level])}")
        metrics[f"ir-plag/{level}"] = share


def ladder(data: Path, metrics: dict[str, float]) -> None:
    print("\nGPTeacher Toolformer    rows   kept at 0.9   0.7   0.5   brute-force pairs from 0.7 on that both stay")
    for name in ("dedupe-only", "similarity-0.9", "similarity-0.6"):
        path = data / "gpteacher" / "Toolformer" / f"toolformer-{name}-dataset.json"
        rows = json.loads(path.read_text(encoding="utf-8"))
        texts = ["\n".join(str(value) for value in row.values()) for row in rows]
        kept = {t: deduplicate(None, pa.array(texts), config=DedupConfig(threshold=t)).kept for t in (0.9, 0.7, 0.5)}
        left, right, _ = all_pairs(*shingle_sets(texts, code_tokens), 0.7)
        both = int((kept[0.7][left] & kept[0.7][right]).sum())
        counts = "  ".join(f"{int(mask.sum()):>6}" for mask in kept.values())
        print(f"  {name:<18} {len(rows):>7}        {counts}   {both} of {len(left)}")
        metrics |= {f"toolformer/{name}/{t}": float(mask.mean()) for t, mask in kept.items()}
        metrics[f"toolformer/{name}/missed"] = both / max(1, len(left))


def main() -> None:
    parser = harness.options(__doc__, "the same: it takes seconds")
    parser.add_argument("--shared", type=Path, default=harness.SHARED)
    args = parser.parse_args()
    data, metrics = args.shared / "data", dict[str, float]()
    if not data.is_dir():
        raise SystemExit(f"no real inputs at {data}")
    for part in (articles, plagiarism, ladder):
        part(data, metrics)
    harness.finish(args.json, metrics)


if __name__ == "__main__":
    main()
