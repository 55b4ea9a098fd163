"""A YAML file as one record.

In: the bytes of a YAML document. Out: the same value as JSON text, so that everything behind it (strict decoding,
findings, readers) is as for JSON; its line is 1. Aliases, keys that stand twice and files over a megabyte are
refused as in recipes: a few bytes of aliases can stand for gigabytes, and parsing takes seconds a megabyte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sxl_data.contract import yaml
from sxl_data.contract.errors import UserError, finding
from sxl_data.files.record import Raw, Record


def yaml_record(pieces: Iterator[bytes], file: str) -> Raw | Record:
    """The document in ``pieces``, or a record without value that says why."""
    data = b""
    for piece in pieces:
        data += piece
        if len(data) > 4 * yaml.MAX_BYTES:  # bytes of so many characters at most
            return _refused("S109", file, 1, f"over {yaml.MAX_BYTES} characters of YAML", "less, or JSON")
    try:
        value, _ = yaml.parse(data.decode("utf-8"), file)
        text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as problem:
        return _refused("S102", file, data.count(b"\n", 0, problem.start) + 1, str(problem), "UTF-8")
    except UserError as problem:
        first = problem.findings[0]
        return _refused("S101", file, first.line or 1, first.found, first.expected)
    except (TypeError, ValueError) as problem:
        return _refused("S101", file, 1, str(problem), "values that JSON has")
    return Raw(1, text)


def _refused(code: str, file: str, line: int, found: str | None, expected: str | None) -> Record:
    return Record(1, None, findings=(finding(code, file=file, line=line, found=found, expected=expected),))
