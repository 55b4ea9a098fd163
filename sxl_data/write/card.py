"""The dataset card, from the manifest alone: every number in it was counted by the build."""

from __future__ import annotations

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_bytes, format_count
from sxl_data.write.manifest import Manifest

_HUB_LICENCES = {
    "mit": "mit",
    "apache-2.0": "apache-2.0",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-nc-4.0": "cc-by-nc-4.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "cc0-1.0": "cc0-1.0",
    "bsd-3-clause": "bsd-3-clause",
}


def render_card(manifest: Manifest) -> str:
    """The card's Markdown with its YAML front matter."""
    blocks = [_front_matter(manifest), f"# {manifest.name}\n"]
    if manifest.description:
        blocks.append(manifest.description.strip() + "\n")
    blocks.append(
        "Each row is one task worked on by one agent, as a loop of Observe → Reflect → Act → Iterate "
        "(`steps`), with `messages` and `tools` beside it, ready for a chat trainer. Where a source states no "
        "reasoning there is no Reflect step, and where it shows no tool output there is none: nothing was "
        "written by a template.\n"
    )
    blocks += [
        _use(manifest),
        _sources(manifest),
        _funnel(manifest),
        _borderline(manifest),
        _splits(manifest),
        _limits(manifest),
    ]
    return "\n".join(blocks)


def _front_matter(manifest: Manifest) -> str:
    licences = sorted({source.licence.lower() for source in manifest.sources if source.licence})
    known = _HUB_LICENCES.get(licences[0]) if len(licences) == 1 else None
    lines = ["---", f"license: {known or 'other'}"]
    lines += ["tags:", "- agent", "- tool-use", "- code", "- reasoning", "- sxl"]
    lines += ["configs:", "- config_name: default", "  data_files:"]
    for split in _filled(manifest):
        lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    return "\n".join([*lines, "---", ""])


def _filled(manifest: Manifest) -> list[str]:
    """Splits that have rows: the others have no file."""
    return [split for split, numbers in manifest.splits.items() if numbers["rows"]]


def _use(manifest: Manifest) -> str:
    return (
        "## Use\n\n```python\nfrom datasets import load_dataset\n\n"
        f'rows = load_dataset("path/to/this/folder")["{_filled(manifest)[0]}"]\n'
        'print(rows[0]["messages"])\n```\n'
    )


def _sources(manifest: Manifest) -> str:
    lines = [
        "## Sources\n",
        "| source | format | licence | revision | documents | traces | in the dataset |",
        "|---|---|---|---|---:|---:|---:|",
    ]
    for source in manifest.sources:
        lines.append(
            f"| {source.name} | {source.format} | {source.licence or 'unknown'} | {source.revision or '–'} "
            f"| {format_count(source.documents)} | {format_count(source.traces)} "
            f"| {format_count(sum(source.kept.values()))} |"
        )
    return "\n".join([*lines, ""])


def _funnel(manifest: Manifest) -> str:
    lines = ["## What was left out\n", "| stage | rows in | rows out | why |", "|---|---:|---:|---|"]
    for stage in manifest.stages:
        reasons = [f"{CODES[code].rule} ({code}) {format_count(n)}" for code, n in stage.dropped.items()]
        for what, counts in (("edited", stage.edited), ("flagged", stage.flagged)):
            reasons += [f"{what}: {CODES[code].rule} ({code}) {format_count(n)}" for code, n in counts.items()]
        why = "; ".join(reasons) or "–"
        lines.append(f"| {stage.stage} | {format_count(stage.rows_in)} | {format_count(stage.rows_out)} | {why} |")
    left = any(stage.dropped or stage.edited or stage.flagged for stage in manifest.stages)
    said = (
        "Every dropped, edited or flagged row has a line in `ledger/` that says why."
        if left
        else "No row was dropped, edited or flagged, so there is no `ledger/`."
    )
    return "\n".join([*lines, f"\n{said}\n"])


def _borderline(manifest: Manifest) -> str:
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


def _splits(manifest: Manifest) -> str:
    lines = ["## Splits\n", "| split | rows | text |", "|---|---:|---:|"]
    for split, numbers in manifest.splits.items():
        lines.append(f"| {split} | {format_count(numbers['rows'])} | {format_bytes(numbers['text_bytes'])} |")
    if len(_filled(manifest)) < len(manifest.splits):
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


def _limits(manifest: Manifest) -> str:
    against = ", ".join(manifest.benchmarks)
    checked = (
        f"Checked for benchmark text of: {against}. Paraphrases and translations are not found by this check."
        if against
        else "Not checked for benchmark text."
    )
    replaced = "Obvious secrets were replaced; nothing" if manifest.recipe["clean"]["secrets"] else "Nothing"
    unknown = [source.name for source in manifest.sources if not source.licence]
    lines = [
        "## Limits\n",
        f"- {checked}",
        f"- {replaced} guarantees that no personal data is left.",
        "- Rows keep the licence of their source (column `licence`).",
    ]
    if unknown:
        lines.append(f"- Licence unknown for: {', '.join(unknown)}. Find out before you publish.")
    lines.append(
        f"\nBuilt by sxl {manifest.sxl_version}, seed {manifest.seed}, content hash "
        f"`{manifest.content_hash[:16]}`. `manifest.json` has inputs, recipe and digests.\n"
    )
    return "\n".join(lines)
