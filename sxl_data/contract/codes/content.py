"""C: text and media of a trace, and what cleaning did to it."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = ()
