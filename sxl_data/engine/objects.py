"""A finished dataset in an object store: `s3://`, `gs://`, whatever fsspec opens.

In: a local folder with its manifest, and a URL. Out: the same files below the URL. Stores have no rename and no
lock, but a single object appears whole or not at all, so the manifest is the commit: it is removed first and put
last, and what has none is no dataset. Every object is read back and its digest compared. A run that was stopped
goes on: objects that are there and right are not sent again, and those that the manifest does not name are swept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.console import Progress, say
from sxl_data.contract.errors import UserError, error
from sxl_data.contract.names import PUBLISHED, below, is_inner
from sxl_data.engine.commit import commit, commit_bytes, private_folder, sha256, writing

LOCK = "sxl.lock"
MANIFEST = "manifest.json"
REPORT = "report.html"
"""A page about the dataset, where its recipe wants one."""
BLOCK = 1 << 22
MOST_MANIFEST = 1 << 28
"""Bytes of a manifest that are read; one names a file in some 200."""


class Entry(msgspec.Struct, frozen=True):
    """What a manifest says of a file."""

    bytes: int
    sha256: str


class Index(msgspec.Struct, frozen=True):
    """What is read of a manifest here."""

    files: dict[str, Entry]
    content_hash: str


class Owner(msgspec.Struct, frozen=True):
    """Who holds the lock object. A local lock guards ``folder``, so whoever works in it owns what it left here."""

    host: str
    folder: str
    since: float


def is_remote(place: str | Path) -> bool:
    """Whether ``place`` is a URL and no path."""
    return isinstance(place, str) and "://" in place


def work_folder(url: str) -> Path:
    """Where a build for ``url`` works on this machine: a folder of the user's cache, one for each URL."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "sxl" / hashlib.sha256(url.encode()).hexdigest()[:16]


