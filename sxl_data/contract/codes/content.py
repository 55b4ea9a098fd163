"""C: what reading left out or added. Of what is said, done and returned speak the rules."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
C415 warning text-not-read
    title  Text of the document is in no trace
    why    the reader does not know this field, so a dataset made of the file silently lacks what it says
    fix    see `sxl-data validate FILE --coverage`; name another --format, or report it if the text belongs there
C416 warning text-not-in-source
    title  A trace says what its document does not
    stage  read
    why    nothing may be invented: a model would be trained on words that nobody wrote
    fix    this is a fault of the reader, please report it with the file
""")
