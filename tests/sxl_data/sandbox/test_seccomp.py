"""sxl_data.sandbox.seccomp, by running its programs here as the kernel would."""

from __future__ import annotations

import struct

import pytest

from sxl_data.sandbox import calls, seccomp

ALLOW, KILL, EPERM, EACCES, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x0005000D, 0x00050026
X86, ARM = 0xC000003E, 0xC00000B7


def decide(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the filter answers to a call: an interpreter of the instructions that it uses."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(*arguments, *[0] * (6 - len(arguments))))
    instructions = list(struct.iter_unpack("<HBBI", program))
    held = at = 0
    while True:
        code, yes, no, constant = instructions[at]
        at += 1
        if code == 0x20:
            held = struct.unpack_from("<I", data, constant)[0]
        elif code == 0x54:
            held &= constant
        elif code == 0x06:
            return constant
        else:
            met = {0x15: held == constant, 0x35: held >= constant, 0x45: bool(held & constant)}[code]
            at += yes if met else no


def every() -> dict[str, tuple[int | None, int | None]]:
    return calls.FILES | calls.CHANNELS | calls.MEMORY | calls.PROCESSES | calls.CLOCKS | calls.PATHS


@pytest.mark.parametrize(("machine", "column", "architecture"), [("x86_64", 0, X86), ("aarch64", 1, ARM)])
def test_exactly_the_listed_calls_get_through(machine, column, architecture):
    program = seccomp.program(machine, mounted=True, scoped=True)
    listed = {numbers[column] for numbers in every().values()} - {None}
    assert {n for n in range(1000) if decide(program, architecture, n, 1, 1) not in (ENOSYS,)} == listed


@pytest.mark.parametrize(
    "name",
    [
        "keyctl",
        "add_key",
        "request_key",
        "io_uring_setup",
        "userfaultfd",
        "bpf",
        "ptrace",
        "perf_event_open",
        "mount",
        "unshare",
        "setns",
        "clone3",
        "memfd_create",
    ],
)
def test_what_is_dangerous_is_on_no_list(name):
    assert name not in every()


def test_the_calls_of_another_architecture_end_the_process():
    for mounted in (True, False):
        program = seccomp.program("x86_64", mounted=mounted, scoped=True)
        assert decide(program, 0x40000003, 1) == KILL  # a 32-bit program's exit
        assert decide(program, X86, 0x40000000 + 1) == KILL
        assert decide(seccomp.program("aarch64", mounted=mounted, scoped=True), X86, 1) == KILL


def test_a_clone_makes_processes_and_threads_but_no_name_space():
    program = seccomp.program("x86_64", mounted=True, scoped=True)
    assert decide(program, X86, 56, 17) == ALLOW
    assert decide(program, X86, 56, 0x003D0F00) == ALLOW
    for space in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(program, X86, 56, space | 17) == EPERM


def test_sockets_are_local_or_within_the_own_network_and_none_without_one():
    mounted, bare = (seccomp.program("x86_64", mounted=m, scoped=True) for m in (True, False))
    allowed = {family for family in range(64) if decide(mounted, X86, 41, family) == ALLOW}
    assert allowed == {1, 2, 10}
    assert {decide(bare, X86, 41, family) for family in range(64)} == {EACCES}
    kinds = {kind for kind in range(16) if decide(bare, X86, 53, 1, kind | 0o2000000) == ALLOW}
    assert kinds == {1, 5}


def test_calls_that_name_a_process_reach_the_own_alone():
    program = seccomp.program("x86_64", mounted=False, scoped=False)
    for number in (302, 203, 62, 200, 234):  # prlimit64, sched_setaffinity, kill, tkill, tgkill
        assert decide(program, X86, number, 0) == ALLOW
        assert decide(program, X86, number, 4321) == EPERM
    assert decide(program, X86, 141, 0, 0) == ALLOW  # setpriority
    assert decide(program, X86, 141, 0, 4321) == EPERM
    assert decide(program, X86, 72, 3, 8) == EPERM  # fcntl F_SETOWN
    assert decide(program, X86, 16, 0, 0x5412) == EPERM  # ioctl TIOCSTI


def test_attributes_by_path_need_mounts_around_them():
    mounted, bare = (seccomp.program("x86_64", mounted=m, scoped=True) for m in (True, False))
    for number in (90, 92, 76, 188, 191, 280):  # chmod, chown, truncate, setxattr, getxattr, utimensat
        assert (decide(mounted, X86, number), decide(bare, X86, number)) == (ALLOW, ENOSYS)
