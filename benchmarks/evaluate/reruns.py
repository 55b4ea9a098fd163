"""Do verdicts stay the same? A fixed set of answers, right and wrong ones, judged again and again from the beginning.

    python benchmarks/evaluate/reruns.py --data FOLDER [--runs 5] [--every N] [--quick] [--json FILE]

Answers of the code suites are the reference solution, a mutant of it and the solution cut in half, in turn; those of
BFCL the golden calls, one call left out, and one argument changed. Every run is a process of its own with new boxes;
what is compared is each sample's scores and kind of failure.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from grading import mutant
from harness import claim, finish, options

from sxl_data.contract.console import format_table
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.suites import bfcl, bfcl_talk, files, humaneval, mbpp
from sxl_train.suites.registry import get
from sxl_train.suites.types import Options

SUITES = ("humaneval-chat", "mbpp-chat", "mbpp-plus-chat", "bfcl-parallel", "bfcl-multi-turn-base")


def programs(reference: str, number: int) -> str:
    """One of three programs, as a chat answer."""
    text = (reference, mutant(reference), reference[: len(reference) // 2])[number % 3]
    return f"```python\n{text}\n```"


def said(calls: list[tuple[str, dict[str, Any]]]) -> str:
    return "".join(f"<tool_call>{json.dumps({'name': n, 'arguments': given})}</tool_call>" for n, given in calls)


def wrong(calls: list[tuple[str, dict[str, Any]]], number: int) -> list[tuple[str, dict[str, Any]]]:
    """The calls as they are, without the last, or with another first argument."""
    if number % 3 == 1:
        return calls[:-1]
    if number % 3 == 2 and calls:
        name, given = calls[0]
        first = next(iter(given), "none")
        return [(name, given | {first: f"not {given.get(first)}"}), *calls[1:]]
    return calls


def answers(suite: str, data: Path) -> Iterator[tuple[str, str]]:
    """(id, answer) of every item of a suite."""
    if suite == "humaneval-chat":
        for number, row in enumerate(files.rows(files.find(data, humaneval.FILES, suite))):
            yield row["task_id"], programs(row["prompt"] + row["canonical_solution"], number)
    elif suite.startswith("mbpp"):
        names = mbpp.PLUS if "plus" in suite else mbpp.FULL
        for number, row in enumerate(files.rows(files.find(data, names, suite))):
            key = "canonical_solution" if "plus" in suite else "code"
            yield str(row["task_id"]), programs(row[key].replace("\r\n", "\n"), number)
    elif suite == "bfcl-parallel":
        for number, question in enumerate(bfcl.questions("parallel", Options(data=data))):
            golden = [
                (name.replace(".", "_"), {key: each[0] for key, each in values.items() if each[0] != ""})
                for call in json.loads(question.wanted)
                for name, values in call.items()
            ]
            yield question.id, said(wrong(golden, number))
    else:
        for number, task in enumerate(bfcl_talk.tasks("multi_turn_base", Options(data=data))):
            at = 0
            for turn in task.gold:
                if all(not given for _, given, _ in turn) and turn:
                    yield f"{task.id}#{at}", said(wrong([(name, named) for name, _, named in turn], number))
                    at += 1
                yield f"{task.id}#{at}", "Done."
                at += 1


def judge(data: Path, every: int) -> dict[str, dict[str, Any]]:
    """Suite → sample → its scores and kind."""
    found: dict[str, dict[str, Any]] = {}
    for name in SUITES:
        known = {key: [text] for key, text in answers(name, data)}
        limit = max(6, len({key.partition("#")[0] for key in known}) // every)
        outcomes = get(name).measure(Ask(KnownAnswers(known)), Options(data=data, limit=limit))
        found[name] = {f"{o.item}#{o.index}": [o.scores, o.kind] for o in outcomes}
    return found


def main() -> None:
    parser = options(__doc__, "every 40th item, three runs")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="one item in so many")
    parser.add_argument("--once", action="store_true", help="one run, its verdicts on stdout")
    arguments = parser.parse_args()
    every, runs = (40, 3) if arguments.quick else (arguments.every, arguments.runs)
    if arguments.once:
        print("\n" + json.dumps(judge(arguments.data, every)))
        return
    words = [sys.executable, __file__, "--once", "--data", str(arguments.data), "--every", str(every)]
    kept = []
    for number in range(runs):
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        kept.append(json.loads(done.stdout.splitlines()[-1]))
        digest = hashlib.sha256(json.dumps(kept[-1], sort_keys=True).encode()).hexdigest()
        print(f"run {number + 1}: {digest[:16]}", file=sys.stderr, flush=True)
    rows, flips = [], []
    for name in SUITES:
        samples = kept[0][name]
        moved = [key for key, verdict in samples.items() if any(run[name].get(key) != verdict for run in kept)]
        main_score = get(name).main.replace("@1", "")
        right = sum(bool(scores[main_score]) for scores, _ in samples.values())
        kinds = Counter(kind for _, kind in samples.values() if kind)
        rows.append(
            [name, str(len(samples)), str(right), str(len(moved)), ", ".join(f"{k} {n}" for k, n in kinds.items())]
        )
        flips += [[name, key, [run[name].get(key) for run in kept]] for key in moved]
    print(format_table(["suite", "samples", "right", "flips", "kinds of failure"], rows))
    for flip in flips:
        print(json.dumps(flip))
    claims = [claim(f"verdicts that flip in {runs} runs", 0, len(flips), at_most=True)]
    finish(arguments.json, {"suites": rows, "flips": flips, "runs": runs}, claims)


if __name__ == "__main__":
    main()
