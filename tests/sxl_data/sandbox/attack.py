"""Runs the family of escapes in one tier and says what each met: a program of its own, so that it can be run as
another user and so that an escape that ends its caller is seen as such.

    python attack.py TIER [watched]    one JSON line for each escape, then {"finished": true}

The escapes are data (escapes/*.yaml → one JSON on stdin). Around them stands what a program must not reach: a home
with a secret, services, keys, an environment, a bystander process. After each the world is looked at from here.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PRELUDE = """
import ctypes, os, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
MACHINE = os.uname().machine
NUMBERS = {  # x86-64, arm64
    "keyctl": (250, 219), "request_key": (249, 218), "add_key": (248, 217), "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282), "bpf": (321, 280), "perf_event_open": (298, 241), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "kcmp": (312, 272), "unshare": (272, 97),
    "clone": (56, 220), "clone3": (435, 435), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "fsopen": (430, 430), "open_tree": (428, 428), "move_mount": (429, 429), "mount_setattr": (442, 442),
    "chroot": (161, 51), "pivot_root": (155, 41), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190),
    "msgget": (68, 186), "mq_open": (240, 180), "init_module": (175, 105), "finit_module": (313, 273),
    "kexec_load": (246, 104), "reboot": (169, 142), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "sethostname": (170, 161), "syslog": (103, 116), "swapon": (167, 224), "acct": (163, 89),
    "quotactl": (179, 60), "fanotify_init": (300, 262), "vmsplice": (278, 75), "splice": (275, 76),
    "personality": (135, 92), "modify_ldt": (154, 10**6), "seccomp": (317, 277), "tgkill": (234, 131),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "ioprio_set": (251, 30),
}
def escaped(what=""): print("ESCAPED", what, flush=True)
def buffer(size): return ctypes.create_string_buffer(size)
def raw(name, *arguments): return libc.syscall(NUMBERS[name][MACHINE != "x86_64"], *arguments)
def call(name, *arguments):
    found = raw(name, *arguments)
    if found >= 0: escaped(f"{name}: {found}")
def attempt(action, *more):
    try: found = action()
    except (OSError, *more): return
    escaped(repr(found)[:80])
def read(path):
    try: return open(path).read()
    except OSError: return ""
"""
_KEYCTL, _ADD_KEY = ((250, 248), (219, 217))[platform.machine() != "x86_64"]


class World:
    """What must stay as it is."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.secret = self.home / "secret.txt"
        self.secret.write_text("secret", encoding="utf-8")
        with suppress(OSError):  # a file system without attributes
            os.setxattr(self.secret, "user.origin", b"planted")
        for path in (folder, self.home, self.secret):
            path.chmod(0o755)
        self.boxes = folder / "boxes"
        self.boxes.mkdir()
        os.environ["TMPDIR"] = str(self.boxes)
        os.environ["HOME"] = str(self.home)
        os.environ["SXL_TOKEN"] = "planted-secret"
        self.state = self.look()
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.abstract = f"sxl-escapes-{os.getpid()}"
        self.listeners = [
            self._listen("\0" + self.abstract, socket.SOCK_STREAM),
            self.udp,
            self._listen("\0" + self.abstract + "-datagram", socket.SOCK_DGRAM),
            self._listen(str(folder / "stream"), socket.SOCK_STREAM),
            self._listen(str(folder / "datagram"), socket.SOCK_DGRAM),
            self.tcp,
        ]
        for listener in self.listeners:
            listener.setblocking(False)
        for name in ("stream", "datagram"):
            (folder / name).chmod(0o777)
        self.folder = folder
        self.open_descriptor = os.open(self.secret, os.O_RDWR)
        os.set_inheritable(self.open_descriptor, True)
        self.bystander = subprocess.Popen(["sleep", "3600"])
        libc = ctypes.CDLL(None, use_errno=True)
        libc.syscall(_KEYCTL, 1, None, 0, 0, 0)  # a session of our own first: this is no test of the user's keys
        self.key = libc.syscall(_ADD_KEY, b"user", b"sxl-canary", b"canary", 6, -3)
        self.keyring = self.read_key()

    def _listen(self, address: str, kind: int) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        return listener

    def look(self) -> list[object]:
        found = self.secret.stat()
        return [
            self.secret.read_text(encoding="utf-8"),
            found.st_mode,
            found.st_uid,
            found.st_mtime,
            found.st_nlink,
            sorted(os.listdir(self.home)),
            os.listxattr(self.secret),
        ]

    def read_key(self) -> bytes:
        held = ctypes.create_string_buffer(64)
        size = ctypes.CDLL(None).syscall(_KEYCTL, 11, ctypes.c_int(self.key), held, 64, 0)
        return held.raw[: max(0, size)]

    def harm(self) -> list[str]:
        """What has changed, and who came in."""
        found = [] if self.look() == self.state else ["the home has changed"]
        if self.bystander.poll() is not None:
            found.append("a bystander was ended")
        if self.read_key() != self.keyring:
            found.append("a key has changed")
        if os.getpriority(os.PRIO_PROCESS, 0) != self.priority or len(os.sched_getaffinity(0)) != self.cores:
            found.append("the caller was slowed down")
        for listener in self.listeners:
            try:
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()
                else:
                    listener.recv(100)
                found.append("a service was reached")
            except BlockingIOError:
                pass
        return found

    cores = len(os.sched_getaffinity(0))
    priority = os.getpriority(os.PRIO_PROCESS, 0)

    def fill(self, text: str) -> str:
        launcher = [pid for pid in descendants(os.getpid()) if pid != self.bystander.pid]
        values = {
            "SECRET": self.secret,
            "HOME": self.home,
            "PID": os.getpid(),
            "PORT": self.port,
            "ABSTRACT": self.abstract,
            "SOCKET": self.folder / "stream",
            "DATAGRAM": self.folder / "datagram",
            "BYSTANDER": self.bystander.pid,
            "LAUNCHER": launcher[0] if launcher else os.getpid(),
        }
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        return text


