"""A small recipe to torture, and what must be equal about two builds of it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import sys
from pathlib import Path

from sxl_data.build.guards import MADE_BY
from sxl_data.build.run import WORK
from sxl_data.engine.store import LOCK
from sxl_data.pipeline import build


def make_recipe(folder: Path, rows: int = 60, chunk_bytes: int = 3000, engine: str = "inline") -> Path:
    """Write two sources with some duplicates and a recipe; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    items = [
        {
            "instruction": f"Add {n} to the number {n * n}.",
            "input": "",
            "output": f"The sum of {n} and {n * n} is {n + n * n}, found in {n % 7} steps by hand.",
        }
        for n in range(rows)
    ]
    (folder / "one.jsonl").write_text("".join(json.dumps(i) + "\n" for i in items), encoding="utf-8")
    (folder / "two.json").write_text(json.dumps(items[: rows // 6]), encoding="utf-8")
    path = folder / "toy.yaml"
    path.write_text(
        "name: toy\nsources:\n  - {name: one, path: one.jsonl, format: instruction_pair, licence: MIT}\n"
        "  - {name: two, path: two.json, format: instruction_pair, licence: MIT}\n"
        f"write: {{arrow: false}}\nengine: {{kind: {engine}, chunk_bytes: {chunk_bytes}}}\n",
        encoding="utf-8",
    )
    return path


def load_what_a_build_loads(recipe: Path, out: Path) -> None:
    """Import into this process what a build in a forked one has imported, so that the forks that follow need not."""
    names = out.with_name("modules.txt")
    if not (pid := os.fork()):
        code = 1
        try:
            with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
                build(str(recipe), out)
            names.write_text("\n".join(sys.modules), encoding="utf-8")
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    for name in names.read_text(encoding="utf-8").split():
        with contextlib.suppress(ImportError):  # some are no modules of a file
            importlib.import_module(name)


def digest(out: Path) -> str:
    """One digest over every published file; of the manifest over all but its timing. The page about the build is none
    of them: it is made of the finished files, and again at any time."""
    found = hashlib.sha256()
    for path in sorted(out.rglob("*")):
        if path.is_file() and WORK not in path.parts and path.name != "report.html":
            data = path.read_bytes()
            if path.name == "manifest.json":
                data = json.dumps(json.loads(data) | {"timing": None}, sort_keys=True).encode()
            found.update(path.relative_to(out).as_posix().encode() + b"\0" + hashlib.sha256(data).digest())
    return found.hexdigest()


def leftovers(out: Path) -> list[str]:
    """Files of a finished build that neither its receipts nor its manifest name."""
    work = out / WORK
    known: set[str] = {LOCK, MADE_BY}
    for path in work.glob("*/*.json"):
        receipt = json.loads(path.read_bytes().rpartition(b"\n")[0])
        known |= {path.relative_to(work).as_posix(), *(info["path"] for info in receipt["files"].values())}
    if not (out / "manifest.json").exists():
        return ["no manifest"]
    named = {"manifest.json", "README.md", "report.html", *json.loads((out / "manifest.json").read_bytes())["files"]}
    left = {p.relative_to(work).as_posix() for p in work.rglob("*") if p.is_file()} - known
    mine = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file() and WORK not in p.parts}
    return sorted(left) + sorted(mine - named)


def report(text: str, target: str, measured: object, met: bool) -> dict[str, object]:
    """One claim, printed as it is found."""
    print(f"{'met ' if met else 'MISSED'}  {text}: {measured} (target {target})", flush=True)
    return {"text": text, "target": target, "measured": str(measured), "met": bool(met)}
