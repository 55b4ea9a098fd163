"""P: calls and results that do not pair up."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = ()
