"""R: what an export or a chat template loses."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = ()
