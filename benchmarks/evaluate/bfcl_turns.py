"""Our verdicts on BFCL's multi-turn tasks beside bfcl-eval's own checker, conversation by conversation.

    python benchmarks/evaluate/bfcl_turns.py --data FOLDER --peer PYTHON [--every N] [--quick] [--json FILE]

PYTHON is an interpreter that has bfcl-eval and mpmath (its other dependencies are not needed). Of each conversation:
the golden calls in one step a turn and in a step for each call, and calls that are wrong in one way: one left out,
doubled, in another place, an argument changed, another function, an unknown one, a turn without calls, a turn too
little, a call in a turn that wants none. Both say right or wrong; every difference is shown. Then tricks that only
bfcl-eval's checker, which evaluates the text of a call, lets pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import claim, finish, options

from sxl_data.contract.console import format_table
from sxl_train.suites import files
from sxl_train.suites.bfcl_backend import Backend, GoldCall
from sxl_train.suites.bfcl_talk import Task, tasks, verdict
from sxl_train.suites.bfcl_turns import CATEGORIES
from sxl_train.suites.types import Options

Turns = list[list[list[GoldCall]]]
PEER = r"""
import json, sys
from importlib.metadata import version
from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_utils
from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker import multi_turn_checker
print(version("bfcl-eval"), flush=True)
for number, line in enumerate(sys.stdin):
    turns, gold, entry = json.loads(line)
    if len(turns) != len(gold):  # as its runner says before it asks the checker
        said = [False, "force_terminated"]
    else:
        turns = [[step for step in turn if step] for turn in turns]
        try:
            found = multi_turn_checker(turns, gold, entry, "", f"m{number}")
            said = [bool(found["valid"]), str(found.get("error_type"))]
        except Exception as problem:
            said = [False, f"{type(problem).__name__}: {problem}"[:300]]
    for name in [name for name in vars(multi_turn_utils) if name.endswith("_instance")]:
        del vars(multi_turn_utils)[name]
    print(json.dumps(said), flush=True)
