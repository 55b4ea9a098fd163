"""The card's part on splits: their sizes, what links rows and what leaks, and what is held out for evaluation."""

from __future__ import annotations

from sxl_data.contract.console import format_bytes, format_count
from sxl_data.write.card_front import filled
from sxl_data.write.manifest import Manifest


def splits(manifest: Manifest) -> str:
    """The section."""
    lines = ["## Splits\n", "| split | rows | text |", "|---|---:|---:|"]
    for split, numbers in manifest.splits.items():
        lines.append(f"| {split} | {format_count(numbers['rows'])} | {format_bytes(numbers['text_bytes'])} |")
    if len(filled(manifest)) < len(manifest.splits):
        lines.append("\nA split without rows has no file and is not there when the dataset is loaded.")
    return "\n".join([*lines, "", *_leaks(manifest), *_held_out(manifest), ""])


def _leaks(manifest: Manifest) -> list[str]:
    config = manifest.recipe["split"]
    said = {
        "task": "the same task, case and spacing apart",
        "near_task": f"a similar task (verified Jaccard ≥ {config['task_threshold']} of runs of three words)",
        "stated_id": "an id in common: instance, task, session, repository, notebook"
        + "".join(f", `{name}`" for name in _names(config["group"])),
        "similar_text": f"a similar text (verified Jaccard ≥ {config['threshold']})",
        "any": "any of these",
    }
    lines = ["Rows that belong together stay on one side. Validation and test rows with a partner in train:\n"]
    lines += ["| partner | links | this split | a random split |", "|---|---:|---:|---:|"]
    for leak in manifest.leaks:
        links = format_count(leak.links)
        lines.append(f"| {said[leak.edge]} | {links} | {leak.ours:.2%} | {leak.random:.2%} |")
    if manifest.uncompared:
        lines.append(
            f"\nThe tasks of {format_count(manifest.uncompared)} rows resemble so many others that not all pairs of "
            "them were compared."
        )
    if manifest.extends:
        lines.append(
            f"\nExtends {manifest.extends.name} `{manifest.extends.content_hash[:16]}`: "
            f"{format_count(manifest.extends.kept)} of its {format_count(manifest.extends.rows)} rows are here, "
            "each in the split where it was."
        )
    return lines


def _names(group: str | list[str]) -> list[str]:
    return [group] if isinstance(group, str) else group


def _held_out(manifest: Manifest) -> list[str]:
    apart = [source for source in manifest.sources if source.use != "train"]
    if not apart:
        return []
    lines = ["\nHeld out for evaluation, in `test` whatever else is drawn:\n", "| source | use | why | rows in test |"]
    lines.append("|---|---|---|---:|")
    for source in apart:
        lines.append(
            f"| {source.name} | {source.use} | {source.use_why} | {format_count(source.kept.get('test', 0))} |"
        )
    return lines
