"""The filter on system calls, as the kernel's filter program.

In: the machine, and whether mounts hide the user's files. Out: the bytes of a classic BPF program that allows
`calls` and answers every other call as a kernel that lacks it (ENOSYS), so that libraries fall back rather than
fail. Calls of another architecture's table end the process. Only numbers in registers are looked at: what a pointer
points to can change after the look. Source: the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import struct
from functools import cache

from sxl_data.sandbox import calls

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EACCES = 1, 38, 13
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_X32 = 0x40000000
_NAMESPACES = 0x7E020000 | 0x80
"""CLONE_NEW* of mount, cgroup, UTS, IPC, user, PID, network and (with clone3 only) time."""

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


@cache
def program(machine: str, *, mounted: bool, scoped: bool) -> bytes:
    """The filter for ``machine`` (a key of `MACHINES`).

    ``mounted``: the mounts and name spaces of bubblewrap are around the program, so paths and local sockets lead
    nowhere outside; without them attributes by path and sockets are refused. ``scoped``: signals cannot leave
    (a process space, Landlock's scope or a user of its own); without that only signals to the own group go through.
    """
    column, architecture = MACHINES[machine]
    out: list[Instruction] = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if machine == "x86_64":
        out += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    rules = _rules(mounted, scoped)
    tables = [calls.FILES, calls.CHANNELS, calls.MEMORY, calls.PROCESSES, calls.CLOCKS]
    for table in (*tables, calls.PATHS) if mounted else tables:
        for name, numbers in table.items():
            number = numbers[column]
            if number is None:
                continue
            body = rules.get(name, [(_RETURN, 0, 0, _ALLOW)])
            out += [(_EQUAL, 0, len(body), number), *body]
    out.append((_RETURN, 0, 0, _REFUSE | _ENOSYS))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in out)


def _rules(mounted: bool, scoped: bool) -> dict[str, list[Instruction]]:
    """Calls that are allowed with some arguments only."""
    own = _only(0, (0,))  # the calling process, not one that it names
    local = _only(0, (1, 2, 10), _EACCES) if mounted else [(_RETURN, 0, 0, _REFUSE | _EACCES)]  # UNIX, IPv4, IPv6
    # Datagrams of a socket pair can be sent to any socket in the file system; a stream stays a pair.
    pair = _only(1, (1, 5), _EACCES, mask=0xF)
    rules = {
        "clone": _without(0, _NAMESPACES),
        "prlimit64": own,
        "sched_setaffinity": own,
        "setpriority": _only(1, (0,)),
        "ioctl": _never(1, (0x5412, 0x541C, 0x8901, 0x8902)),  # typing into a terminal, choosing who gets signals
        "fcntl": _never(1, (8, 10, 15)),  # F_SETOWN, F_SETSIG, F_SETOWN_EX: the same by another door
        "socket": local,
    }
    if not mounted:
        refuse = [(_RETURN, 0, 0, _REFUSE | _EACCES)]
        rules |= {"socketpair": pair, "connect": refuse, "bind": refuse, "listen": refuse}
    if not scoped:
        rules |= {"kill": own, "tkill": own, "tgkill": own}
    return rules


def _argument(index: int) -> Instruction:
    """The low half of an argument: all of an int, which is what these calls take."""
    return (_LOAD, 0, 0, 16 + 8 * index)


def _only(index: int, values: tuple[int, ...], code: int = _EPERM, mask: int | None = None) -> list[Instruction]:
    """Allowed where the argument is one of ``values``."""
    tests = [(_EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    masked = [] if mask is None else [(_AND, 0, 0, mask)]
    return [_argument(index), *masked, *tests, (_RETURN, 0, 0, _REFUSE | code), (_RETURN, 0, 0, _ALLOW)]


def _never(index: int, values: tuple[int, ...]) -> list[Instruction]:
    """Allowed where the argument is none of ``values``."""
    tests = [(_EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [_argument(index), *tests, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE | _EPERM)]


def _without(index: int, bits: int) -> list[Instruction]:
    """Allowed where the argument has none of ``bits``."""
    return [_argument(index), (_ANY_BIT, 0, 1, bits), (_RETURN, 0, 0, _REFUSE | _EPERM), (_RETURN, 0, 0, _ALLOW)]
