"""A piece of work in a process of its own, which has so many seconds. Runs inside boxes: standard library only."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from typing import Any


def in_a_child(work: Any, seconds: float) -> dict[str, Any]:
    """What ``work`` returns, by a fork that has so many seconds, and how many it took."""
    began = time.monotonic()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            said = work()
        except BaseException as problem:
            said = {"status": "wrong", "detail": f"{type(problem).__name__}: {problem}"[:500]}
        data = json.dumps(said).encode()
        while data:
            data = data[os.write(write, data) :]
        os._exit(0)
    os.close(write)
    until, parts = time.monotonic() + seconds, []
    while select.select([read], [], [], max(0.0, until - time.monotonic()))[0]:
        part = os.read(read, 1 << 20)
        if not part:
            break
        parts.append(part)
    else:
        os.kill(child, signal.SIGKILL)
        parts = []
    os.close(read)
    os.waitpid(child, 0)
    try:
        found: dict[str, Any] = json.loads(b"".join(parts))
    except ValueError:
        found = {"status": "timeout", "detail": f"no end within {seconds:g} s"}
    return found | {"seconds": time.monotonic() - began}
