"""The folder of a base model in; under which licence its weights are, and the texts that must travel with them, out."""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract import patterns

NAMES = patterns.compile(r"(?i)(LICEN[CS]E|NOTICE|USE_POLICY|([A-Z]+_)?TERMS(_OF_USE)?)([.-].*)?")
_HEAD = patterns.compile(r"(?s)---\s*\n(.*?)\n---\s*(?:\n|\z)")
_STATED = patterns.compile(r"(?m)^license:[ \t]*[\"']?([A-Za-z0-9.+-]+)[\"']?[ \t]*$")
LARGEST = 1_000_000
"""Bytes of a licence text; what is larger is none."""


def read_licence(folder: Path) -> str:
    """The ``license`` that the front matter of the folder's card states, or "" where it states none."""
    path = Path(folder) / "README.md"
    if not path.is_file():
        return ""
    head = _HEAD.match(path.read_text(encoding="utf-8", errors="replace"))
    stated = _STATED.search(head[1]) if head else None
    return stated[1] if stated else ""


def read_licence_texts(folder: Path) -> dict[str, bytes]:
    """The licence and notice files of the folder by name."""
    if not Path(folder).is_dir():
        return {}
    found = [path for path in sorted(Path(folder).iterdir()) if NAMES.fullmatch(path.name) and path.is_file()]
    return {path.name: path.read_bytes() for path in found if path.stat().st_size <= LARGEST}
