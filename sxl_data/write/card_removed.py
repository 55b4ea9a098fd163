"""The card's part on what was left out: the funnel, each reason in words, and pairs close to the threshold."""

from __future__ import annotations

from collections import Counter

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_count
from sxl_data.write.manifest import Manifest
from sxl_data.write.markdown import table


def removed(manifest: Manifest) -> str:
    """The section."""
    rows = []
    reasons: dict[str, Counter[str]] = {"left out": Counter(), "edited": Counter(), "flagged": Counter()}
    for stage in manifest.stages:
        why = "; ".join(f"{CODES[code].rule} ({code}) {format_count(n)}" for code, n in stage.dropped.items()) or "–"
        rows.append([stage.stage, format_count(stage.rows_in), format_count(stage.rows_out), why])
        for what, counts in zip(reasons, (stage.dropped, stage.edited, stage.flagged)):
            reasons[what].update(counts)
    lines = ["## What was left out\n", *_funnel(rows), ""]
    told = [
        [what, code, CODES[code].title, CODES[code].why, format_count(count)]
        for what, counts in reasons.items()
        for code, count in counts.most_common()
    ]
    if told:
        lines += table(["", "code", "what", "why", "rows"], told, right=1)
        lines.append("\nEvery dropped, edited or flagged row has a line in `ledger/` that says why.\n")
    else:
        lines.append("No row was dropped, edited or flagged, so there is no `ledger/`.\n")
    return "\n".join(lines)


def _funnel(rows: list[list[str]]) -> list[str]:
    lines = table(["stage", "rows in", "rows out", "left out because"], rows)
    return [lines[0], "|---|---:|---:|---|", *lines[2:]]


def borderline(manifest: Manifest) -> str:
    """Pairs within a little of the threshold."""
    threshold, found = manifest.recipe["dedup"]["threshold"], manifest.borderline
    if not found.count:
        return f"No two compared rows lie within 0.02 of the similarity {threshold} from which one is dropped.\n"
    lines = [
        f"{format_count(found.count)} pairs lie within 0.02 of the similarity {threshold} from which one is "
        "dropped; the closest:\n",
        "| similarity | row | and row | |",
        "|---:|---|---|---|",
    ]
    for pair in found.closest:
        both = pair.left_kept and pair.right_kept
        outcome = "both kept" if both else "one dropped" if pair.left_kept or pair.right_kept else "both dropped"
        lines.append(f"| {pair.score:.4f} | `{pair.left}` | `{pair.right}` | {outcome} |")
    return "\n".join([*lines, "\nAll of them are in `ledger/borderline.parquet`.\n"])
