"""S: the bytes of a file and what its format asks. Of fields, numbering and time speak the rules."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="S101",
        rule="invalid-json",
        level="error",
        title="A line or file is not JSON",
        why="no reader can tell what was meant",
        fix="write the record again with a JSON library; one record a line for .jsonl",
    ),
    Code(
        code="S102",
        rule="invalid-utf8",
        level="error",
        title="Bytes that are not UTF-8",
        why="JSON is UTF-8; a guess at another encoding would change the text",
        fix="convert the file to UTF-8 from the encoding that it has",
    ),
    Code(
        code="S103",
        rule="nested-too-deeply",
        level="error",
        title="Arrays or objects are nested too deeply",
        why="several readers crash on such input",
        fix="flatten the value, or carry it as JSON text in a string",
    ),
    Code(
        code="S104",
        rule="duplicate-key",
        level="error",
        title="An object has the same key twice",
        why="some parsers take the first value, some the last, some refuse the file",
        fix="keep the one that is meant",
    ),
    Code(
        code="S105",
        rule="lone-surrogate-or-nul",
        level="warning",
        title="Text holds half a surrogate pair or a NUL",
        why="it cannot be stored as UTF-8; it is replaced by U+FFFD when read",
        fix="repair the text where it is made, usually a string cut in the middle of a character",
    ),
    Code(
        code="S106",
        rule="nan-or-infinity",
        level="error",
        title="NaN or Infinity stands where JSON has a number",
        why="JSON has no such value; parsers refuse it or make something else of it",
        fix="write null, or leave the field out",
    ),
    Code(
        code="S107",
        rule="integer-beyond-int64",
        level="warning",
        title="An integer does not fit 64 bits",
        why="most readers round it silently to a float",
        fix="write it as a string, or inside JSON text",
    ),
    Code(
        code="S108",
        rule="byte-order-mark",
        level="note",
        title="The file starts with a byte order mark",
        why="JSON forbids it; it is skipped here and breaks other readers",
        fix="save the file as UTF-8 without BOM",
    ),
    Code(
        code="S109",
        rule="record-too-large",
        level="error",
        title="A record is larger than any reader here accepts",
        why="it would have to be held in memory whole",
        fix="split it, or look for a missing line break",
    ),
    Code(
        code="S110",
        rule="file-cut-off",
        level="error",
        title="The file ends before its content does",
        why="what came after is lost; the records before the cut were read",
        fix="fetch or export the file again",
    ),
    Code(
        code="S111",
        rule="malformed-row",
        level="error",
        title="A table row does not fit its columns",
        why="it is unclear which value belongs to which column",
        fix="quote values that hold separators or line breaks",
    ),
    Code(
        code="S211",
        rule="not-of-its-format",
        level="error",
        title="A record lacks what its format requires",
        why="no trace can be made from it without inventing something",
        fix="add what is missing, or name another format with --format",
    ),
)
