"""Make the k-th write, fsync and rename of a build fail, for all k, with ENOSPC, EIO and EINTR.

The calls are intercepted in the C library (`disk.c`, compiled here), so whatever the interpreter and
Arrow do about an error is part of the test. A build may end well or with a `UserError`; after an error no
manifest exists, and the same command run again ends well with the same bytes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from toy import digest, report

from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build

CALLS = ("write", "fsync", "rename")


def available() -> bool:
    """Whether this machine can compile and preload the interceptor."""
    return sys.platform == "linux" and shutil.which("cc") is not None


def preload(folder: Path) -> Path:
    """Compile the interceptor into ``folder``."""
    library = folder / "disk.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def inject(recipe: Path, folder: Path, step: int = 1, until: float = float("inf")) -> list[dict[str, object]]:
    """Every ``step``-th k of each call and errno, none after ``until``.

    Must run in a process with the library preloaded.
    """
    library = ctypes.CDLL(os.environ["LD_PRELOAD"])
    out = (folder / "io").resolve()

    def attempt(call: int, at: int, number: int) -> str:
        shutil.rmtree(out, ignore_errors=True)
        library.fault_arm(str(out).encode(), call, at, number)
        try:
            build(str(recipe), out)
            return "fine"
        except UserError:
            return "error"
        except BaseException as problem:
            return f"{CALLS[call]} {at} {errno.errorcode[number]}: {type(problem).__name__} {problem}"
        finally:
            counts[:] = [library.fault_count(i) for i in range(len(CALLS))]
            hits.append(library.fault_hits())
            library.fault_arm(b"", -1, -1, 0)

    counts: list[int] = []
    hits: list[int] = []
    assert attempt(0, -1, 0) == "fine"
    expected, totals = digest(out), list(counts)
    runs = fine = errors = struck = half = different = 0
    odd: list[str] = []
    numbers = (errno.ENOSPC, errno.EIO, errno.EINTR)
    plan = [(c, at, n) for c, total in enumerate(totals) for at in range(0, total, step) for n in numbers]
    random.Random(0).shuffle(plan)  # so that a run cut short by time has looked everywhere
    for call, at, number in plan:
        if time.monotonic() > until:
            break
        runs += 1
        said = attempt(call, at, number)
        struck += hits[-1]
        if said == "fine":
            fine += 1
            different += digest(out) != expected
        elif said == "error":
            errors += 1
            # The very last call makes the manifest durable: when it fails, the dataset is whole all the same.
            half += (out / "manifest.json").exists() and digest(out) != expected
            build(str(recipe), out)
            different += digest(out) != expected
        else:
            odd.append(said)
    for line in odd[:10]:
        print("   ", line)
    measured = f"{fine} ended well, {errors} with a clean error, {len(odd)} otherwise"
    return [
        report(
            f"{runs} of {3 * sum(totals)} builds with one failing call ({struck} struck; {totals[0]} writes, "
            f"{totals[1]} fsyncs, {totals[2]} renames, each with ENOSPC, EIO and EINTR)",
            "no other end",
            measured,
            not odd and struck > 0,
        ),
        report("half datasets (after an error a manifest, and not all that it names)", "0", half, half == 0),
        report("results that differ after success or resuming", "0", different, different == 0),
    ]
