"""O: phases in an order that no agent loop has."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = ()
