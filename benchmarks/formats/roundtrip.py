"""Files read / tried, and round trips that hold / tried, over real files of every format.

    python benchmarks/formats/roundtrip.py [FOLDER …] [--quick] [--json FILE] [--all]

FOLDER defaults to the traces and the trace-like sets in ../shared. A round trip is tried for every document of a
format that is written: ``export(import(d)) == d``, compared as sorted JSON, byte for byte; and for every trace
and every exporter: ``import(export(x), residual) == x``. Archives are read member by member.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from sxl_data.contract.console import format_table
from sxl_data.contract.errors import UserError
from sxl_data.files.records import open_records
from sxl_data.formats.export import export, exporters, read_back
from sxl_data.formats.registry import detect
from sxl_data.read.known import known_formats
from sxl_data.trace.format import Document, Origin, RowError

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

SHARED = harness.SHARED
FOLDERS = (*harness.TRACE_FOLDERS, "data/api_bank", "data/gorilla_bfcl")
# Tool documentation, databases and answer keys lie beside the traces and are none.
BESIDE = (
    "multi_turn_func_doc/",
    "possible_answer/",
    "init_database/",
    "response_examples/",
    "tool.jsonl",
    "exceptions.json",
    "public_apis.json",
    "format_sensitivity.json",
)
SUFFIXES = (".json", ".jsonl", ".traj", ".eval", ".yaml")


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class Tally:
    """Counts per format."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        self.traces: Counter[str] = Counter()
        self.documents: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.exports: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.kept: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.failures: list[str] = []
        self.unread: list[str] = []


def check_file(path: Path, shown: str, tally: Tally, limit: int) -> None:
    """Read one file, and try every round trip of its documents."""
    try:
        records = [record for record in open_records(path) if record.value is not None]
        values = [record.value for record in records]
        if not values:
            tally.unread.append(f"{shown}: no record")
            return
        chosen, _ = detect(values, known_formats().values(), file=shown)
    except UserError as problem:
        tally.unread.append(f"{shown}: {problem.findings[0].code} {problem.findings[0].found}")
        return
    lines = tuple(record.line for record in records)
    whole = Document(file=shown, value=values, lines=lines)
    documents = (
        [whole]
        if chosen.unit == "file"
        else [Document(file=shown, value=v, lines=(n,), row=i) for i, (v, n) in enumerate(zip(values, lines))]
    )
    read = 0
    for document in documents[:limit]:
        try:
            readings = list(chosen.read(document, Origin(source="real")))
        except RowError as problem:
            tally.failures.append(f"{shown} row {document.row}: not read: {problem}")
            continue
        read += 1
        tally.traces[chosen.name] += len(readings)
        if hasattr(chosen, "write"):
            (reading,) = readings
            written = chosen.write(reading.trace)
            holds = canonical(written) == canonical(document.value)
            tally.documents[chosen.name][0] += holds
            tally.documents[chosen.name][1] += 1
            if not holds:
                tally.failures.append(f"{shown} row {document.row}: export(import(d)) differs")
            ext = sum(len(s.ext_json or "") for s in reading.trace.steps) + len(reading.trace.ext_json or "")
            tally.kept[chosen.name][0] += ext
            tally.kept[chosen.name][1] += len(canonical(document.value))
        for reading in readings:
            for name in exporters():
                made = export(reading.trace, name)
                holds = read_back(made.document, made.residual, name) == reading.trace
                tally.exports[name][0] += holds
                tally.exports[name][1] += 1
                if not holds:
                    tally.failures.append(f"{shown} row {document.row}: import(export(x)) differs for {name}")
    if read:
        tally.files[chosen.name] += 1
    else:
        tally.unread.append(f"{shown}: no document of {chosen.name} could be read")


def check_folder(folder: Path, tally: Tally, limit: int) -> int:
    """All files of ``folder``; how many were tried."""
    tried = 0
    for path in sorted(folder.rglob("*")):
        if path.name.endswith((".tar.gz", ".tgz")):
            with tempfile.TemporaryDirectory() as scratch, tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile() and member.name.endswith(SUFFIXES) and not _beside(member.name):
                        held = archive.extractfile(member)
                        copy = Path(scratch) / ("member" + Path(member.name).suffix)
                        copy.write_bytes(held.read() if held else b"")
                        check_file(copy, f"{path.name}/{member.name}", tally, limit)
                        tried += 1
        elif path.is_file() and path.suffix in SUFFIXES and not _beside(path.as_posix()):
            check_file(path, path.relative_to(folder).as_posix(), tally, limit)
            tried += 1
    return tried


def _beside(name: str) -> bool:
    return any(part in name for part in BESIDE)


def main() -> int:
    parser = harness.options(__doc__, "at most 20 documents of a file")
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true", help="print every failure and unread file")
    options = parser.parse_args()
    folders = options.folders or [SHARED / name for name in FOLDERS]
    tally = Tally()
    start = time.perf_counter()
    tried = sum(check_folder(folder, tally, 20 if options.quick else sys.maxsize) for folder in folders)
    rows = [
        [name, tally.files[name], tally.traces[name], _share(tally.documents.get(name)), _percent(tally.kept.get(name))]
        for name in sorted(tally.files)
    ]
    print(format_table(["format", "files", "traces", "export(import(d)) = d", "kept beside the model"], rows))
    print(
        format_table(["exporter", "import(export(x)) = x"], [[n, _share(v)] for n, v in sorted(tally.exports.items())])
    )
    read = sum(tally.files.values())
    print(f"files read {read} / {tried}, {len(tally.failures)} failures, {time.perf_counter() - start:.0f} s")
    shown = None if options.all else 15
    for line in (tally.failures + tally.unread)[:shown]:
        print("  " + line)
    documents = [sum(v[i] for v in tally.documents.values()) for i in (0, 1)]
    exports = [sum(v[i] for v in tally.exports.values()) for i in (0, 1)]
    metrics = {
        "files_tried": tried,
        "files_read": read,
        "documents_tried": documents[1],
        "documents_held": documents[0],
        "exports_tried": exports[1],
        "exports_held": exports[0],
    }
    held, wanted = exports[0] + documents[0], exports[1] + documents[1]
    harness.finish(options.json, metrics, [harness.claim("every round trip holds", wanted, held)])


def _share(pair: list[int] | None) -> str:
    return f"{pair[0]} / {pair[1]}" if pair else "-"


def _percent(pair: list[int] | None) -> str:
    return f"{100 * pair[0] / pair[1]:.1f} %" if pair and pair[1] else "-"


if __name__ == "__main__":
    sys.exit(main())
