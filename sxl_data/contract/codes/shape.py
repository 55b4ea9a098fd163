"""S: the bytes of a file and what its format asks. Of fields, numbering and time speak the rules."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
S101 error invalid-json
    title  A line or file is not JSON
    why    no reader can tell what was meant
    fix    write the record again with a JSON library; one record a line for .jsonl
S102 error invalid-utf8
    title  Bytes that are not UTF-8
    why    JSON is UTF-8; a guess at another encoding would change the text
    fix    convert the file to UTF-8 from the encoding that it has
S103 error nested-too-deeply
    title  Arrays or objects are nested too deeply
    why    several readers crash on such input
    fix    flatten the value, or carry it as JSON text in a string
S104 error duplicate-key
    title  An object has the same key twice
    why    some parsers take the first value, some the last, some refuse the file
    fix    keep the one that is meant
S105 warning lone-surrogate-or-nul
    title  Text holds half a surrogate pair or a NUL
    why    it cannot be stored as UTF-8; it is replaced by U+FFFD when read
    fix    repair the text where it is made, usually a string cut in the middle of a character
S106 error nan-or-infinity
    title  NaN or Infinity stands where JSON has a number
    why    JSON has no such value; parsers refuse it or make something else of it
    fix    write null, or leave the field out
S107 warning integer-beyond-int64
    title  An integer does not fit 64 bits
    why    most readers round it silently to a float
    fix    write it as a string, or inside JSON text
S108 note byte-order-mark
    title  The file starts with a byte order mark
    why    JSON forbids it; it is skipped here and breaks other readers
    fix    save the file as UTF-8 without BOM
S109 error record-too-large
    title  A record is larger than any reader here accepts
    why    it would have to be held in memory whole
    fix    split it, or look for a missing line break
S110 error file-cut-off
    title  The file ends before its content does
    why    what came after is lost; the records before the cut were read
    fix    fetch or export the file again
S111 error malformed-row
    title  A table row does not fit its columns
    why    it is unclear which value belongs to which column
    fix    quote values that hold separators or line breaks
S112 note table-dialect
    title  A table is written in another encoding, or with another separator, than CSV's own
    why    it was recognised by its first rows and read so; other readers may take it for something else
    fix    save it as UTF-8 with commas where a letter or a column came out wrong
S211 error not-of-its-format
    title  A record lacks what its format requires
    why    no trace can be made from it without inventing something
    fix    add what is missing, or name another format with --format
S212 warning unknown-role
    title  A message has a role that no chat format knows
    why    it is read as the environment's: what a person asked or a model answered cannot be told from it
    fix    name the role user, assistant, system, developer or tool
""")
