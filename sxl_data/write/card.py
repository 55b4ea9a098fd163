"""The dataset card, from the manifest and one example row: every number in it was counted by the build.

A stranger reads it on the Hub: what a row is and how to load it first, then what is in it and under which licences,
what was left out and why, how the splits were drawn, and what nobody promises.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.contract.console import format_bytes, format_count
from sxl_data.write.card_front import filled, front_matter
from sxl_data.write.card_licences import licences
from sxl_data.write.card_removed import borderline, removed
from sxl_data.write.card_splits import splits
from sxl_data.write.column_words import COLUMNS, FIELDS
from sxl_data.write.features import features
from sxl_data.write.manifest import Manifest
from sxl_data.write.markdown import cell, fence, table
from sxl_data.write.rows import PUBLISHED_SCHEMA

KINDS = {
    "agent": "sessions of an agent with its tools",
    "tool_use": "requests answered by calling tools",
    "instruction": "a request and its answer",
    "reasoning": "a question, the reasoning, the answer",
    "code": "functions and edits of repositories",
}


def render_card(manifest: Manifest, example: dict[str, Any] | None = None) -> str:
    """The card's Markdown with its YAML front matter."""
    blocks = [front_matter(manifest), f"# {cell(manifest.name)}\n"]
    if manifest.description:
        blocks.append(manifest.description.strip() + "\n")
    blocks.append(_summary(manifest))
    blocks.append(
        "Each row is one task worked on by one agent, as a loop of Observe → Reflect → Act → Iterate "
        "(`steps`), with `messages` and `tools` beside it, ready for a chat trainer. Where a source states no "
        "reasoning there is no Reflect step, and where it shows no tool output there is none: nothing was "
        "written by a template.\n"
    )
    blocks += [
        _use(manifest),
        _example(example),
        _columns(),
        _contents(manifest),
        _sources(manifest),
        licences(manifest),
        removed(manifest),
        borderline(manifest),
        splits(manifest),
        _limits(manifest),
    ]
    return "\n".join(block for block in blocks if block)


def _summary(manifest: Manifest) -> str:
    rows = sum(numbers["rows"] for numbers in manifest.splits.values())
    text = sum(numbers["text_bytes"] for numbers in manifest.splits.values())
    calls = sum(manifest.counts.get("with", {}).get("calls", {}).values())
    said = f"{format_count(rows)} rows, {format_bytes(text)} of text, from {len(manifest.sources)} sources"
    return f"{said}; {calls / rows:.0%} of the rows call tools.\n" if rows and manifest.counts else f"{said}.\n"


def _use(manifest: Manifest) -> str:
    split = filled(manifest)[0]
    place = manifest.recipe.get("publish_as") or "path/to/this/folder"
    return (
        "## Use\n\n```python\nfrom datasets import load_dataset\n\n"
        f'rows = load_dataset("{place}", split="{split}")\n'
        'print(rows[0]["messages"])\n\n'
        'tools = rows.filter(lambda row: row["n_calls"] > 0)        # rows that call tools\n'
        'free = rows.filter(lambda row: row["licence"] == "MIT")    # rows under one licence\n```\n\n'
        "`messages` and `tools` are what `trl.SFTTrainer` and `tokenizer.apply_chat_template` take. Messages whose "
        "`train` is false are context: give them no loss. Where the folder has `arrow/`, "
        '`datasets.load_from_disk("path/to/this/folder/arrow")` maps it without a copy.\n'
    )


def _example(example: dict[str, Any] | None) -> str:
    if example is None:
        return ""
    text = msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
    return f"## An example\n\nSome columns of one row; long texts are cut here.\n\n{fence(text, 'json')}\n"


def _columns() -> str:
    rows = [[f"`{name}`", _kind(kind), COLUMNS[name]] for name, kind in features(PUBLISHED_SCHEMA).items()]
    lines = ["## Columns\n", *table(["column", "type", "what it holds"], rows), "\nWithin them:\n"]
    lines += table(["field", "what it holds"], [[f"`{name}`", words] for name, words in FIELDS.items()])
    return "\n".join([*lines, ""])


