"""Our BFCL check beside bfcl-eval's own checker, answer by answer.

    python benchmarks/evaluate/bfcl.py --data FOLDER --peer PYTHON [--every N] [--json FILE]

PYTHON is an interpreter that has bfcl-eval (its checker alone is needed). For each question with answers: a right
answer, one for each other allowed value, and answers that are wrong in one way: a value, a type, a name, an argument
left out or too much, a call left out, doubled or in another place. Both say valid or not; every difference is shown.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sxl_data.contract.console import format_table
from sxl_train.answers.markup import Call
from sxl_train.suites import bfcl, files
from sxl_train.suites.bfcl_check import check

PEER = r"""
import json, sys, types
from collections import defaultdict
config = types.ModuleType("bfcl_eval.constants.model_config")  # it imports the clients of every vendor
config.MODEL_CONFIG_MAPPING = defaultdict(lambda: types.SimpleNamespace(underscore_to_dot=True))
sys.modules["bfcl_eval.constants.model_config"] = config
from importlib.metadata import version
from bfcl_eval.constants.enums import Language
from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker
print(version("bfcl-eval"), flush=True)
for line in sys.stdin:
    functions, calls, allowed, language, category = json.loads(line)
    try:
        found = ast_checker(functions, calls, allowed, Language[language], category, "any")
        said = [bool(found["valid"]), str(found.get("error"))[:200]]
    except Exception as problem:
        said = [False, f"{type(problem).__name__}: {problem}"]
    print(json.dumps(said), flush=True)
"""


def literal(value: Any, kind: str, written: str) -> Any:
    """``value`` as an argument of the language: as it is, or as a literal in a text."""
    if written == "python":
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value}{ {'long': 'L', 'float': 'f' if written == 'java' else '', 'Bigint': 'n'}.get(kind, '') }"
    if isinstance(value, list):
        inner = ", ".join(json.dumps(each) for each in value)
        if written == "javascript":
            return f"[{inner}]"
        return f"new ArrayList<>(Arrays.asList({inner}))" if kind == "ArrayList" else f"new Object[]{{{inner}}}"
    if isinstance(value, dict):
        plain = {key: each[0] if isinstance(each, list) else each for key, each in value.items()}
        if written == "javascript":
            return "{" + ", ".join(f"{key}: {json.dumps(each)}" for key, each in plain.items()) + "}"
        puts = " ".join(f'put("{key}", {json.dumps(each)});' for key, each in plain.items())
        return f"new HashMap<String, Object>() {{{{ {puts} }}}}"
    return value


def plain(value: Any) -> Any:
    """One allowed value as a model would write it: allowed objects list the values of each key."""
    if isinstance(value, dict):
        inner = {key: each if isinstance(each, list) else [each] for key, each in value.items()}
        return {key: plain(each[0]) for key, each in inner.items() if each and each[0] != ""}
    return [plain(each) for each in value] if isinstance(value, list) else value


def right(functions: list[dict[str, Any]], allowed: list[dict[str, Any]], written: str) -> list[dict[str, Any]]:
    """The calls with the first value allowed of each argument."""
    calls = []
    for answer in allowed:
        ((name, values),) = answer.items()
        kinds = next((f for f in functions if f["name"] == name), functions[0])["parameters"]["properties"]
        given = {
            key: literal(
                plain(options[0]) if written == "python" else options[0], kinds.get(key, {}).get("type", "any"), written
            )
            for key, options in values.items()
            if options and options[0] != ""
        }
        calls.append({name.replace(".", "_"): given})
    return calls


def variants(calls: list[dict[str, Any]], allowed: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(what was changed, calls)."""
    yield "nothing", calls
    yield "a call left out", calls[:-1]
    yield "a call doubled", [*calls, calls[0]]
    yield "turned round", calls[::-1]
    yield "another function", [{name + "x": given for name, given in calls[0].items()}, *calls[1:]]
    ((name, given),) = calls[0].items()
    ((_, values),) = allowed[0].items()
    changes: list[tuple[str, str, Any]] = [("an argument too much", "no_such_argument", 1)]
    for key, value in given.items():
        changes += [("another allowed value", key, plain(other)) for other in values.get(key, [])[1:] if other != ""]
        if isinstance(value, str):
            changes += [("a text in capitals", key, value.upper() + "."), ("another text", key, value + "q")]
        if isinstance(value, bool):
            changes.append(("the other truth value", key, not value))
        elif isinstance(value, int | float):
            changes += [("another number", key, value + 1), ("a float", key, float(value)), ("a text", key, str(value))]
        if isinstance(value, list):
            changes += [("a shorter list", key, value[:-1]), ("a list with a text", key, [*value, "q"])]
        if isinstance(value, dict):
            changes += [("an empty object", key, {}), ("an object with more", key, value | {"q": 1})]
    for what, key, value in changes:
        changed = copy.deepcopy(calls)
        changed[0][name][key] = value
        yield what, changed
    for key in given:
        changed = copy.deepcopy(calls)
        del changed[0][name][key]
        yield "an argument left out", changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer", metavar="PYTHON", required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    child = subprocess.Popen([arguments.peer, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None and child.stdout is not None
    version, rows, differ = child.stdout.readline().strip(), [], []
    for category in [name for name, answered in bfcl.CATEGORIES.items() if answered]:
        path = files.find(arguments.data, (f"BFCL_v4_{category}.json",), category)
        answers = {row["id"]: row["ground_truth"] for row in files.rows(path.parent / "possible_answer" / path.name)}
        written = bfcl.language(category)
        count = valid = same = 0
        for row in list(files.rows(path))[:: arguments.every]:
            allowed = answers[row["id"]]
            for what, calls in variants(right(row["function"], allowed, written), allowed):
                made = [Call(name, given) for call in calls for name, given in call.items()]
                ours = check(row["function"], made, allowed, written)
                child.stdin.write(json.dumps([row["function"], calls, allowed, written.upper(), category]) + "\n")
                child.stdin.flush()
                theirs, why = json.loads(child.stdout.readline())
                count, valid, same = count + 1, valid + theirs, same + (theirs is not bool(ours))
                if theirs is bool(ours):
                    differ.append([row["id"], what, ours, why, calls])
        rows.append([category, str(count), str(valid), str(count - same)])
    print(format_table(["category", "answers", "valid by bfcl-eval", "verdicts that differ"], rows))
    for one in differ[:40]:
        print(json.dumps(one)[:600])
    if arguments.json:
        result = {"bfcl-eval": version, "categories": rows, "differences": differ}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
