"""C: what reading left out or added. Of what is said, done and returned speak the rules."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="C415",
        rule="text-not-read",
        level="warning",
        title="Text of the document is in no trace",
        why="the reader does not know this field, so a dataset made of the file silently lacks what it says",
        fix="see `sxl-data validate FILE --coverage`; name another --format, or report it if the text belongs there",
    ),
    Code(
        code="C416",
        rule="text-not-in-source",
        level="warning",
        stage="read",
        title="A trace says what its document does not",
        why="nothing may be invented: a model would be trained on words that nobody wrote",
        fix="this is a fault of the reader, please report it with the file",
    ),
)