"""


def text(call: GoldCall) -> str:
    """A call as bfcl-eval writes what a model called."""
    name, given, named = call
    return f"{name}({','.join([*map(repr, given), *(f'{key}={value!r}' for key, value in named.items())])})"


def variants(gold: list[list[GoldCall]]) -> Iterator[tuple[str, Turns]]:
    """(what was changed, calls by turn and step)."""
    right: Turns = [[turn] if turn else [] for turn in gold]
    yield "nothing", right
    yield "a step for each call", [[[call] for call in turn] for turn in gold]
    yield "all calls in the first turn", [[[call for turn in gold for call in turn]], *[[] for _ in gold[1:]]]
    yield "a turn too little", right[:-1]
    yield "no calls at all", [[] for _ in gold]
    yield "an unknown function before", [[[("no_such_function", [], {})], *turn] for turn in right]
    for place, turn in enumerate(gold):
        others = (right[:place], right[place + 1 :])

        def put(*steps: list[GoldCall], around: tuple[Turns, Turns] = others) -> Turns:
            return [*around[0], [step for step in steps if step], *around[1]]

        if not turn:
            yield "a call where none is wanted", put(gold[0][:1])
            continue
        yield "a turn without calls", put()
        yield "a turn turned round", put(turn[::-1])
        for at, (name, given, named) in enumerate(turn):
            before, after = turn[:at], turn[at + 1 :]
            yield "a call left out", put([*before, *after])
            yield "a call doubled", put([*before, turn[at], *before[-1:], turn[at], *after])
            yield "another name", put([*before, (name + "x", given, named), *after])
            for key, value in [*enumerate(given), *named.items()]:
                for what, other in changed(value):
                    places = [other if number == key else each for number, each in enumerate(given)]
                    names = {each: other if each == key else held for each, held in named.items()}
                    yield what, put([*before, (name, places, names), *after])


def changed(value: Any) -> list[tuple[str, Any]]:
    """(what was changed, another value)."""
    if isinstance(value, bool):
        return [("the other truth value", not value)]
    if isinstance(value, int | float):
        return [("another number", value + 1), ("a number as text", str(value))]
    if isinstance(value, str):
        return [("another text", value + "q"), ("a text in capitals", value.upper())]
    if isinstance(value, list):
        return [("a shorter list", value[:-1])]
    return [("nothing in the place of an object", None)]


def compare(category: str, data: Path, every: int, peer: subprocess.Popen[str], backend: Backend) -> dict[str, Any]:
    """Both verdicts on each variant of every ``every``-th conversation."""
    path = files.find(data, (f"BFCL_v4_{category}.json",), category)
    entries = {row["id"]: row for row in files.rows(path)}
    answers = {row["id"]: row["ground_truth"] for row in files.rows(path.parent / "possible_answer" / path.name)}
    count, right, golden, differ, seconds = 0, 0, 0, [], 0.0
    kinds: Counter[str] = Counter()
    chosen = tasks(category, Options(data=data))[::every]
    for task in chosen:
        some = list(variants(task.gold))
        began = time.perf_counter()
        ours = judge(task, [turns for _, turns in some], backend)
        seconds += time.perf_counter() - began
        for (what, turns), mine in zip(some, ours):
            words = [[[text(call) for call in step] for step in turn] for turn in turns]
            theirs, why = ask(peer, [words, answers[task.id], entries[task.id]])
            count, right = count + 1, right + theirs
            golden += what == "nothing" and not mine
            kinds[why] += 1
            if theirs is bool(mine):
                differ.append([task.id, what, mine[:200], why])
    return {
        "category": category,
        "conversations": len(chosen),
        "answers": count,
        "golden right by ours": golden,
        "right by bfcl-eval": right,
        "verdicts that differ": len(differ),
        "ours, s": round(seconds, 1),
        "kinds": dict(kinds),
        "differences": differ,
    }


def judge(task: Task, answers: list[Turns], backend: Backend) -> list[str]:
    whole = [turns for turns in answers if len(turns) == len(task.gold)]
    played = iter(backend.play([task.talk(turns, True) for turns in whole]))
    return [
        verdict(task, turns, next(played)) if len(turns) == len(task.gold) else "a turn too little" for turns in answers
    ]


def ask(peer: subprocess.Popen[str], question: Any) -> tuple[bool, str]:
    assert peer.stdin is not None and peer.stdout is not None
    peer.stdin.write(json.dumps(question) + "\n")
    peer.stdin.flush()
    valid, why = json.loads(peer.stdout.readline())
    return valid, why


def tricks(data: Path, peer: subprocess.Popen[str], backend: Backend) -> list[dict[str, str]]:
    """Answers that look nothing up, on the first task whose golden calls change no state, by both."""
    path = files.find(data, (f"BFCL_v4_{CATEGORIES[0]}.json",), CATEGORIES[0])
    entries = {row["id"]: row for row in files.rows(path)}
    answers = {row["id"]: row["ground_truth"] for row in files.rows(path.parent / "possible_answer" / path.name)}
    for task in tasks(CATEGORIES[0], Options(data=data)):
        (golden,) = backend.play([task.talk([[] for _ in task.gold], True)])
        if any(golden.differs) or not all(task.gold):
            continue
        found = []
        said = [[[("str", [], {"object": result}) for result in turn]] for turn in golden.wanted]
        for name, turns in {"the results said by str()": said}.items():
            words = [[[text(call) for call in step] for step in turn] for turn in turns]
            theirs, _ = ask(peer, [words, answers[task.id], entries[task.id]])
            (mine,) = judge(task, [turns], backend)
            found.append({"trick": name, "ours": "wrong" if mine else "right", "bfcl-eval": str(theirs)})
        return found
    return []


def main() -> None:
    parser = options(__doc__, "every 20th conversation")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer", metavar="PYTHON", required=True)
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    every = 20 if arguments.quick else arguments.every
    peer = subprocess.Popen([arguments.peer, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert peer.stdin is not None and peer.stdout is not None
    version = peer.stdout.readline().strip()
    with Backend(arguments.data) as backend:
        rows = [compare(category, arguments.data, every, peer, backend) for category in CATEGORIES]
        tried = tricks(arguments.data, peer, backend)
    peer.stdin.close()
    peer.wait()
    shown = [key for key in rows[0] if key not in ("kinds", "differences")]
    print(format_table(shown, [[str(row[key]) for key in shown] for row in rows]))
    print(format_table(["trick", "ours", "bfcl-eval"], [list(each.values()) for each in tried]))
    for row in rows:
        print(row["category"], row["kinds"])
        for each in row["differences"][:20]:
            print(json.dumps(each)[:500])
    claims = [
        claim("verdicts that differ from bfcl-eval's", 0, sum(row["verdicts that differ"] for row in rows), True),
        claim(
            "golden answers that are wrong", 0, sum(r["conversations"] - r["golden right by ours"] for r in rows), True
        ),
    ]
    finish(arguments.json, {"categories": rows, "tricks": tried}, claims, {"bfcl-eval": version})


if __name__ == "__main__":
    main()
