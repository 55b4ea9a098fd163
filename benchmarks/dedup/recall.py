"""Recall and precision of deduplication against brute force, at every threshold, on four kinds of text.

    python benchmarks/dedup/recall.py [--rows 20000] [--quick] [--json FILE]

For each corpus and threshold: the pairs that exist, the share of them of which at most one row was kept (recall:
what a user pays for), of the pairs of kept rows from 0.5 on the share with one label (`grouped`: what a split relies
on; at threshold 0.5 no such pairs are wanted), the share of dropped rows whose named twin is kept and truly reaches
the threshold (precision), and the largest error of a reported score.

Beside them what text-dedup's own benchmark calls macro F1 (the mean of two precisions over clusters) and the macro F1
itself: both call a row wrong whose cluster lacks a true partner, as it must wherever clusters do not chain. Pairs come
from brute force over strings (`truth.py`), not from our hashes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from corpora import chat_answers, instruction_rows, short_rows, source_files
from truth import all_pairs, shingle_sets, text_dedup_scores

from sxl_data.dedup import DedupConfig, deduplicate

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


def measure(texts: list[str], thresholds: tuple[float, ...] = THRESHOLDS) -> list[dict[str, float]]:
    """One row of measures per threshold."""
    values, offsets = shingle_sets(texts)
    left, right, scores = all_pairs(values, offsets, min(thresholds))
    truth = {(a, b): s for a, b, s in zip(left.tolist(), right.tolist(), scores.tolist())}
    column, out = pa.array(texts), []
    for threshold in thresholds:
        result = deduplicate(None, column, config=DedupConfig(threshold=threshold), also_pairs_at=0.5)
        real = scores >= threshold
        one, two = left[real], right[real]
        labels, both = result.groups(0.5), result.kept[left] & result.kept[right]
        dropped = np.flatnonzero(~result.kept)
        named = [
            truth.get((min(a, b), max(a, b)), 0.0) for a, b in zip(dropped.tolist(), result.twin[dropped].tolist())
        ]
        fine = np.array(named) >= threshold
        fine &= result.kept[result.twin[dropped]]
        errors = np.abs(np.array(named) - result.score[dropped])
        out.append(
            {
                "threshold": threshold,
                "pairs": int(real.sum()),
                "left": int(both.sum()),
                "recall": float(1 - (result.kept[one] & result.kept[two]).mean()) if real.any() else 1.0,
                "grouped": float((labels[left[both]] == labels[right[both]]).mean())
                if both.any() and threshold > 0.5
                else 1.0,
                "dropped": len(dropped),
                "precision": float(fine.mean()) if len(dropped) else 1.0,
                "score_error": float(errors.max(initial=0.0)),
                "complete": result.complete,
                **text_dedup_scores(one, two, result.clusters),
            }
        )
    return out


def main() -> None:
    parser = harness.options(__doc__, "2,000 rows")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--shared", type=Path, default=harness.SHARED)
    args = parser.parse_args()
    count = 2_000 if args.quick else args.rows
    files = source_files(max(count, 4_000), largest=16_000)
    corpora = {
        "source files": files[:count],
        "chat answers": chat_answers(args.shared)[:count],
        "CodeAlpaca": instruction_rows(args.shared)[:count],
        "1-20 tokens": [row for row in short_rows(files, 8 * count, lines=2, share=0.5) if len(row) < 90][:count],
    }
    metrics: dict[str, float] = {}
    worst, sure = 1.0, 1.0
    for name, texts in corpora.items():
        if not texts:
            continue
        began = time.perf_counter()
        print(f"\n{name}: {len(texts)} rows, {sum(map(len, texts)) / 1e6:.1f} MB")
        print("threshold    pairs  recall  grouped  dropped  precision  score error  complete  text-dedup's  macro F1")
        for row in measure(texts):
            print(
                f"{row['threshold']:9} {row['pairs']:8} {row['recall']:7.4f} {row['grouped']:8.4f} {row['dropped']:8}"
                f" {row['precision']:10.4f} {row['score_error']:12.6f}  {row['complete']!s:<8}"
                f" {row['published']:13.4f} {row['macro_f1']:9.4f}"
            )
            metrics |= {f"{name}/{row['threshold']}/{key}": value for key, value in row.items()}
            worst, sure = min(worst, row["recall"], row["grouped"]), min(sure, row["precision"])
        print(f"{time.perf_counter() - began:.0f} s")
    claims = [
        harness.claim("recall at every threshold from 0.5 to 0.9", 0.98, worst),
        harness.claim("precision of removals", 1.0, sure),
    ]
    harness.finish(args.json, metrics, claims)


if __name__ == "__main__":
    main()
