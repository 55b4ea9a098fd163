"""A package → does it work for somebody who has the files and one library? The card's own lines, really run.

Each side runs in an interpreter of its own: transformers on the safetensors, llama-cpp-python on the GGUF file. With
``clean`` these are virtual environments that hold that library and nothing of ours, made by pip where they are not
there. Time and memory are measured around the same lines; what they print must hold a call of a declared tool whose
arguments satisfy its schema.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_train.answers.markup import Call, read_schemas
from sxl_train.answers.tool_calls import valid
from sxl_train.release import snippets
from sxl_train.run.apart import alone
from sxl_train.run.objects import Object

Library = Literal["transformers", "llama-cpp-python"]
NEEDS: dict[Library, tuple[str, ...]] = {
    "transformers": ("torch", "transformers"),
    "llama-cpp-python": ("llama-cpp-python",),
}
"""What is installed into a clean environment, in the versions of this one where it has them."""
MODULES: dict[Library, str] = {"transformers": "transformers", "llama-cpp-python": "llama_cpp"}
# Peak memory is that of the process: interpreter, library and weights.
AROUND = """
import json, sys, time
task = json.load(sys.stdin)
started = time.monotonic()
exec(compile(task["code"], "card", "exec"), {"__name__": "__main__"})
seconds = time.monotonic() - started
spent = time.process_time()
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
except ImportError:
    peak = None
ours = sorted(name for name in sys.modules if name.partition(".")[0] in ("sxl_data", "sxl_train"))
version = __import__("importlib.metadata").metadata.version(task["library"])
told = {"seconds": seconds, "cpu_seconds": spent, "peak_bytes": peak, "ours": ours, "version": version}
print("\\n" + json.dumps(told))
"""


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of a card did in one environment."""

    library: str
    version: str
    clean: bool
    """Whether the environment held nothing of sxl."""
    seconds: float
    """By the clock, with whatever else the machine did."""
    cpu_seconds: float
    """Of all threads, for the whole: loading the library and the weights, reading the prompt, writing the answer."""
    peak_bytes: int | None
    printed: str
    calls: list[Object]
    python: str
    processor: str
    threads: int


def run(folder: Path, library: Library, code: str, python: str = sys.executable, clean: bool = False) -> Ran:
    """Run ``code`` in ``folder``. Raises `UserError` T202 where it fails, or where it prints no valid call."""
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment = {k: v for k, v in alone().items() if k != "PYTHONPATH"} | quiet | {"PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            [python, "-P", "-c", AROUND],
            input=json.dumps({"code": code, "library": library}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=1800,
            check=False,
            cwd=folder,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise error("T202", file=str(folder), found=f"{library}: {problem}") from None
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise error("T202", file=str(folder), found=words[-1] if words else f"exit code {done.returncode}")
    printed, _, last = done.stdout.rstrip("\n").rpartition("\n")
    told = json.loads(last)
    if told["ours"]:
        raise error("T202", file=str(folder), found=f"{library} loaded {told['ours'][0]}", expected="none of our code")
    return Ran(
        library=library,
        version=told["version"],
        clean=clean,
        seconds=round(told["seconds"], 2),
        cpu_seconds=round(told["cpu_seconds"], 2),
        peak_bytes=told["peak_bytes"],
        printed=printed.strip(),
        calls=_need_calls(folder, printed),
        python=platform.python_version(),
        processor=f"{os.cpu_count()} cores, {platform.machine()}",
        threads=os.cpu_count() or 1,
    )


def _need_calls(folder: Path, printed: str) -> list[Object]:
    asked = json.loads((folder / "example.json").read_text(encoding="utf-8"))
    schemas = read_schemas(asked["tools"])
    calls = snippets.calls_in(printed)
    good = [call for call in calls if valid(Call(str(call["name"]), call.get("arguments", {})), schemas)]
    if not calls or len(good) < len(calls):
        expected = f"a call of {', '.join(schemas)} that satisfies its schema"
        raise error(
            "T202",
            file=str(folder),
            found=printed.strip()[:120] or "nothing",
            expected=expected,
            why="the card shows a call that the model really makes",
            fix="tune it longer or on more rows; `sxl-train evaluate` says how often its calls are valid",
        )
    return good


def interpreter(folder: Path, library: Library) -> str:
    """The Python of a clean environment in ``folder / library``; made with pip, in minutes, where it is not there."""
    place = folder / library
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (place / ".made").is_file():
        say(f"release    making an environment with {library} alone: {place}")
        _call([sys.executable, "-m", "venv", str(place)])
        _call([str(python), "-m", "pip", "install", "--quiet", *_pinned(NEEDS[library])])
        (place / ".made").touch()
    return str(python.absolute())


def _pinned(names: Sequence[str]) -> list[str]:
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in names:
        try:
            found.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            found.append(name)
    return found


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise error(
            "T202", found=words[-1] if words else f"exit code {done.returncode}", expected=" ".join(command[:5])
        )
