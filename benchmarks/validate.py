"""How fast all our rules run on traces, beside what others need for less.

In: nothing; ten-step traces of about 9 kB are made here, as JSONL, ATIF and chat rows. Out: a table of
traces and megabytes per CPU second, medians of rounds in which the competitors take turns, so that a busy
machine slows all of them alike. Peers: msgspec (typed decode of the same bytes), pydantic (the same types,
shape only), jsonschema (our published schema), and tracelint on the same ATIF and chat documents where a
Python that has it is named: ``--peer-python``; harbor's trajectory validator on the same ATIF documents where one
with harbor is named: ``--harbor`` (it needs Python 3.12, and of its requirements only
pydantic). harbor is asked twice: as a function in one warm process, where it is pydantic's shape check and ten times
its speed would be more than msgspec's bare decoding, and as its command, which takes one file, beside ours on the same
files. Times are CPU seconds of one process; ``jobs`` compares the work that two processes do together with that of one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.formats.export import carry, export
from sxl_data.trace import types
from sxl_data.trace.types import DECODER, Trace
from sxl_data.validate.validate import validate

ROOT = Path(__file__).parents[1]
WORDS = [
    "the",
    "a",
    "file",
    "test",
    "run",
    "fix",
    "error",
    "line",
    "python",
    "module",
    "function",
    "value",
    "return",
    "list",
    "dict",
    "parse",
    "check",
    "update",
    "config",
    "server",
    "client",
    "data",
    "path",
    "name",
    "open",
    "read",
    "write",
    "result",
    "failed",
    "passed",
    "build",
    "import",
    "class",
    "self",
    "def",
]
TOOL = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "timeout": {"type": "integer"}},
    "required": ["command"],
}

# One registry for all traces, as its command line has it: the tools are the same in each.
PEER = """
import json, sys, time
from tracelint import default_rules, lint_trace
from tracelint.adapters import from_atif_trajectory, from_openai_messages, openai_tools_to_registry
kind, path = sys.argv[1:]
lines = open(path, "rb").read().splitlines()[:600]
first = json.loads(lines[0])
registry = openai_tools_to_registry(first["agent"]["tool_definitions"] if kind == "atif" else first["tools"])
rules = default_rules()
def one(line):
    value = json.loads(line)
    trace = from_atif_trajectory(value) if kind == "atif" else from_openai_messages(value["messages"])
    lint_trace(trace, rules, registry)
one(lines[0])
start = time.process_time()
for line in lines:
    one(line)
print(json.dumps({"seconds": time.process_time() - start, "traces": len(lines)}))
"""

HARBOR = """
import json, sys, time
from harbor.utils.trajectory_validator import TrajectoryValidator
lines = open(sys.argv[2], "rb").read().splitlines()[:600]
def one(line):
    validator = TrajectoryValidator()
    assert validator.validate(json.loads(line), validate_images=False), validator.errors
one(lines[0])
start = time.process_time()
for line in lines:
    one(line)
