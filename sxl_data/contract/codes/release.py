"""T6xx: a finished run on its way to strangers."""

from __future__ import annotations

from sxl_data.contract.codes import table

CODES = table("""
T601 error nothing-to-ask
    title  Nothing calls a tool: neither an evaluation nor the dataset
    why    a package is checked by a call that it really generates, and the card shows the same lines
    fix    evaluate the model into RUN/eval/release with a suite of tool calls, or give --dataset a build with calls
T602 error statement-unsigned
    title  Nobody has signed for limitations, biases and ethics
    why    a program drafted them from measurements; whoever publishes a model answers for what is said of it
    fix    read STATEMENT.md, change what is not so, and write a name and a date behind `Signed:`
T603 error licence-unknown
    title  No licence can be named for the model
    why    base and rows state none that holds for all of it, so nobody may use it
    fix    build the dataset with `licences: permissive`, or set release.licence to one that base and rows allow
T604 error package-invalid
    title  A file of the package is not what it says
    why    who downloads it would find other numbers or files than the card promises
    fix    make the package again; report it where that does not help
T605 error signature-fails
    title  The package cannot be signed, or is not what was signed
    why    a signature says that every file is as its maker left it
    fix    check the key, or download the package again
T606 error evidence-differs
    title  What travelled of a run does not belong to what is here
    why    an adapter on other weights, or a package measured on other rows, is another model than the one described
    fix    name the run's own base and dataset with base_model= and dataset=, or let the folder travel again
""")
