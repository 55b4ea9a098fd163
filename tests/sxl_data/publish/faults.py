"""Faults of the fake Hub: those that pass while one waits, and those that last. The table of `benchmarks/faults hub`."""

from __future__ import annotations

from pathlib import Path

from sxl_data.write.manifest import decode
from tests.sxl_data.publish.fake_hub import FakeHub, Fault

REPO = "me/toy"

PASSING = [
    Fault("POST", "/commit/", 409),
    Fault("POST", "/commit/", 429),
    Fault("POST", "/commit/", 503),
    Fault("POST", "/commit/", "lost"),
    Fault("POST", "/commit/", "cut"),
    Fault("POST", "/commit/", "hang"),
    Fault("POST", "/preupload/", 429, 2),
    Fault("PUT", "/lfs/", "half", 2),
    Fault("PUT", "/lfs/", 500),
    Fault("PUT", "/lfs/", "hang"),
    Fault("POST", "/tag/", 409),
    Fault("POST", "/tag/", "lost"),
    Fault("POST", "/repos/create", "lost"),
    Fault("GET", "/api/datasets/", 502),
]

LASTING = [
    (Fault("POST", "/commit/", 412, 99), "U505"),
    (Fault("POST", "/commit/", 409, 99), "U504"),
    (Fault("POST", "/commit/", 429, 99), "U504"),
    (Fault("POST", "/commit/", 401, 99), "U506"),
    (Fault("POST", "/commit/", 403, 99), "U506"),
    (Fault("POST", "/commit/", "cut", 99), "U504"),
    (Fault("PUT", "/lfs/", "half", 99), "U504"),
    (Fault("PUT", "/lfs/", 403, 99), "U506"),
    (Fault("POST", "/preupload/", 500, 99), "U504"),
    (Fault("POST", "/objects/batch", 400, 99), "U504"),
    (Fault("POST", "/tag/", 500, 99), "U504"),
]


def is_whole(fake: FakeHub, folder: Path) -> bool:
    """Whether the head has every file that its manifest names, with that digest."""
    fake.write(REPO, folder)
    manifest = decode((folder / "manifest.json").read_bytes(), "manifest.json")
    tree = fake.repos[REPO].at("main")
    return all(tree[name] == info["sha256"] for name, info in manifest.files.items()) and "README.md" in tree
