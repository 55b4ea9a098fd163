"""C7xx: what the clean stage edited or dropped."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="C701",
        rule="text-repaired",
        level="note",
        stage="clean",
        title="Characters that no model should learn were removed",
        why="NUL, byte order marks, carriage returns and text decoded with the wrong table are damage",
        fix="nothing to do; `clean.text: false` leaves them",
    ),
    Code(
        code="C702",
        rule="code-does-not-parse",
        level="note",
        stage="clean",
        title="The code of the answer has syntax errors",
        why="a model trained on it learns to write code that does not run",
        fix="nothing to do; `clean.code: keep` keeps such rows",
    ),
    Code(
        code="C703",
        rule="secret-removed",
        level="note",
        stage="clean",
        title="Something that looks like a key or password was replaced",
        why="published credentials are used within minutes",
        fix="revoke it if it was real",
    ),
    Code(
        code="C704",
        rule="empty-answer",
        level="note",
        stage="clean",
        title="The agent neither says nor does anything",
        why="there is nothing to learn",
        fix="nothing to do",
    ),
    Code(
        code="C705",
        rule="licence-not-allowed",
        level="note",
        stage="clean",
        title="The licence is not one that the recipe allows",
        why="`clean.licences` lists what may go into the dataset",
        fix="add the licence there if it may",
    ),
    Code(
        code="C706",
        rule="private-data-removed",
        level="note",
        stage="clean",
        title="A home folder, e-mail address or name was replaced",
        why="agent logs show who made them",
        fix="nothing to do",
    ),
    Code(
        code="C707",
        rule="fails-validation",
        level="note",
        stage="clean",
        title="The trace has errors at the recipe's validation profile",
        why="a model cannot be trained on it as it is",
        fix="see the detail for the codes; `clean.profile: ingest` keeps such rows",
    ),
)
