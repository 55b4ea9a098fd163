"""Small models for closed tool sets: which rows, keys and sizes give what, measured from tuning to package.

    python benchmarks/models --base FOLDER --tools FILE [--calls FILE] [--mix FILE] --data FOLDER -o OUT
        [--stages whole,control,…] [--devices 1] [--at-once 4] [--deadline 420] [--json FILE] [--quick]

``--tools``, ``--calls`` and ``--mix`` are what `rows.py` packed. Stages: ``whole`` (all rows: every weight, adapters),
``control`` (a tenth of the rows, and the base as it is), ``improve`` (own verified runs against the planner's),
``ablations`` and ``adapters`` (one source, share or key changed, of all weights and of adapters), ``packages`` (under
270 to 45 MB), ``seeds``. All but the final scores of the whole models are on tasks of another seed than those of the
tables. Each job is a process of its own (`jobs.py`); jobs share the GPUs in turns, and those that the deadline cuts off
are named. The JSON holds every task's and item's verdict, so that any two models can be compared in pairs (`table.py`
prints it).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness
import plays
import table
import variants

NAMES = {name: name for name in ("whole", "control", "ablations", "adapters", "packages", "seeds")} | {
    "improve": "improvement"
}
STAGES = ("whole", "control", "improve", "ablations", "adapters", "packages", "seeds")


class Runner:
    """Jobs in processes, so many at a time, until the deadline; results in the order of finishing."""

    def __init__(self, out: Path, devices: int, at_once: int, deadline: float, file: Path | None) -> None:
        self.out, self.devices, self.at_once, self.ends, self.file = (
            out,
            devices,
            at_once,
            time.monotonic() + deadline,
            file,
        )
        self.found: dict[str, Any] = {}
        for kept in sorted(out.glob("*/result.json")):  # of an earlier call with the same OUT
            result = json.loads(kept.read_bytes())
            if "error" not in result:
                self.found[result["job"]["name"]] = result

    def run(self, jobs: list[dict[str, Any]]) -> None:
        """All ``jobs`` that are not there yet."""
        waiting = [job for job in jobs if job["name"] not in self.found]
        running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
        places = [device for device in range(self.devices)] * self.at_once
        held: dict[str, int] = {}
        while waiting or running:
            late = time.monotonic() > self.ends
            ready = [job for job in waiting if self._is_ready(job)]
            for job in ready[: 0 if late else len(places)]:
                waiting.remove(job)
                held[job["name"]] = places.pop(0)
                running[job["name"]] = self._start(job, held[job["name"]])
            for name, (process, place) in list(running.items()):
                if process.poll() is None and not late:
                    continue
                if process.poll() is None:
                    process.terminate()
                    process.wait()
                del running[name]
                places.append(held.pop(name))
                self._take(name, place)
            if late or not (running or ready):
                for job in waiting:
                    self.found[job["name"]] = {"error": "not begun: too late, or what it needs is missing", "job": job}
                waiting = []
            time.sleep(0.2)

    def _is_ready(self, job: dict[str, Any]) -> bool:
        """Whether what a job comes after is there: the job then begins with its model, and the rows of that."""
        before = self.found.get(job["after"], {}) if "after" in job else {}
        if "model" in before:
            job["base"] = before["model"]
            job["dataset"] = str(Path(before["model"]).parents[1] / "data.jsonl")
        return "after" not in job or "model" in before

    def _start(self, job: dict[str, Any], device: int) -> tuple[subprocess.Popen[bytes], Path]:
        place = self.out / re.sub(r"[^A-Za-z0-9.]+", "-", job["name"])
        place.mkdir(parents=True, exist_ok=True)
        (place / "result.json").unlink(missing_ok=True)
        (place / "job.json").write_text(json.dumps(job), encoding="utf-8", newline="\n")
        path = os.pathsep.join([str(harness.ROOT), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, str(Path(__file__).with_name("jobs.py")), str(place / "job.json")]
        with (place / "log.txt").open("wb") as log:
            own = {"PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": str(device)}
            return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | own), place

    def _take(self, name: str, place: Path) -> None:
        file = place / "result.json"
        if file.is_file():
            result = json.loads(file.read_bytes())
        else:
            so_far = place / "so-far.json"
            result = {"error": "stopped at the deadline", "job": json.loads((place / "job.json").read_bytes())}
            result |= json.loads(so_far.read_bytes()) if so_far.is_file() else {}
        self.found[name] = result
        if "error" in result:
            log = (place / "log.txt").read_text(encoding="utf-8", errors="replace")
            sys.stdout.write(f"{name}: {result['error'][:500]}\n{log[-1500:]}\n")
        sys.stdout.write(table.line(name, result) + "\n")
        sys.stdout.flush()
        self.write()

    def write(self) -> None:
        """Everything that there is so far."""
        if self.file is not None:
            harness.finish(self.file, self.found, said=True)


def main() -> int:
    parser = harness.options(__doc__, "two steps, two tasks a set: the path, no result")
    parser.add_argument("--base", required=True, help="folder of the base, with the template's tokens")
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--calls", type=Path)
    parser.add_argument("--mix", type=Path)
    parser.add_argument("--data", type=Path, default=Path(), help="the folder of the benchmarks' files")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="NAME", help="these jobs of the stages alone, in this order"
    )
    parser.add_argument("--devices", type=int, default=1, help="GPUs")
    parser.add_argument("--at-once", type=int, default=4, help="jobs on each GPU")
    parser.add_argument("--deadline", type=float, default=420.0, help="seconds")
    parser.add_argument("--rate", type=float, default=3e-4, help="the learning rate")
    parser.add_argument("--runs", type=int, default=variants.WHOLE.runs, help="of the tool sets, in the whole models")
    options = parser.parse_args()
    plays.rehearse()
    bench = variants.Bench(
        base=options.base,
        tools=options.tools,
        calls=options.calls,
        mix=options.mix,
        data=options.data,
        quick=options.quick,
        rate=options.rate,
        runs=options.runs,
    )
    runner = Runner(options.out, options.devices, options.at_once, options.deadline, options.json)
    jobs = [job for stage in options.stages.split(",") for job in getattr(variants, NAMES[stage])(bench)]
    if options.only:
        jobs = sorted(
            (job for job in jobs if job["name"] in options.only), key=lambda job: options.only.index(job["name"])
        )
    runner.run(jobs)
    runner.write()
    sys.stdout.write("\n" + table.show(runner.found) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
