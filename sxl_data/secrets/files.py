"""`sxl-data redact`: secrets and persons out of any file: text, JSON, JSON Lines (rows or a session), Parquet.

In: paths and a place to write to. Out: the files with placeholders, or (`check`) what would have to go, as findings; of
a folder every file in it, under the same names.
One file is one story: equal values get equal placeholders in all of it, and a secret that one line gives away goes from
the others too. JSON stays JSON, a table keeps its schema; a file whose bytes are no text is refused, not passed on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.errors import Finding, UserError, error, finding
from sxl_data.contract.folders import Left, refuse_place, told, walk
from sxl_data.secrets.find import find, find_json
from sxl_data.secrets.hits import Hit
from sxl_data.secrets.redact import Placeholders, code_of, forget, redact_json, shown
from sxl_data.secrets.redact import redact as redact_text
from sxl_data.secrets.second_scan import leftovers

LINES, WHOLE, TABLE = (".jsonl", ".ndjson"), (".json", ".ipynb"), (".parquet",)


class Redacted(msgspec.Struct):
    """What `redact` did: ``secrets`` and ``persons`` taken out or found in ``files``, the ``findings`` of a check
    or of the second scan, the paths ``written``, what of a folder was ``refused`` and so not written, and ``notes`` on
    what of it was not looked into."""

    files: int = 0
    secrets: int = 0
    persons: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)
    written: list[str] = msgspec.field(default_factory=list)
    refused: list[Finding] = msgspec.field(default_factory=list)
    notes: list[Finding] = msgspec.field(default_factory=list)
    text: bytes = b""
    """The result, where it was not written to a file."""


def redact(
    files: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    check: bool = False,
    people: bool = True,
    second: bool = False,
) -> Redacted:
    """Take secrets and, unless ``people`` is False, persons out of ``files`` (``-`` is standard input).

    One file goes to the file ``out``, several to the folder ``out``, and the files of a folder to the same places
    below ``out``, which must hold nothing yet; without it the text of one file is returned. A file of a folder that is
    no text is refused by itself.
    ``check`` writes nothing and returns what it found. ``second`` has detect-secrets look for what was taken out.
    Raises `UserError`: U201, U204 for what is missing or no text, U401 where the result has no place.
    """
    paths = [files] if isinstance(files, str | Path) else list(files)
    folders = [Path(path) for path in paths if str(path) != "-" and Path(path).is_dir()]
    if not check and out is None and (folders or len(paths) != 1 or str(paths[0]).endswith(TABLE)):
        found = "a folder" if folders else f"{len(paths)} files"
        raise error("U401", found=f"{found} and no place for what is made of it", expected="-o OUT")
    if check and second:
        raise error("U401", found="--check and --second", expected="one of them: the second look is at redacted text")
    done = Redacted()
    for path, target, named in _places(paths, None if check or out is None else Path(out), done):
        done.files += 1
        try:
            _check(path, done, people) if check else _write(path, target, done, people, second)
        except UserError as problem:
            if named:
                raise
            done.refused += problem.findings
    return done


def _places(paths: list[str | Path], out: Path | None, done: Redacted) -> list[tuple[str | Path, Path | None, bool]]:
    """Each file, where what is made of it goes, and whether it was named itself and not its folder."""
    several = len(paths) > 1
    found: list[tuple[str | Path, Path | None, bool]] = []
    for path in paths:
        place = Path(path)
        if str(path) == "-" or not place.is_dir():
            inside = out / place.name if out is not None and (several or out.is_dir()) else out
            if inside is not None and str(path) != "-" and inside.exists() and inside.samefile(path):
                raise error("U401", found=str(inside), expected="another file than the one that is read")
            found.append((path, inside, True))
            continue
        top = out / place.resolve().name if out is not None and several else out
        if top is not None:
            refuse_place(place, top)
        items = list(walk(place))
        files = sorted(item for item in items if isinstance(item, Path))
        found += [(file, top / file.relative_to(place) if top else None, False) for file in files]
        if (said := told([item for item in items if isinstance(item, Left)])) is not None:
            done.notes.append(msgspec.structs.replace(said, file=str(place / (said.file or ""))))
    targets = [target for _, target, _ in found if target is not None]
    if len(set(targets)) < len(targets):
        raise error("U401", found="two files of one name", expected="files of different names, or one at a time")
    return found


def _check(path: str | Path, done: Redacted, people: bool) -> None:
    name = "stdin" if str(path) == "-" else str(path)
    for line, pointer, hit in _found(path, people):
        code = code_of(hit)
        done.findings.append(
            finding(code, file=name, line=line, pointer=pointer, found=shown(hit), expected="a placeholder")
        )
        done.secrets += code == "C411"
        done.persons += code != "C411"


def _found(path: str | Path, people: bool) -> Iterator[tuple[int, str | None, Hit]]:
    """Line (or row) from 1, place in it and hit, of everything that has to go."""
    if str(path).endswith(TABLE):
        for number, row in enumerate(_rows(_table(path)), start=1):
            for pointer, text in _strings(row):
                for hit in find_json(text.encode("utf-8", "surrogatepass"), True, people):
                    yield number, pointer, hit
        return
    data = _bytes(path)
    if not str(path).endswith((*LINES, *WHOLE)):
        for hit in find(data, True, people):
            yield data.count(b"\n", 0, hit.start) + 1, None, hit
        return
    for first, record in _records(path, data):
        seen: set[bytes] = set()
        try:
            value = msgspec.json.decode(record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            value = None
        for pointer, text in _strings(value):
            for hit in find(text.encode("utf-8", "surrogatepass"), True, people):
                seen.add(hit.value)
                yield first, pointer, hit
        for hit in find_json(record, True, people):
            if hit.value not in seen:
                yield first + record.count(b"\n", 0, hit.start), None, hit


def _write(path: str | Path, target: Path | None, done: Redacted, people: bool, second: bool) -> None:
    names = Placeholders()
    if str(path).endswith(TABLE):
        assert target is not None
        table = _redact_table(_table(path), names, done, people)
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target, compression="zstd")
        done.written.append(str(target))
        result = "\n".join(text for row in _rows(table) for _, text in _strings(row)).encode() if second else b""
    else:
        pieces = []
        data = _bytes(path)
        edit = redact_json if str(path).endswith((*LINES, *WHOLE)) else redact_text
        for _, record in _records(path, data):
            found = edit(record, names, True, people)
            done.secrets += found.secrets
            done.persons += found.persons
            pieces.append(found.data)
        result = b"".join(forget(piece, names) for piece in pieces)
        if target is None:
            done.text = result
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(result)
            done.written.append(str(target))
    if second:
        name = "stdin" if str(path) == "-" else str(target or path)
        done.findings += leftovers(result, names.secrets, name)


def _records(path: str | Path, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number of the first line, from 1, and bytes, of each line of JSON Lines; else of the whole."""
    if not str(path).endswith(LINES):
        yield 1, data
        return
    yield from enumerate(data.splitlines(keepends=True), start=1)


