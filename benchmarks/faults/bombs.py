"""Archives and other files that want to harm: refused or bounded, and nothing is written elsewhere."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from toy import load_what_a_build_loads, make_recipe, report

from sxl_data.cli import run

GOOD = json.dumps({"instruction": "Say the number one.", "input": "", "output": "It is one."}) + "\n"
MEMORY = 1_500_000_000
ZEROS = bytes(1 << 20)


def gzip_bomb(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        file.write(GOOD.encode())
        for _ in range(2000):
            file.write(ZEROS)


def zstd_bomb(path: Path) -> None:
    with path.open("wb") as raw, zstandard.ZstdCompressor().stream_writer(raw) as file:
        file.write(GOOD.encode())
        for _ in range(2000):
            file.write(ZEROS)


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.jsonl", GOOD)
        with archive.open("bomb.jsonl", "w", force_zip64=True) as file:
            for _ in range(2000):
                file.write(ZEROS)


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def traversal(path: Path) -> None:
    names = ("good.jsonl", "../../../escaped.jsonl", "/tmp/escaped.jsonl")
    tar_of(path, *((tarfile.TarInfo(name), GOOD.encode()) for name in names))


def links(path: Path) -> None:
    soft, hard, pipe = (tarfile.TarInfo("soft.jsonl"), tarfile.TarInfo("hard.jsonl"), tarfile.TarInfo("pipe.jsonl"))
    soft.type, soft.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard.type, hard.linkname = tarfile.LNKTYPE, "../../etc/passwd"
    pipe.type = tarfile.FIFOTYPE
    tar_of(path, (tarfile.TarInfo("good.jsonl"), GOOD.encode()), (soft, b""), (hard, b""), (pipe, b""))


def zip_traversal(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("good.jsonl", "../../../escaped.jsonl", "/tmp/escaped.jsonl", "C:\\escaped.jsonl"):
            archive.writestr(name, GOOD)


def nested(path: Path) -> None:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        info = tarfile.TarInfo("zeros.jsonl")
        info.size = 500 << 20
        archive.addfile(info, _Zeros(info.size))
    tar_of(path, (tarfile.TarInfo("good.jsonl"), GOOD.encode()), (tarfile.TarInfo("in.tar.gz"), inner.getvalue()))


class _Zeros(io.RawIOBase):
    """So many zero bytes."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


def parquet_bomb(path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 300, pa.int32()), ["y" * 1_000_000])
    table = pa.table({"instruction": [f"Say it {n} times." for n in range(300)], "output": text})
    pq.write_table(table, path, compression="zstd")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def cut_off(path: Path) -> None:
    tar_of(path, (tarfile.TarInfo("good.jsonl"), GOOD.encode() * 3000))
    path.write_bytes(path.read_bytes()[:100_000])


def folder_of_traps(path: Path) -> None:
    path.mkdir()
    (path / "good.jsonl").write_text(GOOD, encoding="utf-8")
    (path / "loop").symlink_to(path)
    (path / "outside.jsonl").symlink_to("/etc/passwd")
    os.mkfifo(path / "pipe.jsonl")


CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "gzip bomb, 2 GB": ("bomb.jsonl.gz", gzip_bomb),
    "zstd bomb, 2 GB": ("bomb.jsonl.zst", zstd_bomb),
    "zip bomb, 2 GB": ("bomb.zip", zip_bomb),
    "paths out of a tar": ("paths.tar", traversal),
    "paths out of a zip": ("paths.zip", zip_traversal),
    "a tar in a tar": ("nested.tar", nested),
    "Parquet bomb, 0.3 GB": ("bomb.parquet", parquet_bomb),
    "a pipe": ("pipe.jsonl", pipe),
    "a device without end": ("zero.jsonl", endless),
    "link loop by a pattern": ("traps/**/good.jsonl", folder_of_traps),
    "links and a pipe in a tar": ("links.tar", links),
    "a tar cut off": ("cut.tar", cut_off),
    "link loop, outward link and pipe in a folder": ("traps", folder_of_traps),
}


def forked(work: Callable[[], int | None]) -> tuple[int, int] | None:
    """(exit code, negative when a signal ended it; peak of resident bytes) of ``work`` in a process of its own, forked
    from this one, which has imported everything and started no thread. None when it takes more than five minutes."""
    pid = os.fork()
    if not pid:
        code = 70
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            code = int(work() or 0)
        finally:
            os._exit(code)
    until = time.monotonic() + 300
    while not (ended := os.wait4(pid, os.WNOHANG))[0]:
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.02)
    return os.waitstatus_to_exitcode(ended[1]), ended[2].ru_maxrss * 1024


def bombs(folder: Path, quick: bool) -> list[dict[str, object]]:
    """Each case in a process of its own, whose memory and new files are looked at."""
    claims = []
    load_what_a_build_loads(make_recipe(folder / "sound", rows=6), folder / "sound-out")
    for number, (name, (file, make)) in enumerate(CASES.items()):
        if quick and "GB" in name:
            continue
        case = folder / f"case-{number}"
        case.mkdir()
        recipe = case / "r.yaml"
        recipe.write_text(
            f"name: case\nsources:\n  - {{name: src, path: {file}, format: instruction_pair}}\n"
            "write: {arrow: false}\nengine: {kind: inline}\n",
            encoding="utf-8",
        )
        forked(lambda: make(case / file.partition("/")[0]))  # noqa: B023
        ended = forked(lambda: run(["build", str(recipe), "-o", str(case / "out")]))  # noqa: B023
        if ended is None or ended[0] < 0:
            claims.append(report(name, "an end", "none, or a crash", False))
            continue
        code, peak = ended
        escaped = any(
            p.exists() for p in (folder / "escaped.jsonl", case / "escaped.jsonl", Path("/tmp/escaped.jsonl"))
        )
        ledger = "passwd" in str(list((case / "out").rglob("*passwd*")))
        claims.append(
            report(
                name,
                f"exit 0 or 2, under {MEMORY / 1e6:.0f} MB, nothing written elsewhere",
                f"exit {code}, {peak / 1e6:.0f} MB",
                code in (0, 2) and peak < MEMORY and not escaped and not ledger,
            )
        )
    return [*claims, recipe_bomb(folder)]


def recipe_bomb(folder: Path) -> dict[str, object]:
    """A recipe whose aliases would unfold to 9^9 strings."""
    lines = ["name: bomb", 'a0: &a0 ["x"]']
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (folder / "bomb.yaml").write_text("\n".join([*lines, "sources: *a9", ""]), encoding="utf-8")
    command = [sys.executable, "-m", "sxl_data", "build", str(folder / "bomb.yaml"), "-o", str(folder / "bomb")]
    try:
        code = subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
    except subprocess.TimeoutExpired:
        code = -1
    return report("a recipe of aliases", "exit 2 within 60 s", f"exit {code}", code == 2)
