"""The devices of a home, in memory."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import State, Toolset

ROOMS = tuple(
    "kitchen|living room|bedroom|bathroom|hallway|study|guest room|cellar|attic|garage|nursery|dining room|workshop|"
    "conservatory|laundry|pantry|library|porch|sauna|music room|gym|balcony|studio|utility room".split("|")
)


LAMPS = tuple(
    "ceiling lamp|floor lamp|desk lamp|wall light|reading lamp|lantern|light strip|spotlight|night light|chandelier|"
    "pendant|table lamp|uplighter|bedside lamp".split("|")
)


MACHINES = tuple(
    "radio|fan|coffee machine|humidifier|heater|television|air purifier|kettle|dishwasher|speaker|printer|dryer|"
    "slow cooker|aquarium pump|projector|dehumidifier".split("|")
)


class Device(msgspec.Struct):
    """Something that can be switched."""

    name: str
    room: str
    kind: Literal["lamp", "machine", "blind", "door"]
    on: bool = False
    level: int = 100
    online: bool = True


class Climate(msgspec.Struct):
    """The heating of a room, in degrees Celsius."""

    room: str
    measured: float
    wanted: float


class Home(State):
    """Devices by name, the climate of each room, scenes and timers."""

    devices: dict[str, Device]
    climate: dict[str, Climate]
    scenes: dict[str, dict[str, bool]] = msgspec.field(default_factory=dict)
    timers: dict[str, int] = msgspec.field(default_factory=dict)

    def device(self, name: str, *kinds: str) -> Device:
        """The device called ``name``; refuses others, those of another kind, and those that do not answer."""
        if name not in self.devices:
            raise ToolError("not_found", f"no device {name!r}")
        found = self.devices[name]
        if kinds and found.kind not in kinds:
            raise ToolError("wrong_kind", f"{name} is a {found.kind}")
        if not found.online:
            raise ToolError("offline", f"{name} does not answer")
        return found


def start(pick: Pick) -> Home:
    """Three or four rooms with a lamp, a machine, a blind and, in one, a door each."""
    state = Home({}, {})
    for n, room in enumerate(pick.several(ROOMS, pick.any((3, 4)))):
        lamp, machine = pick.new(LAMPS), pick.new(MACHINES)
        for name, kind in ((lamp, "lamp"), (machine, "machine"), ("blind", "blind"), ("door", "door"))[: 4 - (n > 0)]:
            level = 100 if kind in ("machine", "door") else pick.number(10, 95, 5)
            made: Any = Device(f"{room} {name}", room, kind, pick.chance(0.5), level)  # type: ignore[arg-type]
            state.devices[made.name] = made
        state.climate[room] = Climate(room, pick.number(150, 240) / 10, float(pick.number(17, 23)))
    return state


SET = Toolset("home", "a home's devices", start, covers="the lamps, machines, blinds, doors and heating of this home")