def _kind(kind: Any) -> str:
    if "_type" not in kind:
        return "struct"
    if kind["_type"] == "List":
        return f"list of {_kind(kind['feature'])}"
    return "JSON" if kind["_type"] == "Json" else str(kind["dtype"])


def _contents(manifest: Manifest) -> str:
    names = filled(manifest)
    lines: list[str] = []
    for by, title in (("kind", "kind"), ("language", "language"), ("length", "text of a row")):
        counts = manifest.counts.get(by, {})
        if not counts or (by == "language" and set(counts) <= {""}):
            continue
        rows = []
        for value, found in counts.items():
            more = [KINDS.get(value, "")] if by == "kind" else []
            rows.append([cell(value) or "none", *more, *(format_count(found.get(name, 0)) for name in names)])
        lines += table([title, *(["what"] if by == "kind" else []), *names], rows, right=len(names))
        lines.append("")
    if has := manifest.counts.get("with"):
        words = {"calls": "call tools", "reasoning": "state their reasoning", "executed": "have results that were run"}
        total = sum(numbers["rows"] for numbers in manifest.splits.values())
        shares = [f"{sum(has.get(name, {}).values()) / total:.0%} {word}" for name, word in words.items() if total]
        lines.append("Of all rows " + ", ".join(shares) + ".\n")
    return "\n".join(["## What is in it\n", *lines]) if lines else ""


def _sources(manifest: Manifest) -> str:
    rows = [
        [
            cell(source.name),
            cell(source.format),
            cell(source.licence) or "unknown",
            cell(source.revision[:12]) or "–",
            format_count(source.documents),
            format_count(source.traces),
            format_count(sum(source.kept.values())),
        ]
        for source in manifest.sources
    ]
    head = ["source", "format", "licence", "revision", "documents", "traces", "in the dataset"]
    lost = [f"- `{cell(item.name)}`: {cell(item.found)} ({item.code})" for item in manifest.missing]
    told = ["Missing, as they could not be read:\n", *lost, ""] if lost else []
    return "\n".join(["## Sources\n", *table(head, rows, right=3), "", *told])


def _limits(manifest: Manifest) -> str:
    against = ", ".join(manifest.benchmarks)
    checked = (
        f"Checked for benchmark text of: {against}. Paraphrases and translations are not found by this check."
        if against
        else "Not checked for benchmark text."
    )
    replaced = "Obvious secrets were replaced; nothing" if manifest.recipe["clean"]["secrets"] else "Nothing"
    lines = [f"## Known gaps\n\n- {checked}", f"- {replaced} guarantees that no personal data is left."]
    total = sum(numbers["rows"] for numbers in manifest.splits.values())
    if total and (has := manifest.counts.get("with")):
        silent = total - sum(has.get("reasoning", {}).values())
        lines.append(f"- {silent / total:.0%} of the rows state no reasoning; none was invented for them.")
    if total and manifest.counts:
        largest = max(manifest.sources, key=lambda source: sum(source.kept.values()))
        lines.append(f"- {sum(largest.kept.values()) / total:.0%} of the rows are from {cell(largest.name)}.")
    if missing := [kind for kind in KINDS if manifest.counts and kind not in manifest.counts["kind"]]:
        lines.append(f"- No rows of kind {', '.join(missing)}.")
    if not manifest.languages:
        lines.append("- Which languages people speak in the rows is not stated.")
    lines.append("- Answers are those of the sources. Nobody read all of them, and some are wrong.")
    lines.append(
        f"\nBuilt by sxl {manifest.sxl_version}, seed {manifest.seed}, content hash "
        f"`{manifest.content_hash[:16]}`. `manifest.json` has inputs, recipe and digests.\n"
    )
    return "\n".join(lines)
