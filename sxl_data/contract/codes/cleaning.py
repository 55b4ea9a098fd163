"""C7xx: what the clean stage edited or dropped, and what the write stage had to say in another way."""

from __future__ import annotations

from sxl_data.contract.codes import Code, table

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
    Code(
        code="C720",
        rule="integer-as-text",
        level="note",
        stage="write",
        title="An integer beyond 64 bits is a string in messages and tools",
        why="no reader of the published JSON columns takes a longer one, and the whole dataset would not load",
        fix="nothing to do; `steps` keeps the literal",
    ),
    Code(
        code="C721",
        rule="control-token-in-text",
        level="note",
        stage="clean",
        title="A text holds a control token of a chat template",
        why="a trainer that turns such text into the token itself reads it as the border of a turn",
        fix="nothing to do for sxl-train, which never does; elsewhere split special tokens, or leave the row out",
    ),
    Code(
        code="C722",
        rule="media-marked",
        level="note",
        stage="clean",
        title="An image, audio or file part was replaced by a placeholder of its type",
        why="a dataset of text cannot hold it, and a part that vanishes leaves an answer to nothing",
        fix="nothing to do; `media: keep` stores the part, `media: drop-row` leaves such rows out",
    ),
    Code(
        code="C723",
        rule="media-needed",
        level="note",
        stage="clean",
        title="The answer rests on an image, audio or file part that the dataset does not hold",
        why="a model trained on it learns to describe what it cannot see",
        fix="nothing to do; `media: keep` stores the part and keeps the row",
    ),
    Code(
        code="C724",
        rule="media-kept",
        level="note",
        stage="clean",
        title="An image, audio or file part is kept in `steps`, and `messages` has a placeholder for it",
        why="messages are text; what is trained on them alone does not see the part",
        fix="nothing to do; read the part from `steps`",
    ),
    Code(
        code="C780",
        rule="tools-inferred",
        level="note",
        stage="clean",
        title="The tools were declared from the calls of the row",
        why="a model that is trained on calls must be told of the tools, and the source does not name them",
        fix="nothing to do; `worth.undeclared_tools` says what happens to such rows",
    ),
)

CODES += table("""
C740 note truncated-answer
    title  The answer ends in the middle
    why    a model trained on it learns to stop anywhere
    fix    nothing to do; `clean.answers.truncated` drops, flags or keeps such rows
    stage  clean
C741 note repeated-text
    title  The answer says the same over and over
    why    a model trained on it learns to go round in circles
    fix    nothing to do; `clean.answers.repeated` drops, flags or keeps such rows
    stage  clean
C742 note refusal
    title  The answer declines
    why    a model trained on it learns to decline what it could do
    fix    nothing to do; `clean.answers.refused` drops, flags or keeps such rows
    stage  clean
C743 note boilerplate
    title  The answer speaks of being a language model, or holds the words around a web page
    why    they are no part of an answer
    fix    nothing to do; `clean.answers.boilerplate` drops, flags or keeps such rows
    stage  clean
C744 note echoed-question
    title  The answer is the question once more
    why    there is nothing to learn
    fix    nothing to do; `clean.answers.echoed` drops, flags or keeps such rows
    stage  clean
C745 note placeholder-answer
    title  The answer only stands for one
    why    there is nothing to learn
    fix    nothing to do; `clean.answers.placeholder` drops, flags or keeps such rows
    stage  clean
C746 note template-left-over
    title  Marks or empty slots of a prompt template are left in the row
    why    the model would learn to write the template, or to answer one
    fix    fill the slots; `clean.answers.leftover` drops, flags or keeps such rows
    stage  clean
C747 note template-removed
    title  What a prompt template left at the ends of a text was taken away
    why    a trainer puts its own template around the text
    fix    nothing to do; `clean.text: false` leaves it
    stage  clean
C748 note code-out-of-bounds
    title  A figure of the row's code is outside of what the recipe allows
    why    minified, generated, encoded or nearly empty code teaches nothing
    fix    nothing to do; `sift` has the bounds, and a changed bound computes nothing anew
    stage  sift
""")
