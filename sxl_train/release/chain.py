"""``run.json`` of a package: from which base, which dataset and which steps its weights came, each by its hash.

The dataset is named by the digest of its manifest, which names every shard; a step by its key, which hashes the recipe
keys, the code and the key before it; weights by their bytes. `SHA256SUMS` then names this file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from sxl_data import __version__
from sxl_data.engine.commit import commit_bytes, sha256
from sxl_data.publish.folder import without_paths
from sxl_train.release.card import READERS
from sxl_train.release.finished import Finished, Record
from sxl_train.release.rights import Rights
from sxl_train.run.objects import Object
from sxl_train.run.size import measure

FORM = "sxl-release/1"
SUMS = "SHA256SUMS"


def write(run: Finished, model: Path, gguf: Path | None, rights: Rights, name: str) -> Object:
    """Write the chain into ``model`` and what it rests on into its ``evidence/``; returns the chain."""
    evidence = model / "evidence"
    for step, record in run.records.items():
        _put(evidence / "steps" / f"{step}.json", without_paths(record))
    if run.manifest is not None:
        plain = without_paths(msgspec.to_builtins(run.manifest))
        _put(evidence / "dataset.json", plain | {"timing": {}})
    quantised = run.records.get("quantise", {}).get("measured", {})
    own_format = run.weights_step in ("release", "quantise")
    chain: Object = {
        "form": FORM,
        "name": name,
        "sxl": __version__,
        "licence": rights.spdx,
        "size_limit": str(run.key("size_limit")),
        "limit": run.key("limit", 0),
        "needs": READERS.get(quantised.get("format", ""), "") if own_format else "",
        "base": _base(run),
        "dataset": _dataset(run),
        "steps": [
            {
                "step": step,
                "key": record["key"],
                "before": record["before"],
                "seconds": record["seconds"],
                "weights": {path.name: sha256(path) for path in sorted((run.folder / step).glob("*.safetensors"))},
            }
            for step, record in run.records.items()
        ],
        "weights": {"step": run.weights_step, "bytes": measure(model).total, "files": _hashes(model)},
        "gguf": {"bytes": gguf.stat().st_size, "files": {gguf.name: sha256(gguf)}} if gguf else None,
    }
    chain["chain"] = hashlib.sha256(msgspec.json.encode(chain, order="deterministic")).hexdigest()
    _put(model / "run.json", chain)
    return chain


def _base(run: Finished) -> Object:
    source = str(run.key("base_model"))
    found: Object = {"source": without_paths(source), "revision": run.key("revision", "main")}
    origin = run.records.get("base", {}).get("measured", {}).get("expanded")
    found["name"] = str(origin["file"]).removesuffix(".gguf") if origin else found["source"]
    found["weights"] = run.records.get("base", {}).get("measured", {}).get("weights", {})
    return found | ({"file": origin["file"], "sha256": origin["sha256"]} if origin else {})


def _dataset(run: Finished) -> Object:
    found: Object = {"manifest_sha256": run.records["release"]["dataset_sha256"]}
    if run.manifest is not None:
        found |= {"name": run.manifest.name, "content_hash": run.manifest.content_hash}
    return found


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(folder.glob("*.safetensors"))}


def _put(path: Path, value: Record) -> None:
    commit_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def seal(folder: Path, signature: str = "model.sig") -> Path:
    """`SHA256SUMS` of every file of ``folder`` but itself and the signature, as ``sha256sum -c`` reads it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"{sha256(folder / name)}  {name}\n" for name in names if name not in (SUMS, signature)]
    commit_bytes(folder / SUMS, "".join(lines).encode())
    return folder / SUMS


def damage(folder: Path) -> list[str]:
    """Files of ``folder`` that are not as `SHA256SUMS` says, and those that it does not name. A line that is none, a
    name twice, a name that leads out of ``folder``, a link and what is no plain file are damage too: none of them is
    opened."""
    there: set[str] = set()
    wrong: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            name = path.relative_to(folder).as_posix()
            (there if path.is_file() and not path.is_symlink() else wrong).add(name)
    if SUMS not in there:
        return sorted(wrong | {SUMS})
    named: dict[str, str] = {}
    for line in (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or name in named:
            wrong.add(name or line)
            continue
        named[name] = digest
    wrong |= {name for name, digest in named.items() if name not in there or sha256(folder / name) != digest}
    wrong |= there - named.keys() - {SUMS, "model.sig"}
    return sorted(wrong)
