"""S: the bytes and fields of a trace. S1 is about text, S2 about fields, S3 about numbering and time."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="S101", rule="invalid-json", level="error",
        title="A line or file is not JSON",
        why="no reader can tell what was meant",
        fix="write the record again with a JSON library; one record a line for .jsonl",
    ),
    Code(
        code="S102", rule="invalid-utf8", level="error",
        title="Bytes that are not UTF-8",
        why="JSON is UTF-8; a guess at another encoding would change the text",
        fix="convert the file to UTF-8 from the encoding that it has",
    ),
    Code(
        code="S103", rule="nested-too-deeply", level="error",
        title="Arrays or objects are nested too deeply",
        why="several readers crash on such input",
        fix="flatten the value, or carry it as JSON text in a string",
    ),
    Code(
        code="S104", rule="duplicate-key", level="error",
        title="An object has the same key twice",
        why="some parsers take the first value, some the last, some refuse the file",
        fix="keep the one that is meant",
    ),
    Code(
        code="S105", rule="lone-surrogate-or-nul", level="warning",
        title="Text holds half a surrogate pair or a NUL",
        why="it cannot be stored as UTF-8; it is replaced by U+FFFD when read",
        fix="repair the text where it is made, usually a string cut in the middle of a character",
    ),
    Code(
        code="S106", rule="nan-or-infinity", level="error",
        title="NaN or Infinity stands where JSON has a number",
        why="JSON has no such value; parsers refuse it or make something else of it",
        fix="write null, or leave the field out",
    ),
    Code(
        code="S107", rule="integer-beyond-int64", level="warning",
        title="An integer does not fit 64 bits",
        why="most readers round it silently to a float",
        fix="write it as a string, or inside JSON text",
    ),
    Code(
        code="S108", rule="byte-order-mark", level="note",
        title="The file starts with a byte order mark",
        why="JSON forbids it; it is skipped here and breaks other readers",
        fix="save the file as UTF-8 without BOM",
    ),
    Code(
        code="S109", rule="record-too-large", level="error",
        title="A record is larger than any reader here accepts",
        why="it would have to be held in memory whole",
        fix="split it, or look for a missing line break",
    ),
    Code(
        code="S110", rule="file-cut-off", level="error",
        title="The file ends before its content does",
        why="what came after is lost; the records before the cut were read",
        fix="fetch or export the file again",
    ),
    Code(
        code="S111", rule="malformed-row", level="error",
        title="A table row does not fit its columns",
        why="it is unclear which value belongs to which column",
        fix="quote values that hold separators or line breaks",
    ),
    Code(
        code="S201", rule="schema-violation", level="error",
        title="A field has the wrong type or a value that is not allowed",
        why="the trace does not follow the schema, so nothing can rely on that field",
        fix="give the field a value of the expected kind",
    ),
    Code(
        code="S202", rule="unknown-field", level="error",
        title="A field that the schema does not have",
        why="a misspelt field would be lost without a word",
        fix="use the name suggested, or put the value under `ext_json`",
    ),
    Code(
        code="S203", rule="missing-field", level="error",
        title="A required field is missing",
        why="it has no default that could be assumed",
        fix="add the field",
    ),
    Code(
        code="S204", rule="unknown-version", level="error",
        title="The trace is of a schema version that cannot be read",
        why="another major version may mean something else by the same field",
        fix="convert it, or use a release of sxl that reads this version",
    ),
    Code(
        code="S205", rule="newer-version", level="warning",
        title="The trace is of a newer minor version",
        why="it is read as far as this version knows the fields",
        fix="update sxl",
    ),
    Code(
        code="S206", rule="embedded-json", level="error",
        title="A field named *_json does not hold JSON text",
        why="whoever uses the field will fail on it later",
        fix="write the value as JSON into the string",
    ),
    Code(
        code="S211", rule="not-of-its-format", level="error",
        title="A record lacks what its format requires",
        why="no trace can be made from it without inventing something",
        fix="add what is missing, or name another format with --format",
    ),
    Code(
        code="S301", rule="index-out-of-order", level="error",
        title="A step's index is not its position",
        why="findings and annotations refer to steps by index",
        fix="number the steps 0, 1, 2, … in their order",
    ),
    Code(
        code="S302", rule="iteration-out-of-order", level="error",
        title="Iterations do not count the loops",
        why="`iteration` starts at 0 and grows by one after each Iterate",
        fix="number the loops in their order",
    ),
    Code(
        code="S303", rule="turn-out-of-order", level="error",
        title="Turns do not grow with the steps",
        why="the steps of one turn become one message, so a turn cannot be resumed later",
        fix="number the model responses in their order",
    ),
    Code(
        code="S304", rule="time-goes-backwards", level="warning",
        title="A step is earlier than the step before it",
        why="the steps may have been put into a wrong order",
        fix="sort the steps as they happened, or correct the clock",
    ),
    Code(
        code="S305", rule="invalid-timestamp", level="warning",
        title="A timestamp is not an RFC 3339 time",
        why="times that cannot be compared cannot show the order of steps",
        fix='write it like "2026-01-31T09:30:00Z"',
    ),
)  # fmt: skip
