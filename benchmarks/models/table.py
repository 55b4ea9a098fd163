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

RIGHT = "right, constrained"

SEEDS = tuple(f"whole, 10,000 runs, seed {n}" for n in (0, 1, 2))
PAIRS = (("whole", "whole, lora"), ("whole", SEEDS[0]), (SEEDS[0], SEEDS[1]), (SEEDS[0], SEEDS[2]))


def line(name: str, result: dict[str, Any]) -> str:
    """One line for a job that has ended."""
    if "error" in result:
        return f"{name}: {result['error'][:200]} {result.get('run', {}).get('measured', '')}"
    if "rounds" in result:
        return f"{name}: {len(result['rounds'])} models, {result['job_s']} s"
    measured = result.get("run", {}).get("measured", {})
    wanted = ("tokens", "steps", "validation_loss_before", "validation_loss_after", "seconds")
    told = {key: measured[key] for key in wanted if key in measured}
    values = {key: found["summary"] for key, found in result["plays"].items()}
    seconds = {key: [found["seconds"], found["tokens"]] for key, found in result["plays"].items()}
    suites = {key: [one["seconds"], tell_suite(one)] for key, one in result.get("suites", {}).items()}
    return f"{name}: {result['job_s']} s {told} {result.get('megabytes', '')} plays {seconds} {values} {suites}"


def tell_suite(found: dict[str, Any]) -> str:
    """What was right, held to the tools' grammar where that was asked."""
    items = found["items"].values()
    key = next((key for key in (RIGHT, "right", "pass") if any(key in one for one in items)), "")
    scores = [one[key] for one in items if key in one]
    return f"{sum(scores):g} of {len(scores)}"


def show(found: dict[str, Any]) -> str:
    """All jobs and the pairs that say most."""
    from sxl_data.contract.console import format_table

    lines = []
    for name, result in found.items():
        for model, one in list_models(name, result):
            for key, played in one["plays"].items():
                for side, shares in played["summary"].items():
                    lines.append((model, key, side, *(shares.get(measure, "") for measure in plays.MEASURES)))
    parts = [format_table(("model", "tasks", "side", *plays.MEASURES), lines), show_suites(found)]
    parts += [describe_pair(found, *pair) for pair in [*PAIRS, *list_ablations(found), *list_packages(found)]]
    return "\n".join(part for part in parts if part)


def list_models(name: str, result: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The models of a job, by name."""
    if result.get("rounds"):
        return [(f"{name}: {key}", one) for key, one in result["rounds"].items() if "plays" in one]
    return [(name, result)] if "plays" in result else []


def show_suites(found: dict[str, Any]) -> str:
    """A line for each model, a column for each benchmark."""
    from sxl_data.contract.console import format_table

    names = list(dict.fromkeys(name for result in found.values() for name in result.get("suites", {})))
    lines = [
        (model, *(tell_suite(result["suites"][name]) if name in result["suites"] else "" for name in names))
        for model, result in found.items()
        if result.get("suites")
    ]
    return format_table(("model", *names), lines)


def list_ablations(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Each of them beside the model that differs in nothing else."""
    names = [name for name, result in found.items() if result["job"]["kind"] == "tune" and "whole" not in name]
    controls = [("lora" if name.startswith("lora, ") else "small", name) for name in names]
    return [(control, name) for control, name in controls if control in found and name != control]


def list_packages(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Each package beside its parent."""
    made = [(name, result["job"]["base"]) for name, result in found.items() if result["job"]["kind"] == "package"]
    parents = {result.get("model"): name for name, result in found.items() if result["job"]["kind"] == "tune"}
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
                if not one[key]["scores"][side][measure].keys() & other[key]["scores"][side][measure].keys():
                    continue
                pair = plays.compare(one[key]["scores"], other[key]["scores"], side, measure)
                low, high = (100 * end for end in pair["difference"][1:])
                kept, of = pair["kept"]
                said.append(
                    f"  {key} {side} {measure}: {100 * pair['difference'][0]:+.1f} ({low:+.1f} to {high:+.1f}), "
                    f"n {pair['n']}, won {pair['won']}, lost {pair['lost']}, p {pair['p']:.3f}, kept {kept} of {of}"
                )
    said += compare_suites(found[left].get("suites", {}), found[right].get("suites", {}))
    return f"{right} less {left}\n" + "\n".join(sorted(said))


def compare_suites(left: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """Lines of the benchmarks that both were asked, on the items that both had; those of BFCL together too."""
    from sxl_train.suites import statistics

    sides: list[dict[str, dict[str, tuple[str, float]]]] = [{}, {}]
    for side, suites in zip(sides, (left, right)):
        for name, one in suites.items():
            key = RIGHT if any(RIGHT in scores for scores in one["items"].values()) else "pass"
            scores = {item: (item, scores[key]) for item, scores in one["items"].items() if key in scores}
            side[name] = scores
            if name.startswith("bfcl-"):
                side.setdefault("bfcl, all of these", {}).update(scores)
    said = []
    for name in sides[0].keys() & sides[1].keys():
        if not sides[0][name].keys() & sides[1][name].keys():
            continue
        pair = statistics.compare(sides[0][name], sides[1][name])
        said.append(
            f"  {name}: {100 * pair.difference:+.1f} ({100 * pair.low:+.1f} to {100 * pair.high:+.1f}), n {pair.n}, "
            f"won {pair.won}, lost {pair.lost}, p {pair.p:.3f}"
        )
    return said


if __name__ == "__main__":
    results = json.loads(Path(sys.argv[1]).read_bytes())["metrics"]
    sys.stdout.write(show(results) + "\n")