def descendants(root: int) -> list[int]:
    from sxl_data.sandbox.watch import descendants

    return descendants(root)


def attack(item: dict, world: World, tier: str, watched: bool) -> dict:
    """Run one escape; what it met, and what it did to the world."""
    from sxl_data.sandbox.box import Refused
    from sxl_data.sandbox.limits import Limits
    from sxl_data.sandbox.run import open_box

    program = world.fill(item["program"])
    if item.get("language", "python") == "python" and not item.get("bare"):
        program = PRELUDE + program
    if "repeat" in item:
        program += item["repeat"][0] * item["repeat"][1]
    limits = Limits(seconds=item.get("seconds", 30), memory=300_000_000, processes=32)
    files = {world.fill(name) * item.get("long_name", 1): "x" for name in item.get("files", [])}
    before, start, reached = set(descendants(os.getpid())), time.monotonic(), []
    try:
        with open_box(files, limits, tier=tier, watched=watched) as box:
            done = box.run(program, item.get("language", "python"), stdin=b"x" * item.get("stdin", 0))
            if "reads" in item:
                reached += reads_outside(box, item["reads"])
        status, code, out, said = done.status, done.exit_code, done.stdout, done.detail or done.stderr
    except Refused as problem:
        status, code, out, said = "refused", None, "", str(problem)
    seconds = time.monotonic() - start
    left = set(descendants(os.getpid())) - before
    while left and time.monotonic() - start - seconds < 60:  # a box that has answered needs a moment to go
        time.sleep(0.01)
        left = set(descendants(os.getpid())) - before
    harm = world.harm() + reached + [f"processes left: {left}"] * bool(left and before)
    if "ESCAPED" in out:
        harm.append(out.partition("ESCAPED")[2].strip()[:200])
    return {
        "name": item["name"],
        "status": status,
        "code": code,
        "harm": harm,
        "seconds": round(seconds, 2),
        "said": said[-300:],
    }


def reads_outside(box: object, name: str) -> list[str]:
    """Read what a program put in the place of a result, as a caller would."""
    try:
        return [f"read {box.read(name)[:20]!r}"]
    except OSError:
        return []


def main(tier: str, watched: bool) -> None:
    from sxl_data.sandbox.run import why_not

    items = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="sxl-escapes-") as folder:
        world = World(Path(folder))
        try:
            reason = why_not(tier)  # which also starts the launcher
            if reason is not None:
                print(json.dumps({"missing": reason}))
                return
            for item in items:
                if item.get("needs", platform.machine()) != platform.machine():
                    continue
                print(json.dumps(attack(item, world, tier, watched)), flush=True)
            left = [path.name for path in world.boxes.iterdir()]
            print(json.dumps({"finished": True, "left": left}), flush=True)
        finally:
            world.bystander.kill()


if __name__ == "__main__":
    main(sys.argv[1], "watched" in sys.argv[2:])
