"""The few calls to the kernel that Python has no function for. Standard library only: the launcher imports it.

Everything here acts on the calling process and raises OSError; nothing is done at import.
"""

from __future__ import annotations

import ctypes
import os
import platform

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_JOIN_SESSION_KEYRING = 1
_PDEATHSIG, _SET_SECCOMP, _SUBREAPER, _NO_NEW_PRIVS, _FILTER = 1, 22, 36, 38, 2
NEW_MOUNTS, NEW_USER, NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
_NOSUID_NODEV, _PRIVATE_ALL, _DETACH = 2 | 4, (1 << 18) | (1 << 14), 2

EXECUTE, WRITE, READ, READ_FOLDER = 1, 2, 4, 8
_LANDLOCK_FILE = EXECUTE | WRITE | READ | 1 << 14 | 1 << 15
"""Rights that a rule on a file may name: execute, write, read, truncate, device control."""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(value: int, what: str) -> int:
    if value < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return value


def prctl(option: int, value: int, pointer: ctypes.c_void_p | None = None) -> None:
    _checked(_libc().prctl(option, ctypes.c_ulong(value), pointer, 0, 0), f"prctl {option}")


def die_with_parent(signal: int) -> None:
    prctl(_PDEATHSIG, signal)


def adopt_orphans() -> None:
    """Descendants whose parent ends become children of this process, so that none is lost."""
    prctl(_SUBREAPER, 1)


def new_session_keyring() -> None:
    """Leave the keyring of the caller's session for an empty one."""
    number = _KEYCTL.get(platform.machine())
    if number is not None:
        _checked(_libc().syscall(number, _JOIN_SESSION_KEYRING, None, 0, 0, 0), "keyctl")


def counts_processes_per_space() -> bool:
    """Whether a limit of processes set inside a user space counts that space alone: Linux 5.14 and later."""
    major, _, rest = platform.release().partition(".")
    digits = rest.partition(".")[0].partition("-")[0]
    return major.isdigit() and digits.isdigit() and (int(major), int(digits)) >= (5, 14)


def unshare(flags: int) -> None:
    _checked(_libc().unshare(flags), "unshare")


def mount_scratch(folder: str, size: int, entries: int, uid: int, gid: int) -> None:
    """A file system in memory at ``folder`` with at most ``size`` bytes and ``entries`` files and folders, in
    mounts that no other process sees."""
    libc = _libc()
    _checked(libc.mount(b"none", b"/", None, ctypes.c_ulong(_PRIVATE_ALL), None), "mounts made private")
    options = f"size={size},nr_inodes={entries},mode=0700,uid={uid},gid={gid}".encode()
    made = libc.mount(b"sxl", folder.encode(), b"tmpfs", ctypes.c_ulong(_NOSUID_NODEV), options)
    _checked(made, "tmpfs")


def loopback_up() -> None:
    """Switch on the one interface of a new network, so that a program can talk to itself."""
    import fcntl
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, b"lo".ljust(16, b"\0") + (1).to_bytes(2, "little") + bytes(22))  # IFF_UP


def unmount(folder: str) -> None:
    _checked(_libc().umount2(folder.encode(), _DETACH), "umount")


def landlock_version() -> int:
    """Version of Landlock's interface here; 0 where there is none."""
    try:
        return max(0, int(_libc().syscall(_LANDLOCK_CREATE, None, 0, 1)))
    except (OSError, AttributeError):
        return 0


def restrict(rules: list[tuple[str, int]], version: int) -> None:
    """Let this process and its children open what ``rules`` name, (path, rights), and nothing else; a right of a
    folder holds for all that is below it. Where the kernel can: no signal and no abstract socket leaves either."""
    rights = [1 << 13, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1]
    handled = rights[min(version, 5)]
    attributes = (ctypes.c_uint64 * 3)(handled, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    libc = _libc()
    ruleset = _checked(libc.syscall(_LANDLOCK_CREATE, attributes, size, 0), "landlock")
    for path, wanted in rules:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        allowed = wanted & handled
        if not os.path.isdir(path):
            allowed &= _LANDLOCK_FILE
        rule = ctypes.create_string_buffer(allowed.to_bytes(8, "little") + place.to_bytes(4, "little"), 12)
        _checked(libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0), f"landlock rule of {path}")
        os.close(place)
    prctl(_NO_NEW_PRIVS, 1)
    _checked(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "landlock")
    os.close(ruleset)


def filter_calls(program: bytes) -> None:
    """Install a filter of `seccomp.program` for good."""

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    prctl(_NO_NEW_PRIVS, 1)
    held = Filter(len(program) // 8, program)
    prctl(_SET_SECCOMP, _FILTER, ctypes.cast(ctypes.byref(held), ctypes.c_void_p))
