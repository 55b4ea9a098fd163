"""Others that check the same traces: types by pydantic and jsonschema, tracelint and harbor in a Python of theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.trace import types
from sxl_data.trace.types import Trace

sys.path.append(str(Path(__file__).resolve().parents[1]))
from harness import ROOT, cpu_with_children

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

    theirs = cpu_with_children(lambda: [run(python, "-m", "harbor.utils.trajectory_validator", file) for file in files])
    ours = cpu_with_children(lambda: run(sys.executable, "-m", "sxl_data", "validate", *files))
    return {"harbor's command": many / theirs, "sxl-data validate as a command": many / ours}