class Objects:
    """The objects below one URL."""

    def __init__(self, url: str) -> None:
        """Raises U310 where the package for such URLs is not installed, U302 where the store refuses."""
        from fsspec.core import url_to_fs

        self.url = url.rstrip("/")
        try:
            self.fs, self.root = url_to_fs(self.url)
        except (ImportError, ValueError) as problem:
            raise error("U310", file=url, found=str(problem)) from problem
        self.fs.invalidate_cache()

    @contextlib.contextmanager
    def locked(self, folder: Path) -> Iterator[None]:
        """Holds the lock object. Raises U303 while somebody else does."""
        owner = Owner(platform.node(), str(folder.resolve()), time.time())
        with self._asked():
            self._take(owner)
        try:
            yield
        finally:
            with contextlib.suppress(Exception):  # the next run from here takes it over
                self.fs.rm_file(self._at(LOCK))

    def manifest(self) -> bytes:
        """The manifest that lies here; empty where there is none."""
        with self._asked():
            return self.fs.cat_file(self._at(MANIFEST)) if self.fs.exists(self._at(MANIFEST)) else b""

    def publish(self, folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
        """Puts the dataset in ``folder`` here; ``files`` has bytes and sha256 of each published file."""
        with self._asked():
            there, known = self._sizes(), self._known()
            if known == {name: info["sha256"] for name, info in files.items()} and all(
                there.get(name) == info["bytes"] for name, info in files.items()
            ):
                say(f"{'upload':<14} nothing to do: {self.url} has these files")
                return
            if MANIFEST in there:
                self.fs.rm_file(self._at(MANIFEST))
            with Progress("upload", sum(info["bytes"] for info in files.values()) // 1000, "kB") as progress:
                sent = 0
                for name, info in sorted(files.items()):
                    right = there.get(name) == info["bytes"] and info["sha256"] in (
                        known.get(name),
                        None if name in known else self._digest(name),
                    )
                    if not right:
                        self._put(folder, name, info["sha256"])
                        sent += 1
                    progress.advance(info["bytes"] // 1000)
            for name in there:
                if name.split("/")[0] in PUBLISHED and name not in files:
                    self.fs.rm_file(self._at(name))
            for name in ("README.md", REPORT, MANIFEST):
                if name == REPORT and not (folder / name).is_file():
                    if name in there:  # of the build before
                        self.fs.rm_file(self._at(name))
                    continue
                self.fs.pipe_file(self._at(name), (folder / name).read_bytes())
        say(f"{'upload':<14} {self.url}: {sent} of {len(files)} files sent, the others were there")

    def fetch(self, folder: Path) -> Path:
        """The dataset but for its Arrow copy, in ``folder``; files that are there and right stay.

        The manifest is a stranger's: its names are looked at before anything is written, and a file gets its name
        only once its bytes have the digest that is stated. Raises U304 for a name or a file that is not the
        build's, U305 where there is no manifest or one of no build.
        """
        with self._asked():
            if not self.fs.exists(self._at(MANIFEST)):
                raise error("U305", file=self.url, found="no manifest.json", expected="a finished build")
            with self.fs.open(self._at(MANIFEST), "rb") as file:
                manifest = file.read(MOST_MANIFEST + 1)
        files = self._index(manifest).files
        private_folder(folder)
        for name, entry in files.items():
            if not name.startswith("arrow/"):
                self._get(folder, name, entry)
        commit_bytes(folder / MANIFEST, manifest)
        return folder

    def _index(self, manifest: bytes) -> Index:
        place = f"{self.url}/{MANIFEST}"
        try:
            index = msgspec.json.decode(manifest, type=Index)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise error("U305", file=place, found=problem, expected="the manifest of a build") from None
        if not index.files or len(manifest) > MOST_MANIFEST:
            found = f"over {MOST_MANIFEST} bytes" if index.files else "no files"
            raise error("U305", file=place, found=found, expected="the manifest of a build")
        odd = [name for name in index.files if not is_inner(name, PUBLISHED)]
        if odd:
            raise error(
                "U304",
                file=place,
                found=f"a file called {odd[0]!r}",
                fix="ask whoever published it",
                expected=f"names below {', '.join(PUBLISHED)}",
                why="a name that leads elsewhere would write there",
            )
        return index

    def _get(self, folder: Path, name: str, entry: Entry) -> None:
        """One file, under its name only if it is the one that the manifest states."""
        target = below(folder, name)
        if target is None:
            raise error(
                "U304",
                file=str(folder / name),
                found="a link that leads elsewhere",
                expected="a folder",
                fix="remove that folder of the cache",
            )
        with writing(target):
            if target.is_file() and sha256(target) == entry.sha256:
                return

        def write(file: Any) -> None:
            digest, size = hashlib.sha256(), 0
            with self._asked(), self.fs.open(self._at(name), "rb", cache_type="none") as source:
                while size <= entry.bytes and (block := source.read(BLOCK)):
                    size += len(block)
                    digest.update(block)
                    file.write(block)
            if digest.hexdigest() != entry.sha256:
                found = f"over {entry.bytes} bytes" if size > entry.bytes else f"sha256 {digest.hexdigest()[:16]}…"
                raise error(
                    "U304",
                    file=f"{self.url}/{name}",
                    found=found,
                    expected=f"{entry.sha256[:16]}…",
                    fix="fetch it again, or ask whoever published it",
                )

        commit(target, write)

    def _take(self, owner: Owner) -> None:
        place, data = self._at(LOCK), msgspec.json.encode(owner)
        if not self.fs.exists(place):
            with contextlib.suppress(FileExistsError):
                try:
                    self.fs.pipe_file(place, data, mode="create")  # fails if another was quicker
                except (TypeError, NotImplementedError):
                    self.fs.pipe_file(place, data)
                return
        holder = msgspec.json.decode(self.fs.cat_file(place), type=Owner)
        if (holder.host, holder.folder) != (owner.host, owner.folder):
            raise error(
                "U303",
                file=f"{self.url}/{LOCK}",
                expected="no lock, or one of this folder",
                found=f"held by {holder.host} for {(time.time() - holder.since) / 60:.0f} minutes",
                fix="wait for that build; if its machine is gone, remove the lock object",
            )
        self.fs.pipe_file(place, data)

    def _put(self, folder: Path, name: str, sha256: str) -> None:
        for _ in range(2):
            self.fs.put_file(str(folder / name), self._at(name))
            found = self._digest(name)
            if found == sha256:
                return
        raise error("U304", file=f"{self.url}/{name}", found=f"sha256 {found[:16]}…", expected=f"{sha256[:16]}…")

    def _digest(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.fs.open(self._at(name), "rb", cache_type="none") as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def _sizes(self) -> dict[str, int]:
        found = self.fs.find(self.root, detail=True)
        return {name.removeprefix(self.root).lstrip("/"): int(info["size"] or 0) for name, info in found.items()}

    def _known(self) -> dict[str, str]:
        """Digests of the files that a manifest vouches for."""
        if not self.fs.exists(self._at(MANIFEST)):
            return {}
        try:
            files = msgspec.json.decode(self.fs.cat_file(self._at(MANIFEST)))["files"]
            return {name: info["sha256"] for name, info in files.items()}
        except (msgspec.MsgspecError, KeyError, TypeError):
            return {}

    def _at(self, name: str) -> str:
        return f"{self.root}/{name}"

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        """What a store answers as an error of the user's: each package has exceptions of its own."""
        try:
            yield
        except UserError:
            raise
        except Exception as problem:
            raise error(
                "U302",
                file=self.url,
                found=f"{type(problem).__name__}: {problem}",
                expected="an existing bucket and the right to list, read, write and delete in it",
                fix="check address and credentials, then run the same command again: nothing is built twice",
            ) from problem


def here(place: str | Path) -> Path:
    """The folder of a build; one in an object store is fetched into the user's cache. Raises U305."""
    if not is_remote(place):
        return Path(place)
    return Objects(str(place)).fetch(work_folder(str(place)) / "fetched")
