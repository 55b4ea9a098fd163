"""Results of the study as one table, and pairs of models on the tasks that both had.

python benchmarks/models/table.py FILE.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import plays

PAIRS = (("3000 runs", "10000 runs and mix, twice"), ("3000 runs", "lora, 3000 runs"))


def line(name: str, result: dict[str, Any]) -> str:
    """One line for a job that has ended."""
    if "error" in result:
        return f"{name}: {result['error'][:200]} {result.get('run', {}).get('measured', '')}"
    if "rounds" in result:
        return f"{name}: {len(result['rounds'])} models, {result['job_s']} s"
    if "suites" in result:
        return f"{name}: {result['job_s']} s {result['suites']}"
    measured = result.get("run", {}).get("measured", {})
    wanted = ("tokens", "steps", "validation_loss_before", "validation_loss_after", "seconds")
    told = {key: measured[key] for key in wanted if key in measured}
    values = {key: found["summary"] for key, found in result["plays"].items()}
    seconds = {key: [found["seconds"], found["tokens"]] for key, found in result["plays"].items()}
    return f"{name}: {result['job_s']} s {told} {result.get('megabytes', '')} plays {seconds} {values}"


def show(found: dict[str, Any], rate: float) -> str:
    """All jobs and the pairs that say most."""
    from sxl_data.contract.console import format_table

    lines = []
    for name, result in found.items():
        for model, one in list_models(name, result):
            for key, played in one["plays"].items():
                for side, shares in played["summary"].items():
                    lines.append((model, key, side, *(shares.get(measure, "") for measure in plays.MEASURES)))
    parts = [f"learning rate {rate:g}", format_table(("model", "tasks", "side", *plays.MEASURES), lines)]
    parts += [describe_pair(found, *pair) for pair in [*PAIRS, *list_ablations(found, rate), *list_packages(found)]]
    return "\n".join(part for part in parts if part)


def list_models(name: str, result: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The models of a job, by name."""
    if result.get("rounds"):
        return [(f"{name}: {key}", one) for key, one in result["rounds"].items()]
    return [(name, result)] if "plays" in result else []


def list_ablations(found: dict[str, Any], rate: float) -> list[tuple[str, str]]:
    """Each of them beside the model that differs in nothing else; more runs too."""
    whole = f"rate {rate:g}"
    names = ("off topic 0", "off topic 0.25", "no reasoning", "failed calls trained", "3000 runs")
    return [(whole, name) for name in names if name in found]


def list_packages(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Each package beside its parent."""
    made = [(name, result["job"]["base"]) for name, result in found.items() if result["job"]["kind"] == "package"]
    parents = {result.get("model"): name for name, result in found.items()}
    return [(parents[base], name) for name, base in made if base in parents]


def describe_pair(found: dict[str, Any], left: str, right: str) -> str:
    """Differences on all tasks, sides and measures that both have."""
    if any("plays" not in found.get(name, {}) for name in (left, right)):
        return ""
    said = []
    one, other = (found[name]["plays"] for name in (left, right))
    for key in one.keys() & other.keys():
        for side in one[key]["scores"].keys() & other[key]["scores"].keys():
            for measure in plays.MEASURES:
                pair = plays.compare(one[key]["scores"], other[key]["scores"], side, measure)
                low, high = (100 * end for end in pair["difference"][1:])
                kept, of = pair["kept"]
                said.append(
                    f"  {key} {side} {measure}: {100 * pair['difference'][0]:+.1f} ({low:+.1f} to {high:+.1f}), "
                    f"n {pair['n']}, won {pair['won']}, lost {pair['lost']}, p {pair['p']:.3f}, kept {kept} of {of}"
                )
    return f"{right} less {left}\n" + "\n".join(sorted(said))


if __name__ == "__main__":
    results = json.loads(Path(sys.argv[1]).read_bytes())["metrics"]
    sys.stdout.write(show(results, 0.0) + "\n")