print(json.dumps({"seconds": time.process_time() - start, "traces": len(lines)}))
"""


def words(rng: random.Random, size: int) -> str:
    """About ``size`` characters of text."""
    out: list[str] = []
    while size > 0:
        out.append(rng.choice(WORDS))
        size -= len(out[-1]) + 1
    return " ".join(out)


def make_trace(number: int, rng: random.Random) -> dict[str, Any]:
    """A clean ten-step trace: system, task, two loops with two parallel calls each, thought, answer."""

    def text(size: int) -> list[dict[str, str]]:
        return [{"type": "text", "text": words(rng, size)}]

    steps: list[dict[str, Any]] = [
        {"phase": "observe", "origin": "system", "content": text(700)},
        {"phase": "observe", "origin": "user", "content": text(500)},
    ]
    for loop in range(2):
        ids = [f"call_{number}_{loop}_{k}" for k in range(2)]
        steps.append({"phase": "reflect", "text": words(rng, 400)})
        calls = [
            {
                "call_id": i,
                "name": rng.choice(("bash", "edit")),
                "arguments_json": json.dumps({"command": words(rng, 120), "timeout": 30}),
            }
            for i in ids
        ]
        steps.append({"phase": "act", "kind": "tool", "content": text(100), "calls": calls})
        results = [{"call_id": i, "content": text(850), "status": "ok", "exit_code": 0} for i in ids]
        steps.append({"phase": "iterate", "results": results, "decision": "finish" if loop else "continue"})
    steps.append({"phase": "reflect", "text": words(rng, 200)})
    steps.append({"phase": "act", "kind": "message", "content": text(350), "final": True})
    turn = iteration = 0
    for index, step in enumerate(steps):
        turn += step["phase"] == "reflect"
        step.update(index=index, turn=turn, iteration=iteration)
        iteration += step["phase"] == "iterate"
    tools = [
        {"name": name, "description": f"The tool {name}.", "parameters_json": json.dumps(TOOL)}
        for name in ("bash", "edit")
    ]
    return {
        "schema_version": "1.0",
        "trace_id": f"bench:{number:016x}",
        "kind": "agent",
        "task": words(rng, 60),
        "agent": {"name": "bench"},
        "tools": tools,
        "steps": steps,
        "outcome": {"status": "success"},
        "provenance": {
            "source": "bench",
            "source_id": str(number),
            "source_sha256": f"{rng.getrandbits(256):064x}",
            "licence": "MIT",
            "converter": "bench",
            "converter_version": "1",
        },
    }


def pydantic_decoder() -> Callable[[bytes], Any]:
    """Pydantic models of the same types: the same fields, unknown ones refused, steps told apart by phase."""
    import pydantic

    made: dict[type, Any] = {}

    def model(cls: type[msgspec.Struct]) -> Any:
        if cls not in made:
            hints = typing.get_type_hints(cls)
            fields: dict[str, Any] = {}
            if cls.__struct_config__.tag:
                fields["phase"] = (typing.Literal[cls.__struct_config__.tag], ...)
            for field in msgspec.structs.fields(cls):
                if field.name == "subtraces":
                    fields[field.name] = (tuple[Any, ...], ())
                    continue
                default = (
                    ...
                    if field.required
                    else field.default
                    if isinstance(field.default, (str, int, float, bool, tuple, type(None)))
                    else None
                )
                fields[field.name] = (swap(hints[field.name]), default)
            made[cls] = pydantic.create_model(cls.__name__, __config__=pydantic.ConfigDict(extra="forbid"), **fields)
        return made[cls]

    def swap(hint: Any) -> Any:
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return model(hint)
        arguments = typing.get_args(hint)
        if not arguments or typing.get_origin(hint) is typing.Literal:
            return hint
        swapped = tuple(argument if argument is ... else swap(argument) for argument in arguments)
        if typing.get_origin(hint) is tuple:
            return tuple[swapped]
        union = typing.Union[swapped]  # noqa: UP007
        if set(arguments) == {types.Observe, types.Reflect, types.Act, types.Iterate}:
            return typing.Annotated[union, pydantic.Field(discriminator="phase")]
        return union

    return pydantic.TypeAdapter(model(Trace)).validate_json


def jsonschema_checker() -> Callable[[bytes], Any]:
    """The reference validator on the published schema."""
    import jsonschema

    schema = json.loads((ROOT / "schemas" / "trace.v1.json").read_text(encoding="utf-8"))
    return lambda line: list(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(line)))


def each(work: Callable[[bytes], Any], lines: list[bytes]) -> None:
    """``work`` on every line and nothing kept: memory stays warm, which is several times as fast as
    building a list of all traces, so both are measured."""
    for line in lines:
        work(line)


def cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of ``work`` in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def both(work: Callable[[], Any]) -> float:
    """CPU seconds of ``work``, child processes included."""
    before = os.times()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def take_turns(rounds: int, competitors: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """CPU seconds of each competitor in each round."""
    times: dict[str, list[float]] = {name: [] for name in competitors}
    for _ in range(rounds):
        for name, work in competitors.items():
            times[name].append(cpu(work))
    return times


def run_peer(python: str, kind: str, path: Path, program: str = PEER) -> float:
    """Seconds per trace that the peer needs."""
    done = subprocess.run([python, "-c", program, kind, str(path)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return float(found["seconds"]) / int(found["traces"])


def by_command(python: str, path: Path, folder: Path, many: int = 30) -> dict[str, float]:
    """Files per CPU second, start included, of the two commands on the same ``many`` files."""
    files = []
    for number, line in enumerate(path.read_bytes().splitlines()[:many]):
        files.append(str(folder / f"{number}.json"))
        Path(files[-1]).write_bytes(line)

    def run(*command: str) -> None:
        subprocess.run(command, capture_output=True, check=True)

    theirs = both(lambda: [run(python, "-m", "harbor.utils.trajectory_validator", file) for file in files])
    ours = both(lambda: run(sys.executable, "-m", "sxl_data", "validate", *files))
    return {"harbor's command": many / theirs, "sxl-data validate as a command": many / ours}


def main() -> None:
    """Measure, print, and write ``--json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer traces and rounds")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--peer-python", help="a Python in which tracelint is installed")
    parser.add_argument("--harbor", help="a Python in which harbor is installed")
    options = parser.parse_args()
    rng = random.Random(1)
    count, rounds = (2500, 3) if options.quick else (6000, 7)
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), [make_trace(i, rng) for i in range(count)], rounds, options)


