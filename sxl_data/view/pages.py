"""The pages of the repository that are made from the code: one of all codes, one of all formats.

    python -m sxl_data.view.pages --write

writes ``schemas/codes.md`` and ``schemas/formats.md``; without ``--write`` a difference makes the exit code 1, and a
test compares. In: the codes with their examples; the formats with what their modules say and the samples that ship.
Out: Markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from sxl_data.contract import patterns
from sxl_data.contract.codes import CODES
from sxl_data.contract.printable import printable_line
from sxl_data.contract.resources import samples_folder, schemas_folder
from sxl_data.trace.format import Format
from sxl_data.view.explain import explain

_ADDRESS = patterns.compile(r"https?://[^\s)>`,]+[^\s)>`,.;]")


def documents() -> dict[str, str]:
    """File name → text of each page."""
    from sxl_data.read.known import known_formats

    return {"codes.md": codes_page(), "formats.md": formats_page(known_formats())}


def codes_page() -> str:
    """Every code as `sxl-data explain` says it, under an anchor of its name."""
    lines = [
        "# Codes",
        "",
        "Made by `python -m sxl_data.view.pages --write`; `sxl-data explain CODE` prints the same.",
        "",
        "| code | level | what |",
        "|---|---|---|",
    ]
    for code, entry in sorted(CODES.items()):
        lines.append(f"| [{code}](#{code.lower()}) | {entry.level} | {_cell(entry.title)} |")
    for code in sorted(CODES):
        lines += ["", f"## {code}", "", "```text", *explain(code).replace("```", "'''").split("\n"), "```"]
    return "\n".join(lines) + "\n"


def formats_page(known: Mapping[str, Format]) -> str:
    """Every format: how it is told, where its shape is written down, the sample that ships, and its laws."""
    samples = _samples(known)
    lines = [
        "# Formats",
        "",
        "Made by `python -m sxl_data.view.pages --write`; `sxl-data explain FORMAT` says more of one.",
        "",
        "Laws: `coverage`, every text of a document is in its traces or declared as left out (`leaves out` counts the",
        "declarations); `mirror`, nothing in a trace is invented (`words` counts what the reader words itself);",
        "`round trip`, what is written reads back as it was. A test runs the first two over every sample.",
        "",
        "| format | what | one is | told by | source of the shape | sample | laws |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, item in known.items():
        cells = (
            f"`{name}`",
            item.title,
            item.unit,
            told_by(item),
            " ".join(f"<{address}>" for address in _sources(item)) or "our own, or read off files",
            ", ".join(f"`{sample}`" for sample in samples.get(name, ())) or "–",
            _laws(item),
        )
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines) + "\n"


def list_recognised(known: Mapping[str, Format]) -> str:
    """The formats of ``known`` and how each is recognised, for `validate --format list`."""
    widest = max(map(len, known))
    return "\n".join(f"{name:<{widest}}  {item.title}; told by: {told_by(item)}" for name, item in known.items())


def told_by(item: Format) -> str:
    """How a file of the format is recognised, in a phrase: what its reader says of it, or where else it is told."""
    from sxl_data.read.recognise import FOLDERS, TEXTS

    for ending, told in TEXTS.items():
        if any(name == item.name for name, _ in told):
            return f"the ending {ending} and how the file begins"
    if item.name in FOLDERS:
        return "files named " + " and ".join(FOLDERS[item.name])
    said = (type(item).detect.__doc__ or "").split("\n\n")[0]
    if said and said != Format.detect.__doc__:
        return " ".join(said.split()).rstrip(".")
    return _reason(item) or "its name only (`--format`, or `format:` in a recipe)"


def _reason(item: Format) -> str:
    """What the reader says of the sample of its format."""
    return _reasons().get(item.name, "")


def _reasons() -> dict[str, str]:
    if not _TOLD:
        _look()
    return {name: reason for name, (reason, _) in _TOLD.items()}


def _samples(known: Mapping[str, Format]) -> dict[str, tuple[str, ...]]:
    if not _TOLD:
        _look()
    return {name: tuple(samples) for name, (_, samples) in _TOLD.items() if name in known}


_TOLD: dict[str, tuple[str, list[str]]] = {}


def _look() -> None:
    """Ask of every sample that ships what it is."""
    from sxl_data.contract.errors import UserError
    from sxl_data.validate.submissions import submissions

    for path in sorted(samples_folder().iterdir()):
        try:
            found = submissions(path)
            for submission in found:
                item = submission.recognise() if submission.format is None else submission.format
                _TOLD.setdefault(item.name, (submission.reason, []))[1].append(path.name)
        except UserError:
            continue  # told by its recipe


def _sources(item: Format) -> tuple[str, ...]:
    """The addresses that the module of the format gives for its shape."""
    text = import_module(type(item).__module__).__doc__ or ""
    return tuple(dict.fromkeys(_ADDRESS.findall(text)))


def _laws(item: Any) -> str:
    if item.unit == "made":
        return "made, not read"
    left, worded = len(getattr(item, "leaves_out", ())), len(getattr(item, "composes", ()))
    parts = [f"coverage{f' (leaves out {left})' if left else ''}", f"mirror{f' (words {worded})' if worded else ''}"]
    return ", ".join([*parts, "round trip"] if hasattr(item, "write") else parts)


def _cell(text: str) -> str:
    return printable_line(text).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """``--write [FOLDER]`` writes, without it a difference makes the exit code 1."""
    folder = Path(arguments[1]) if len(arguments) > 1 else schemas_folder()
    wrong = []
    for name, text in documents().items():
        path = folder / name
        if arguments[:1] == ["--write"]:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            wrong.append(str(path))
    for place in wrong:
        sys.stderr.write(f"{place} differs from the code; run python -m sxl_data.view.pages --write\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
