"""The sections of a report that show rows: duplicates, benchmark text, tool use, bad cases, drawn traces, the making.

In: what was counted, and the traces that were fetched. Out: HTML. Texts are cut so that the page stays small enough to
send, whatever the rows hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from sxl_data.contract.console import format_count
from sxl_data.contract.printable import as_json
from sxl_data.report.causes import TIERS, Case
from sxl_data.report.examples import Place
from sxl_data.report.rows import LOOP, Counted
from sxl_data.trace.types import Trace
from sxl_data.view.blocks import Bounds, blocks
from sxl_data.view.markup import Bar, Cell, Raw, bars, folded, line, paragraph, section, table, text
from sxl_data.write.manifest import Manifest

SMALL = Bounds(characters=3_000, steps=24, image_bytes=60_000)
_HITS, _TOOLS = 25, 25


def tools(counted: Counted) -> Raw:
    """Calls, results, loops and recoveries; the tools and how often they fail."""
    rows = counted.rows
    using, failed = rows.filter(pl.col("n_calls") > 0), rows.filter(pl.col("n_bad") > 0)
    recovered = failed.filter(~pl.col("last_bad"))
    facts = [
        ("traces with calls", len(using)),
        ("calls", int(rows["n_calls"].sum())),
        ("results", int(rows["n_results"].sum())),
        ("traces with a failed call", len(failed)),
        ("of them, the last result is none that failed", len(recovered)),
        (f"traces with {LOOP} equal calls one after the other", int((rows["repeats"] >= LOOP).sum())),
        ("traces with reasoning", int(rows["has_reasoning"].sum())),
    ]
    most = int(counted.tools["calls"].max() or 1) if len(counted.tools) else 1  # type: ignore[arg-type]
    listed: list[list[Cell]] = [
        [name or "", traces, calls, bad, Bar([((calls - bad) / most, "kept"), (bad / most, "lost")])]
        for name, calls, bad, traces in counted.tools.head(_TOOLS).iter_rows()
    ]
    more = len(counted.tools) - len(listed)
    statuses = [(status or "unknown", count) for status, count in counted.statuses.iter_rows()]
    return section(
        "tools",
        "Tool use, errors, recoveries",
        table("What agents did", ["what", "count"], facts),
        table("Results by status", ["status", "results", " "], bars(statuses)) if statuses else "",
        table("Tools: blue calls, orange failed ones", ["tool", "traces", "calls", "failed", " "], listed)
        if listed
        else paragraph("No trace calls a tool."),
        paragraph(f"… and {format_count(more)} more tools", "soft") if more > 0 else "",
    )


def contamination(manifest: Manifest, ledger: pl.DataFrame) -> Raw:
    """Rows that share text with a benchmark."""
    hits = ledger.filter(pl.col("code") == "D401")
    against = ", ".join(f"{name} ({version})" for name, version in manifest.benchmarks.items())
    if not against:
        return section("contamination", "Benchmark text", paragraph("The build was compared with no benchmark."))
    shown: list[list[Cell]] = [
        [trace_id, source, detail, score]
        for trace_id, source, detail, score in hits.sort("score", "trace_id", descending=[True, False])
        .select("trace_id", "source", "detail", "score")
        .head(_HITS)
        .iter_rows()
    ]
    return section(
        "contamination",
        "Benchmark text",
        paragraph(f"Compared with {against}. Paraphrases and translations are not found by this check."),
        paragraph(f"{format_count(len(hits))} rows were dropped for text of a benchmark."),
        table("The clearest hits", ["row", "source", "item", "share"], shown) if shown else "",
    )


def clusters(
    manifest: Manifest,
    pairs: Sequence[tuple[str, str, float, bool, bool]],
    found: Mapping[str, Trace],
    largest: Sequence[tuple[str, int, float | None, str]],
) -> Raw:
    """The largest clusters of duplicates, and the pairs nearest to the threshold beside each other."""
    rows: list[list[Cell]] = [
        [
            kept,
            count,
            lowest,
            origins,
            " ".join(found[kept].task[:160].split()) if kept in found else "not in the dataset",
        ]
        for kept, count, lowest, origins in largest
    ]
    named = ["row that stayed", "dropped for it", "least similarity", "sources of the dropped", "its task"]
    threshold = manifest.recipe.get("dedup", {}).get("threshold", "?")
    return section(
        "duplicates",
        "Duplicates",
        table("The largest clusters", named, rows) if rows else paragraph("No row was dropped as a duplicate."),
        paragraph(
            f"{format_count(manifest.borderline.count)} pairs lie within 0.02 of the similarity {threshold} from which "
            "one of two rows is dropped (dedup.threshold). The nearest, first those of which both are in the dataset:"
        ),
        *(_pair(pair, found) for pair in pairs),
    )


def _pair(pair: tuple[str, str, float, bool, bool], found: Mapping[str, Trace]) -> Raw:
    left, right, score, *_ = pair
    both = [found.get(name) for name in (left, right)]
    sides = "".join(
        f"<div><h3>{line(name)}</h3>{''.join(blocks(trace, SMALL._replace(steps=8)))}</div>"
        if trace
        else f'<div><h3>{line(name)}</h3><p class="soft">dropped: its text is not in the dataset</p></div>'
        for name, trace in zip((left, right), both)
    )
    outcome = "both kept" if all(both) else "one kept" if any(both) else "neither kept"
    return folded(f"{score:.4f} · {outcome} · {left} · {right}", f'<div class="sides">{sides}</div>', kind="pair")


def bad_cases(cases: Sequence[Case], found: Mapping[Place, Trace]) -> Raw:
    """The cases in tiers, each with its cause, the key that changes it, and examples."""
    parts: list[str] = []
    for tier, title in TIERS.items():
        mine = [case for case in cases if case.tier == tier]
        rows: list[list[Cell]] = [[case.name, case.count, case.cause, case.key or "–"] for case in mine]
        parts.append(f"<h3>Tier {tier}: {line(title)}</h3>")
        if not rows:
            parts.append(paragraph("None."))
            continue
        parts.append(table(f"Cases of tier {tier}", ["case", "rows", "likely cause", "recipe key"], rows))
        for case in mine:
            for place in case.rows:
                if place in found:
                    parts.append(shown(found[place], f"{case.name}: "))
    return section("bad", "Bad cases", *parts)


def drawn(traces: Sequence[Trace]) -> Raw:
    """Traces drawn from all rows."""
    said = f"{len(traces)} rows, each row as likely as another. Long texts are cut here and whole in the dataset."
    return section("traces", "Traces drawn at random", paragraph(said), *(shown(trace) for trace in traces))


def shown(trace: Trace, before: str = "") -> Raw:
    """A trace, folded."""
    head = trace.task.strip().split("\n")[0][:100] or trace.trace_id
    return folded(f"{before}{trace.provenance.source} · {head}", *blocks(trace, SMALL), kind="trace")


def making(manifest: Manifest) -> Raw:
    """How the build was made, enough to make it again."""
    facts: list[list[Cell]] = [
        ["built by", f"sxl {manifest.sxl_version}"],
        ["seed", str(manifest.seed)],
        ["content hash", manifest.content_hash],
    ]
    facts += [[name, version] for name, version in manifest.versions.items()]
    if manifest.extends:
        facts.append(["extends", f"{manifest.extends.name} {manifest.extends.content_hash}"])
    files: list[list[Cell]] = [
        [source.name, source.format, source.revision or "–", source.files, source.sha256] for source in manifest.sources
    ]
    return section(
        "making",
        "How it was made",
        table("The build", ["what", "value"], facts),
        table("What was read", ["source", "format", "revision", "files", "sha256"], files),
        folded("The recipe, every key that decides the rows", f"<pre>{text(as_json(manifest.recipe))}</pre>"),
        paragraph("manifest.json has the digest of every file, and how long each stage took."),
    )