def report(folder: Path, rows: list[dict[str, Any]], rounds: int, options: argparse.Namespace) -> None:
    """Let the competitors take turns and print what each needs."""
    lines = [msgspec.json.encode(row) for row in rows]
    native = folder / "native.jsonl"
    native.write_bytes(b"\n".join(lines) + b"\n")
    size = sum(map(len, lines)) / len(lines)
    few = lines[:: max(1, len(lines) // 100)]
    others = {}
    for name, format in (("atif", "atif"), ("chat", "openai_chat")):
        others[name] = folder / f"{name}.jsonl"
        documents = [carry(export(DECODER.decode(line), format), format) for line in lines]
        for document in documents:
            document.pop("sxl_residual", None)
            document.pop("extra", None)
        others[name].write_bytes(b"".join(msgspec.json.encode(document) + b"\n" for document in documents))
    pydantic_decode, jsonschema_check = pydantic_decoder(), jsonschema_checker()
    validate(native, profile="publish")  # compiled code is loaded, schemas are cached
    competitors: dict[str, Callable[[], Any]] = {
        "msgspec typed decode, kept": lambda: [DECODER.decode(line) for line in lines],
        "msgspec typed decode, not kept": lambda: each(DECODER.decode, lines),
        "sxl validate, all rules": lambda: check(native, "publish"),
        "pydantic (types only), kept": lambda: [pydantic_decode(line) for line in lines],
        "pydantic (types only), not kept": lambda: each(pydantic_decode, lines),
        "jsonschema (types only)": lambda: each(jsonschema_check, few),
        "sxl validate on ATIF": lambda: check(others["atif"], "train"),
        "sxl validate on chat": lambda: check(others["chat"], "train"),
    }
    amounts = {"jsonschema (types only)": len(few)}
    times = take_turns(rounds, competitors)
    speed = {name: amounts.get(name, len(lines)) / statistics.median(spent) for name, spent in times.items()}
    if options.peer_python:
        for kind, path in others.items():
            spent = [run_peer(options.peer_python, kind, path) for _ in range(rounds)]
            speed[f"tracelint on {'ATIF' if kind == 'atif' else 'chat'}"] = 1 / statistics.median(spent)
    if options.harbor:
        spent = [run_peer(options.harbor, "atif", others["atif"], HARBOR) for _ in range(rounds)]
        speed["harbor on ATIF"] = 1 / statistics.median(spent)
        speed |= by_command(options.harbor, others["atif"], folder)
    large = folder / "large.jsonl"
    with large.open("wb") as file:
        for copy in range(8):  # other tasks and ids, so that no trace is there twice
            name = f"{copy}".encode()
            for line in lines:
                line = line.replace(b'"task":"', b'"task":"' + name, 1).replace(b'"bench:', b'"bench' + name + b":", 1)
                file.write(line + b"\n")
    begun = time.monotonic()
    one = both(lambda: validate(large, profile="publish"))
    between = time.monotonic()
    two = both(lambda: validate(large, profile="publish", jobs=2))
    wall = (between - begun, time.monotonic() - between)
    print(f"{len(lines)} traces of {size / 1000:.1f} kB, medians of {rounds} rounds\n")
    for name, value in sorted(speed.items(), key=lambda item: -item[1]):
        print(f"{name:<36} {value:>9,.0f} traces/s {value * size / 1e6:>8.1f} MB/s per CPU second")
    print(f"\n{8 * len(lines)} traces, {large.stat().st_size / 1e6:.0f} MB")
    print(f"1 process  {one:6.2f} CPU seconds in {wall[0]:.2f} s")
    print(f"2 processes {two:5.2f} CPU seconds in {wall[1]:.2f} s")
    finish(speed, size, one, two, options)


def check(path: Path, profile: str) -> None:
    """Validate and be sure that nothing was found: the traces are clean."""
    found = validate(path, profile=profile)
    assert not found.counts and found.checked, found.text()


def finish(speed: dict[str, float], size: float, one: float, two: float, options: argparse.Namespace) -> None:
    """Hold the measurements against the targets."""
    ours = speed["sxl validate, all rules"]
    claims = [
        *(  # kept: all traces in a list; not kept: one at a time
            claim(
                f"within 4 times of msgspec's typed decode, traces {how}",
                4.0,
                speed[f"msgspec typed decode, {how}"] / ours,
                True,
            )
            for how in ("kept", "not kept")
        ),
        *(  # kept: all traces in a list; not kept: one at a time
            claim(
                f"at least as fast as pydantic's shape check, traces {how}",
                1.0,
                ours / speed[f"pydantic (types only), {how}"],
                False,
            )
            for how in ("kept", "not kept")
        ),
        claim("two processes do no more than 1.2 times the work of one", 1.2, two / one, True),
    ]
    for kind in ("ATIF", "chat"):
        if f"tracelint on {kind}" in speed:
            ratio = speed[f"sxl validate on {kind}"] / speed[f"tracelint on {kind}"]
            claims.append(claim(f"10 times tracelint on {kind}", 10.0, ratio, False))
    if "harbor on ATIF" in speed:
        ratio = speed["sxl validate on ATIF"] / speed["harbor on ATIF"]
        claims.append(claim("10 times harbor on ATIF, as a function", 10.0, ratio, False))
        ratio = speed["sxl-data validate as a command"] / speed["harbor's command"]
        claims.append(claim("10 times harbor on ATIF, as a command on 30 files", 10.0, ratio, False))
    for item in claims:
        verdict = "met   " if item["met"] else "MISSED"
        print(f"{verdict} {item['text']}: {item['measured']:.2f} (target {item['target']})")
    if options.json:
        metrics = {f"{name}, traces/s": value for name, value in speed.items()}
        metrics |= {"bytes per trace": size, "cpu seconds 1 process": one, "cpu seconds 2 processes": two}
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        text = json.dumps({"machine": machine, "metrics": metrics, "claims": claims}, indent=2)
        options.json.write_text(text + "\n", encoding="utf-8", newline="\n")


def claim(text: str, target: float, measured: float, at_most: bool) -> dict[str, Any]:
    """One claim with its verdict."""
    met = measured <= target if at_most else measured >= target
    return {"text": text, "target": target, "measured": round(measured, 3), "met": met}


if __name__ == "__main__":
    main()
