"""Every kind of bad row in every kind of file: no crash, every row accounted for, nothing changed in silence.

A case is a source of five sound rows and a bad one, which stands first, in the middle and last in turn. Texts are not
alike, so no sound row may leave: each must be published as it was put in. The bad row may be published as it was
put in, or with a ledger line that says what was edited, or it is in the ledger. All cases of one kind of file are one
build with worker processes, so that a reader that crashes or hangs would show as a worker that died.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
import zstandard
from toy import report

from sxl_data.build.questions import read_ledger
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build

DEEP = b"[" * 100_000
POSITIONS = {"first": 0, "middle": 3, "last": 5}
SLOW_SECONDS = 60
PARENTHESES = "Here:\\n```python\\nx = %s\\n```"


def row(instruction: str, output: str = "An answer of its own.") -> bytes:
    """A row whose texts are JSON source text as given."""
    return b'{"instruction": "%s", "input": "", "output": "%s"}' % (instruction.encode(), output.encode())


BAD: dict[str, bytes] = {
    "lone surrogate": row("bad x\\ud800y"),
    "invalid UTF-8": row("bad XX").replace(b"XX", b"\xff\xfe"),
    "overlong UTF-8": row("bad XX").replace(b"XX", b"\xc0\xaf"),
    "nested arrays": b'{"instruction": "bad nested", "output": "deep", "input": ' + DEEP + b"]" * 100_000 + b"}",
    "unclosed arrays": DEEP,
    "duplicate keys": b'{"instruction": "bad first", "instruction": "bad second", "input": "", "output": "Which?"}',
    "NaN": b'{"instruction": "bad NaN", "input": "", "output": "It is not.", "score": NaN}',
    "Infinity": b'{"instruction": "bad infinity", "input": "", "output": "So far.", "score": -Infinity}',
    "long integer": b'{"instruction": "bad integer", "output": "Long.", "id": 123456789012345678901234567890}',
    "NUL": row("bad nul \\u0000 here"),
    "raw NUL": row("bad raw \x00 here"),
    "byte order mark": b"\xef\xbb\xbf" + row("bad mark"),
    "carriage return": row("bad return") + b"\r",
    "line separators": row("bad \u2028 and \u2029 and \x85 here"),
    "8 MB text": row("bad long " + "y" * 8_000_000),
    "other type": b'{"instruction": 7, "input": [], "output": {"a": null}}',
    "half a line": b'{"instruction": "bad half',
    "half an escape": b'{"instruction": "bad \\u12',
    "empty object": b"{}",
    "a bare string": b'"bad"',
    "a pattern's nightmare": row("bad " + "a" * 60 + "! " + "x@" * 2000 + " (a+)+$"),
}
ALIASES = b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 10))
OF_KIND: dict[str, dict[str, bytes]] = {
    "jsonl": {
        "64 MB line": row("bad long " + "word " * 12_800_000),
        "nested parentheses": row("bad nested", PARENTHESES % ("(" * 100_000 + "1" + ")" * 100_000)),
        "unclosed parentheses": row("bad unclosed", PARENTHESES % ("(" * 200_000)),
    },
    "yaml": {
        "alias bomb": b'a0: &a0 ["x"]\n' + ALIASES + b"instruction: *a9\noutput: bad\n",
        "a tag that runs code": b"instruction: !!python/object/apply:os.getcwd []\noutput: bad\n",
        "merge key": b"x: &x {instruction: bad}\n<<: *x\noutput: merged\n",
        "tabs": b"instruction:\n\t- bad\n",
        "two documents": b"instruction: bad one\noutput: a\n---\ninstruction: bad two\noutput: b\n",
    },
}


class Files(NamedTuple):
    """The files of a source by name, and its rows, or documents, in all."""

    files: dict[str, bytes]
    rows: int


def lines(rows: list[bytes]) -> bytes:
    return b"\n".join(rows) + b"\n"


def as_tar(rows: list[bytes]) -> bytes:
    sink, data = io.BytesIO(), lines(rows)
    with tarfile.open(fileobj=sink, mode="w") as archive:
        info = tarfile.TarInfo("inside/rows.jsonl")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def _cells(rows: list[bytes], bad: bytes) -> list[tuple[bytes, bytes]]:
    """Instruction and output of each row; of the bad one its own bytes and an answer."""
    found = []
    for item in rows:
        value = {} if item is bad else json.loads(item)
        found.append(
            (b"bad " + bad[:200_000], b"An answer.")
            if item is bad
            else (value["instruction"].encode(), value["output"].encode())
        )
    return found


def as_parquet(rows: list[bytes], bad: bytes) -> bytes:
    """The bad bytes as the instruction of a row; Arrow does not check that a string is UTF-8."""
    asked, said = (pa.array(column, pa.binary()).view(pa.string()) for column in zip(*_cells(rows, bad)))
    sink = io.BytesIO()
    table = pa.table({"instruction": asked, "input": [""] * len(rows), "output": said})
    pq.write_table(table, sink, write_page_checksum=True)
    return sink.getvalue()


def as_csv(rows: list[bytes], bad: bytes) -> bytes:
    quoted = [b",,".join(b'"' + cell.replace(b'"', b'""') + b'"' for cell in pair) for pair in _cells(rows, bad)]
    return lines([b"instruction,input,output", *quoted])


def as_notebook(item: bytes, bad: bytes) -> bytes:
    """A sound notebook about a row; of the bad one, its bytes, read as Latin-1, are the source of a cell."""
    value = {"instruction": "Compute it.", "output": ""} if item is bad else json.loads(item)
    source = bad[:200_000].decode("latin-1") if item is bad else f"print('{value['output']}')"
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": [value["instruction"]]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": [source]},
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def _each(rows: list[bytes], bad: bytes, ending: str, encode: Callable[[bytes, bytes], bytes]) -> Files:
    return Files({f"in/{n}.{ending}": encode(item, bad) for n, item in enumerate(rows)}, len(rows))


def _one(name: str, encode: Callable[[list[bytes], bytes], bytes]) -> Callable[[list[bytes], bytes], Files]:
    return lambda rows, bad: Files({f"in/{name}": encode(rows, bad)}, len(rows))


KINDS: dict[str, tuple[str, Callable[[list[bytes], bytes], Files]]] = {
    "jsonl": ("instruction_pair", _one("rows.jsonl", lambda rows, bad: lines(rows))),
    "gz": ("instruction_pair", _one("rows.jsonl.gz", lambda rows, bad: gzip.compress(lines(rows), 1))),
    "zst": ("instruction_pair", _one("rows.jsonl.zst", lambda rows, bad: zstandard.compress(lines(rows)))),
    "tar": ("instruction_pair", _one("rows.tar", lambda rows, bad: as_tar(rows))),
    "parquet": ("instruction_pair", _one("rows.parquet", as_parquet)),
    "csv": ("instruction_pair", _one("rows.csv", as_csv)),
    "yaml": ("instruction_pair", lambda rows, bad: _each(rows, bad, "yaml", lambda item, _: b"---\n" + item)),
    "ipynb, in a cell": ("notebook", lambda rows, bad: _each(rows, bad, "ipynb", as_notebook)),
    "ipynb, the file": (
        "notebook",
        lambda rows, bad: _each(rows, bad, "ipynb", lambda item, bad: bad if item is bad else as_notebook(item, bad)),
    ),
}


class Case(NamedTuple):
    """One source: what it is, its sound rows, its bad one, and how many rows it has."""

    what: str
    sound: list[bytes]
    bad: bytes
    rows: int


def sound_rows(seed: str) -> list[bytes]:
    """Five rows of words that no other row has."""
    rng = random.Random(seed)
    words = [["".join(rng.choices("abcdefghiklmnoprstu", k=6)) for _ in range(24)] for _ in range(5)]
    return [row(f"Say {' '.join(w[:9])} aloud.", f"It is {' '.join(w[9:])}.") for w in words]


def cases_of(kind: str, quick: bool) -> Iterator[tuple[str, str, bytes]]:
    """Class, position and bytes of the bad rows of a kind of file."""
    for number, (name, bad) in enumerate(BAD.items()):
        if quick and number % 4:
            continue
        yield from ((name, where, bad) for where in (["middle"] if quick else POSITIONS))
    if not quick:
        yield from ((name, "middle", bad) for name, bad in OF_KIND.get(kind, {}).items())


def inputs(folder: Path, quick: bool) -> list[dict[str, object]]:
    """One build for each kind of file."""
    trouble: dict[str, list[str]] = {"crash": [], "silent": [], "lost": []}
    done, fates = 0, Counter[str]()
    for kind in ["jsonl", "parquet", "yaml"] if quick else KINDS:
        format, encode = KINDS[kind]
        home = folder / kind.replace(", ", "-").replace(" ", "-")
        cases: dict[str, Case] = {}
        recipe = ["name: bad", "write: {arrow: false}", "sources:"]
        for number, (name, where, bad) in enumerate(cases_of(kind, quick)):
            key, sound = f"case-{number}", sound_rows(f"{kind} {number}")
            bad = bad.replace(b"bad", b"bad%d" % number)  # no two cases are duplicates
            rows = [*sound[: POSITIONS[where]], bad, *sound[POSITIONS[where] :]]
            made = encode(rows, bad)
            for file, data in made.files.items():
                (home / key / file).parent.mkdir(parents=True, exist_ok=True)
                (home / key / file).write_bytes(data)
            cases[key] = Case(f"{kind}, {name}, {where}", sound, bad, made.rows)
            recipe.append(f"  - {{name: {key}, path: {key}/in, format: {format}}}")
        (home / "r.yaml").write_text("\n".join(recipe) + "\n", encoding="utf-8")
        done += len(cases)
        try:
            build(str(home / "r.yaml"), home / "out", ["engine.workers=2", f"engine.task_seconds={SLOW_SECONDS}"])
        except UserError as problem:
            trouble["lost"].append(f"{kind}: refused whole: {problem}"[:500])
        except BaseException as problem:
            trouble["crash"].append(f"{kind}: {type(problem).__name__}: {problem}"[:500])
        else:
            look(home / "out", cases, format, trouble, fates)
    for line in itertools.chain(*trouble.values()):
        print("   ", line)
    said = ", ".join(f"{number} {fate}" for fate, number in fates.most_common())
    return [
        report(
            f"{done} bad rows among {5 * done} sound ones ({said}): crashes",
            "0",
            len(trouble["crash"]),
            not trouble["crash"],
        ),
        report("rows changed without a ledger line", "0", len(trouble["silent"]), not trouble["silent"]),
        report(
            "cases where rows in are not rows out + ledger + quarantine, or a sound row is missing",
            "0",
            len(trouble["lost"]),
            not trouble["lost"],
        ),
    ]


def look(out: Path, cases: dict[str, Case], format: str, trouble: dict[str, list[str]], fates: Counter[str]) -> None:
    """What became of each case, from the published files alone."""
    kept: dict[str, list[str]] = {key: [] for key in cases}
    for path in (out / "data").iterdir():
        table = pq.read_table(path, columns=["source", "task"])
        for source, task in zip(table["source"].to_pylist(), table["task"].to_pylist()):
            kept[source].append(task)
    ledger = read_ledger(out)
    for key, case in cases.items():
        mine = ledger.filter(pc.equal(ledger["source"], key)).to_pylist()
        gone = [line for line in mine if line["action"] not in ("edited", "flagged")]
        sound = {json.loads(item)["instruction"] for item in case.sound}
        others = [task for task in kept[key] if task not in sound]
        if sorted(task for task in kept[key] if task in sound) != sorted(sound):
            trouble["lost"].append(f"{case.what}: sound rows are missing; {[line['code'] for line in gone]}")
        if len(kept[key]) + len(gone) != case.rows:
            trouble["lost"].append(f"{case.what}: {case.rows} in, {len(kept[key])} out, {len(gone)} in the ledger")
        if others and format != "notebook" and len(mine) == len(gone) and others != put_in(case, others[0]):
            trouble["silent"].append(f"{case.what}: {others[0][:80]!r}")
        if gone:
            fates[f"refused as {gone[0]['code']}"] += 1
        else:
            fates["kept, edited" if len(mine) else "kept as they were"] += 1


def put_in(case: Case, found: str) -> list[str]:
    """The instruction of the bad row as a parser that changes nothing reads it."""
    as_text = "bad " + case.bad[:200_000].decode("utf-8", "surrogateescape")
    if case.what.startswith("yaml"):  # which folds some line breaks
        return [yaml.safe_load(case.bad)["instruction"]]
    try:
        return [as_text] if found == as_text else [json.loads(case.bad.removeprefix(b"\xef\xbb\xbf"))["instruction"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return [as_text]
