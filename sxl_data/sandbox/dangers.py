"""What a program of the data must not be able to do: each danger with a short program that tries it.

A program prints OPEN where it got through; how it fails otherwise is what `doctor` shows. ``@SECRET@`` is a file
that only the caller may read, ``@PORT@`` a service of this machine, ``@PID@`` the caller, ``@TOKEN@`` a word by which
a process can be found again. The wider family of attempts is in the tests.
"""

from __future__ import annotations

from typing import NamedTuple

from sxl_data.sandbox.limits import Limits, Status

LIMITS = Limits(seconds=20.0, memory=300_000_000, scratch=32_000_000, processes=16, file=16_000_000)
"""Limits that the programs below try to overrun."""


class Danger(NamedTuple):
    """One thing that a program may not do."""

    name: str
    program: str
    ends: tuple[Status, ...] = ("ok", "failed")
    """How the attempt may end where it is blocked."""


def _calls(x86: int, arm: int, arguments: str) -> str:
    """A program that makes one system call, by its number on x86-64 and on arm64."""
    return f"""
import ctypes, os, sys
number = {arm} if os.uname().machine == "aarch64" else {x86}
buffer = ctypes.create_string_buffer(256)
if ctypes.CDLL(None, use_errno=True).syscall(number, {arguments}) >= 0:
    print("OPEN")
else:
    sys.exit(os.strerror(ctypes.get_errno()))
"""


_NETWORK = """
import socket, sys
if [name for _, name in socket.if_nameindex() if name != "lo"]:
    socket.socket()
    print("OPEN")
else:
    sys.exit("no interface but its own loopback")
"""
_MEMORY = """
import os, time
children = []
for _ in range(5):
    children.append(os.fork())
    if children[-1] == 0:
        held = bytearray(b"x") * 100_000_000
        time.sleep(8)
        os._exit(0)
time.sleep(3)
if not any(os.waitpid(child, os.WNOHANG)[0] for child in children):
    print("OPEN")
"""
_PROCESSES = """
import os, time
for _ in range(40):
    if os.fork() == 0:
        time.sleep(5)
        os._exit(0)
time.sleep(1)
print("OPEN")
"""
_FILES = """
import time
for number in range(6):
    with open(f"f{number}", "wb") as file:
        file.write(bytes(8_000_000))
time.sleep(1)
print("OPEN")
"""
_DAEMON = """
import os, sys
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", "@TOKEN@"])
"""

DANGERS = (
    Danger("files of the caller", "print('OPEN', open('@SECRET@').read())"),
    Danger("writing to the system", "open('/usr/planted', 'w'); print('OPEN')"),
    Danger("writing to the root", "open('/planted', 'w'); print('OPEN')"),
    Danger("services here", "import socket; socket.create_connection(('127.0.0.1', @PORT@), 3); print('OPEN')"),
    Danger("the network", _NETWORK),
    Danger("vsock, to the hypervisor", "import socket; socket.socket(40, 1); print('OPEN')"),
    Danger("the kernel's keyrings", _calls(250, 219, "11, -3, buffer, 64")),
    Danger("io_uring", _calls(425, 425, "8, buffer")),
    Danger("userfaultfd", _calls(323, 282, "1")),
    Danger("bpf", _calls(321, 280, "0, buffer, 128")),
    Danger("ptrace", _calls(101, 117, "0, 0, 0, 0")),
    Danger("new name spaces", _calls(272, 97, "0x10000000")),
    Danger("signals to the caller", "import os; os.kill(@PID@, 0); print('OPEN')"),
    Danger("memory in all", _MEMORY, ("ok", "failed", "memory")),
    Danger("processes in all", _PROCESSES, ("failed", "processes")),
    Danger("files in all", _FILES, ("failed", "scratch")),
    Danger("outliving the run", _DAEMON),
)
