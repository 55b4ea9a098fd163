"""What several seeds measured → means, the claims they bear out or not, and one plot.

python benchmarks/compress/report.py RUN.json… --json ALL.json --plot ALL.svg     # several runs as one
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

CALLS = {"valid_calls": "generated", "primed_calls": "primed", "forced_calls": "forced"}
AVERAGED = ("loss", "per_byte", "perplexity", *CALLS, "bytes", "mlp", "layers", "groups", "vocabulary", "wider")
COLOURS = {
    "ours": "#0b6e4f",
    "ours, safetensors": "#8ac926",
    "quantise only": "#444444",
    "depth only": "#c1121f",
    "width only": "#f4a261",
    "cross-entropy": "#1982c4",
    "from scratch": "#6a4c93",
}


def summarise(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and standard deviations over the seeds, and the claims that they bear out or not."""
    metrics = average([row for seed in seeds for row in seed["results"]])
    claims = [make_claims(average(seed["results"])) for seed in seeds]
    return {"metrics": metrics, "claims": join_claims(claims)}


def average(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and standard deviations of what was measured of the same thing."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in results:
        apart = row["format"] if row["way"] == "quantise only" else ""
        groups.setdefault((row["limit_mb"], row["way"], row["stage"], apart), []).append(row)
    metrics: dict[str, Any] = {}
    for (limit, way, stage, format), rows in groups.items():
        name = f"{limit or 'any'} MB / {way} / {stage}" + (f" / {format}" if format else "")
        metrics[name] = {
            key: round(statistics.fmean(r[key] for r in rows), 5) for key in AVERAGED if all(key in r for r in rows)
        }
        metrics[name] |= {"seeds": len(rows)}
        if len(rows) > 1:
            metrics[name]["per_byte_sd"] = round(statistics.stdev(r["per_byte"] for r in rows), 5)
    return metrics


def make_claims(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Of one seed: recovery ≥ 70 %, quantisation ≤ 2 %, calls ≥ 95 %, no alternative of the same bytes better."""
    tuned = metrics["any MB / ours / tuned"]
    claims: list[dict[str, Any]] = []

    def claim(text: str, target: str, measured: float) -> None:
        claims.append({"text": text, "target": target, "measured": measured})

    limits = {int(name.split()[0]) for name in metrics if name[0].isdigit()}
    for limit in sorted(limits, reverse=True):
        found: dict[str, dict[str, Any]] = {}
        for name, row in metrics.items():
            parts = name.split(" / ")
            if parts[0] == f"{limit} MB":
                found.setdefault(parts[1], {})[parts[2]] = row
        for way, stages in found.items():
            pruned, distilled = stages.get("pruned"), stages.get("distilled")
            stored = stages.get("quantised") or stages.get("stored")
            if pruned and distilled and pruned["per_byte"] > tuned["per_byte"]:
                lost = pruned["per_byte"] - tuned["per_byte"]
                claim(
                    f"{limit} MB, {way}: distillation recovers",
                    "≥ 0.7 of the loss pruning cost",
                    (pruned["per_byte"] - distilled["per_byte"]) / lost,
                )
            if not stored or not way.startswith("ours"):
                continue
            rise = stored["per_byte"] / (distilled or tuned)["per_byte"] - 1
            claim(f"{limit} MB, {way}: quantisation costs", "≤ 0.02 in loss", rise)
            for key, kind in CALLS.items():
                if key in stored and tuned.get(key):
                    claim(
                        f"{limit} MB, {way}: {kind} calls kept",
                        "≥ 0.95 of the tuned model's (of half the size)",
                        stored[key] / tuned[key],
                    )
        ours = found.get("ours", {}).get("quantised") or found.get("ours", {}).get("stored")
        if not ours:
            continue
        plain = [row for name, row in metrics.items() if "quantise only" in name and row["bytes"] <= limit * 10**6]
        if plain:
            found["the best that is only quantised"] = {"quantised": min(plain, key=lambda row: row["per_byte"])}
        for way, stages in found.items():
            other = stages.get("quantised") or stages.get("stored")
            if other and way != "ours":
                claim(
                    f"{limit} MB: ours against {way}",
                    "smaller loss per byte (ratio < 1)",
                    ours["per_byte"] / other["per_byte"],
                )
    return claims


def join_claims(found: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The mean of each claim over the seeds that measured both of its sides; a seed is its own yardstick."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for claims in found:
        for claim in claims:
            groups.setdefault(claim["text"], []).append(claim)
    made = []
    for text, claims in groups.items():
        target, mean = claims[0]["target"], statistics.fmean(claim["measured"] for claim in claims)
        bound = float(target.split()[1]) if target[0] in "≥≤" else 1.0
        met = mean >= bound if target[0] == "≥" else mean <= bound if target[0] == "≤" else mean < bound
        made.append({"text": text, "target": target, "measured": round(mean, 4), "met": met, "seeds": len(claims)})
    return made


def join_runs(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Several runs of the same seeds as one; what a later run measured again is left out."""
    seeds: dict[int, dict[str, Any]] = {}
    for run in runs:
        for seed in run["seeds"]:
            own = seeds.setdefault(seed["seed"], {"seed": seed["seed"], "results": []})
            known = {(row["limit_mb"], row["way"], row["stage"]) for row in own["results"]}
            own["results"] += [
                row for row in seed["results"] if (row["limit_mb"], row["way"], row["stage"]) not in known
            ]
    kept = {key: runs[0][key] for key in ("machine", "options")}
    return {**kept, **summarise(list(seeds.values())), "seeds": list(seeds.values())}


def show(found: dict[str, Any]) -> None:
    """Print means and claims."""
    for name, row in found["metrics"].items():
        print(f"{name:<52}", "  ".join(f"{k} {v}" for k, v in row.items()))
    for claim in found["claims"]:
        verdict = "met   " if claim["met"] else "MISSED"
        print(verdict, claim["text"], claim["measured"], "target", claim["target"])


def draw(metrics: dict[str, Any], path: Path) -> None:
    """Loss per byte against size, one mark for each way; a plain SVG without any plotting library.

    What lies far above the rest is drawn at the upper edge with its value beside it.
    """
    points = []
    for name, row in metrics.items():
        way, stage = name.split(" / ")[1:3]
        kind, _, _ = way.partition(", safetensors") if way != "ours, safetensors" else (way, "", "")
        if "bytes" in row and stage in ("quantised", "stored") and kind in COLOURS:
            hollow = way != kind or (way == "quantise only" and name.endswith(("f8", "nf4_dq")))
            points.append((row["bytes"] / 1e6, row["per_byte"], kind, hollow, name.split(" / ")[-1]))
    if not points:
        return
    tuned = metrics["any MB / ours / tuned"]["per_byte"]
    low, high = tuned * 0.985, tuned * 1.3
    largest = max(p[0] for p in points)

    def place(x: float, y: float) -> tuple[float, float]:
        return 80 + (x - 8) / (largest + 3 - 8) * 620, 60 + (high - min(y, high)) / (high - low) * 320

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 940 450" font-family="sans-serif" font-size="13">',
        '<rect width="940" height="450" fill="white"/>',
        '<path d="M80 50V380H700" fill="none" stroke="#888"/>',
        '<text x="390" y="430" text-anchor="middle">MB of all files needed to load</text>',
        '<text x="20" y="30">test loss, nats per byte</text>',
    ]
    for mb in range(10, int(largest) + 1, 10):
        parts.append(f'<text x="{place(mb, low)[0]:.0f}" y="400" text-anchor="middle">{mb}</text>')
    for step in range(6):
        value = low + (high - low) * step / 5
        y = place(8, value)[1]
        parts.append(
            f'<path d="M80 {y:.0f}H700" stroke="#eee"/><text x="72" y="{y + 4:.0f}" text-anchor="end">'
            f"{value:.3f}</text>"
        )
    y = place(8, tuned)[1]
    parts.append(
        f'<path d="M80 {y:.1f}H700" stroke="#0b6e4f" stroke-dasharray="4 4"/>'
        f'<text x="706" y="{y + 4:.0f}">tuned, bf16</text>'
    )
    line = sorted(p for p in points if p[2] == "ours")
    steps = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y, *_ in line)
    parts.append(f'<polyline points="{steps}" fill="none" stroke="{COLOURS["ours"]}"/>')
    above = 0
    for x, y, way, hollow, label in points:
        px, py = place(x, y)
        fill = "white" if hollow else COLOURS[way]
        parts.append(
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="{fill}" stroke="{COLOURS[way]}" '
            f'stroke-width="2"><title>{way}: {x:.1f} MB, {y:.4f}</title></circle>'
        )
        if y > high:
            parts.append(f'<text x="{px + 9:.1f}" y="{py - 2 - 14 * above:.1f}">{y:.3f} ↑</text>')
            above += 1
        elif way == "quantise only":
            parts.append(f'<text x="{px + 8:.1f}" y="{py - 7:.1f}" font-size="11">{label}</text>')
    shown = {way: colour for way, colour in COLOURS.items() if any(point[2] == way for point in points)}
    for row, (way, colour) in enumerate(shown.items()):
        parts.append(
            f'<circle cx="730" cy="{80 + 24 * row}" r="5" fill="{colour}"/>'
            f'<text x="744" y="{84 + 24 * row}">{way}{" (GGUF)" if way == "ours" else ""}</text>'
        )
    last = 80 + 24 * len(shown)
    parts.append(
        f'<circle cx="730" cy="{last}" r="5" fill="white" stroke="#444" stroke-width="2"/>'
        f'<text x="744" y="{last + 4}">hollow: a safetensors folder</text>'
    )
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args()
    joined = join_runs([json.loads(path.read_text(encoding="utf-8")) for path in chosen.runs])
    if chosen.json:
        chosen.json.write_text(json.dumps(joined, indent=1) + "\n", encoding="utf-8", newline="\n")
    if chosen.plot:
        draw(joined["metrics"], chosen.plot)
    show(joined)