def _bytes(path: str | Path) -> bytes:
    if str(path) == "-":
        data = sys.stdin.buffer.read()
    elif not Path(path).is_file():
        raise error("U201", file=str(path), found="nothing at this path", expected="a file", fix="check the path")
    else:
        data = Path(path).read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16").encode("utf-8", "surrogatepass")
    if b"\x00" in data[:8000] or data[:4] == b"\x28\xb5\x2f\xfd":
        raise error(
            "U204",
            file=str(path),
            found="bytes that are no text",
            expected="text, JSON or Parquet",
            fix="unpack it first",
        )
    return data


def _table(path: str | Path) -> pa.Table:
    if not Path(path).is_file():
        raise error("U201", file=str(path), found="no such file", expected="a Parquet file")
    try:
        return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as problem:
        raise UserError(finding("U204", file=str(path), found=str(problem)[:200], expected="a Parquet file")) from None


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=1000):
        yield from batch.to_pylist()


def _strings(value: Any) -> Iterator[tuple[str, str]]:
    """Pointer and text of every string below ``value``, keys too."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        at, item = todo.pop()
        if isinstance(item, str):
            yield at, item
        elif isinstance(item, dict):
            for key in item:
                yield at, str(key)
            todo += [
                (f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}", inner)
                for key, inner in reversed(item.items())
            ]
        elif isinstance(item, list):
            todo += [(f"{at}/{n}", inner) for n, inner in reversed(list(enumerate(item)))]


def _redact_table(table: pa.Table, names: Placeholders, done: Redacted, people: bool) -> pa.Table:
    """``table`` with every text in it redacted, and its schema as it was."""

    def clean(text: str) -> str:
        found = redact_json(text.encode("utf-8", "surrogatepass"), names, True, people)
        done.secrets += found.secrets
        done.persons += found.persons
        return found.data.decode("utf-8", "replace")

    def last(text: str) -> str:
        return forget(text.encode("utf-8", "surrogatepass"), names).decode("utf-8", "replace")

    for edit in (clean, last):
        columns = [
            pa.chunked_array([_map_strings(chunk, edit) for chunk in table[name].chunks], table[name].type)
            for name in table.column_names
        ]
        table = pa.Table.from_arrays(columns, schema=table.schema)
    return table


def _map_strings(array: pa.Array, edit: Callable[[str], str]) -> pa.Array:
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, _map_strings(array.storage, edit))
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(array.indices, _map_strings(array.dictionary, edit))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.array([None if text is None else edit(text) for text in array.to_pylist()], kind)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        whole = pa.concat_arrays([array, array.slice(0, 0)]) if array.offset else array
        return type(array).from_arrays(whole.offsets, _map_strings(whole.values, edit), type=kind, mask=whole.is_null())
    if pa.types.is_map(kind):
        whole = pa.concat_arrays([array, array.slice(0, 0)]) if array.offset else array
        return pa.MapArray.from_arrays(
            whole.offsets, _map_strings(whole.keys, edit), _map_strings(whole.items, edit), kind
        )
    if pa.types.is_struct(kind):
        whole = pa.concat_arrays([array, array.slice(0, 0)]) if array.offset else array
        fields = [_map_strings(whole.field(i), edit) for i in range(kind.num_fields)]
        return pa.StructArray.from_arrays(fields, fields=list(kind), mask=whole.is_null())
    return array
