"""A calculator with units and a memory."""

from __future__ import annotations

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.toolset import State, Toolset
from sxl_data.toolsets.values import TOPICS


class Memory(State):
    """Name → saved number."""

    saved: dict[str, float] = msgspec.field(default_factory=dict)


def start(pick: Pick) -> Memory:
    """Two or three saved numbers."""
    return Memory({name: float(pick.number(11, 999)) for name in pick.several(TOPICS, pick.any((2, 3)))})


SET = Toolset("calculator", "calculator and units", start, covers="calculations, units and saved numbers")
