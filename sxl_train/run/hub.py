"""A folder, or an id on the Hugging Face hub, in; the folder, or that of the local cache with its files, out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sxl_data.contract.errors import error


def fetch(name: str, wanted: Sequence[str], code: str = "T101", kind: str = "model", revision: str = "main") -> Path:
    """A folder ``name`` itself; of an id the files ``wanted`` (patterns), fetched where they are not here.

    `HF_HUB_OFFLINE` is respected. Raises `UserError` ``code``.
    """
    if Path(name).is_dir():
        return Path(name)
    require_id(name, code)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, repo_type=kind, revision=revision, allow_patterns=list(wanted)))
    except Exception as problem:  # offline, unknown id, gated, a dozen types more: the message says which
        said = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        raise error(code, file=name, found=f"no such folder here, and the hub said: {said}") from problem


def require_id(name: str, code: str = "T101") -> None:
    """`UserError` ``code`` for a name that looks like a place on this machine: nobody is asked about it."""
    if name.count("/") != 1 or name.startswith((".", "/", "build/")):
        raise error(code, file=name, found="no such file or folder", expected="a file, a folder or a hub id")
