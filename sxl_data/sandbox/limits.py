"""What a run may use, and what came of it: the two records that callers see."""

from __future__ import annotations

from typing import Literal

import msgspec

Tier = Literal["bubblewrap", "landlock"]
Status = Literal["ok", "failed", "timeout", "memory", "processes", "scratch", "output", "refused"]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run may use."""

    seconds: float = 10.0
    """Wall-clock seconds; processor time of each process is limited to the next whole second above."""
    memory: int = 1_000_000_000
    """Bytes of memory of all processes together, and of address space of each."""
    file: int = 16_000_000
    """Bytes of the largest file, and of standard output and of standard error."""
    scratch: int = 64_000_000
    """Bytes of all files that a run, or the runs of one trace, may hold at a time."""
    processes: int = 64
    """Processes and threads at a time."""
    output: int = 20_000
    """Characters of standard output and standard error that are kept, each."""

    def __post_init__(self) -> None:
        """Raises ValueError for a limit that bounds nothing: to the kernel a size of 0 means none."""
        for name in self.__struct_fields__:
            if not 0 < getattr(self, name) < 1 << 62:
                raise ValueError(f"{name} is {getattr(self, name)}: a limit lies above 0 and is finite")


DEFAULT = Limits()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run. Everything but the two texts is said from outside: the program cannot write it."""

    status: Status
    """ok: exit code 0 · failed: another · timeout, memory, processes, scratch, output: ended for overrunning that
    limit · refused: it was not started, ``detail`` says why."""
    exit_code: int | None
    """128 + the signal's number where one ended the program; None where the run was ended or never started."""
    stdout: str
    stderr: str
    duration_ms: float
    tier: Tier
    truncated: bool = False
    """Whether one of the texts goes on beyond what is kept."""
    detail: str | None = None
