"""M: numbers that contradict each other."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="M501",
        rule="totals-differ",
        level="warning",
        title="A total is not the sum of the steps",
        why="one of the two is wrong, or steps are missing",
        fix="sum again, or leave the total out",
    ),
    Code(
        code="M502",
        rule="impossible-number",
        level="error",
        title="A number cannot be what it says",
        why="counts, costs and times are never negative, and cached tokens are part of the prompt's",
        fix="correct it, or leave it out",
    ),
    Code(
        code="M503",
        rule="exit-code-with-status-ok",
        level="warning",
        title="A result with status ok has an exit code that is not 0",
        why="one of the two is wrong",
        fix="set the status to `error`, unless this program means something else by the code",
    ),
    Code(
        code="M504",
        rule="outcome-contradicted",
        level="warning",
        title="The outcome contradicts its reward",
        why="a filter on either would choose other traces",
        fix="correct the status or the reward",
    ),
)
