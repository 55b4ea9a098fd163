"""The devices of a home, in memory.: the tools."""

from __future__ import annotations

from sxl_data.toolsets.sets.home.world import SET, Climate, Device, Home
from sxl_data.toolsets.tools import ToolError


@SET.tool
def list_devices(state: Home, room: str = "") -> list[Device]:
    """List the devices of the home, or of one room.

    room: name of the room; empty for all
    """
    return [device for device in state.devices.values() if not room or device.room == room]


@SET.tool
def get_device(state: Home, name: str) -> Device:
    """Say how a device is set.

    name: name of the device
    """
    return state.device(name)


@SET.tool
def switch(state: Home, name: str, on: bool) -> str:
    """Switch a lamp or a machine on or off.

    name: name of the device
    on: true for on
    """
    state.device(name, "lamp", "machine").on = on
    return f"{name} is {'on' if on else 'off'}"


@SET.tool
def set_brightness(state: Home, name: str, percent: int) -> str:
    """Set how bright a lamp shines, and switch it on.

    name: name of the lamp
    percent: from 1 to 100
    """
    if not 1 <= percent <= 100:
        raise ToolError("out_of_range", "brightness goes from 1 to 100")
    lamp = state.device(name, "lamp")
    lamp.on, lamp.level = True, percent
    return f"{name} shines at {percent} percent"


@SET.tool
def move_blind(state: Home, name: str, percent: int) -> str:
    """Move a blind.

    name: name of the blind
    percent: how far it is closed, from 0 (open) to 100
    """
    if not 0 <= percent <= 100:
        raise ToolError("out_of_range", "a blind goes from 0 to 100")
    state.device(name, "blind").level = percent
    return f"{name} is closed to {percent} percent"


@SET.tool
def lock(state: Home, name: str, locked: bool) -> str:
    """Lock or unlock a door.

    name: name of the door
    locked: true to lock
    """
    state.device(name, "door").on = locked
    return f"{name} is {'locked' if locked else 'unlocked'}"


@SET.tool
def read_climate(state: Home, room: str) -> Climate:
    """Give the temperature of a room and the one it is heated to, in degrees Celsius.

    room: name of the room
    """
    if room not in state.climate:
        raise ToolError("not_found", f"no room {room!r}")
    return state.climate[room]


@SET.tool
def heat(state: Home, room: str, celsius: float) -> str:
    """Set the temperature that a room is heated to.

    room: name of the room
    celsius: degrees Celsius, from 5 to 30
    """
    read_climate(state, room)
    if not 5 <= celsius <= 30:
        raise ToolError("out_of_range", f"{celsius} degrees Celsius; heating goes from 5 to 30")
    state.climate[room].wanted = celsius
    return f"{room} is heated to {celsius} degrees Celsius"


@SET.tool
def save_scene(state: Home, name: str, on: list[str], off: list[str] | None = None) -> str:
    """Save which devices are on and off in a scene; replaces a scene of that name.

    name: name of the scene
    on: names of the devices that are on
    off: names of the devices that are off
    """
    for device in [*on, *(off or [])]:
        state.device(device, "lamp", "machine")
    state.scenes[name] = dict.fromkeys(on, True) | dict.fromkeys(off or [], False)
    return f"saved {name}"


@SET.held_out_tool
def set_timer(state: Home, name: str, minutes: int) -> str:
    """Let a device switch itself off after some minutes.

    name: name of the device
    minutes: from 1 to 1440
    """
    if not 1 <= minutes <= 1440:
        raise ToolError("out_of_range", "a timer goes from 1 to 1440 minutes")
    state.device(name, "lamp", "machine")
    state.timers[name] = minutes
    return f"{name} switches off in {minutes} minutes"


@SET.held_out_tool
def all_off(state: Home, room: str) -> list[str]:
    """Switch off every lamp and machine of a room and give those that were on.

    room: name of the room
    """
    found = [device for device in state.devices.values() if device.room == room]
    if not found:
        raise ToolError("not_found", f"no room {room!r}")
    were = [device for device in found if device.on and device.kind in ("lamp", "machine")]
    for device in were:
        device.on = False
    return [device.name for device in were]
