"""T: training preflight and gates."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = ()
