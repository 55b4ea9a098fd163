"""Patterns of tasks kept for evaluation: new ones over the tools of training, and those that held-out tools solve."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, call
from sxl_data.toolsets.sets.home.tasks import change, one
from sxl_data.toolsets.sets.home.world import SET, Home
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import MOODS


@SET.pattern("ordered", "patterns")
def goodnight(pick: Pick, state: Home) -> Job:
    """Good night from the {room}: blind down to {n}, heating down to {c} °C.
    It's late and I'm off to bed in the {room}. The blind goes to {n} percent, then the heating to {c} °C.
    > Good night. The blind is at {n} percent, the heating at {c} degrees.
    """
    blind, n, c = one(pick, state, "blind"), pick.number(60, 100), pick.number(14, 20)

    def want(end: Any) -> None:
        end["devices"][blind.name]["level"], end["climate"][blind.room]["wanted"] = n, c

    steps = [call("move_blind", name=blind.name, percent=n), call("heat", room=blind.room, celsius=c)]
    return Job({"room": blind.room, "n": n, "c": c}, steps, want)


@SET.pattern("dependent", "patterns")
def toggle(pick: Pick, state: Home) -> Job:
    """Flip the {name}: if it's on, off with it, and the other way round.
    Whatever the {name} is doing, I want the opposite.
    > It was {before}, so the {name} is {after} now.
    """
    device = one(pick, state, "lamp", "machine")

    def plan() -> Plan:
        found = yield call("get_device", name=device.name)
        yield call("switch", name=device.name, on=not found["on"])
        return {"before": "on" if found["on"] else "off", "after": "off" if found["on"] else "on"}

    return Job({"name": device.name}, plan, change(device.name, on=not device.on))


@SET.pattern("single", "patterns")
def remember_scene(pick: Pick, state: Home) -> Job:
    """A scene called “{scene}”, please: {a} on, {b} off.
    In “{scene}” the {a} is on and the {b} is off. Save that.
    > The scene “{scene}” is saved.
    """
    mine = [device.name for device in state.devices.values() if device.kind in ("lamp", "machine")]
    (a, b), scene = pick.some(mine, 2), pick.new(MOODS)

    def want(end: Any) -> None:
        end["scenes"][scene] = {a: True, b: False}

    return Job({"scene": scene, "a": a, "b": b}, [call("save_scene", name=scene, on=[a], off=[b])], want)


@SET.pattern("single", "tools")
def off_later(pick: Pick, state: Home) -> Job:
    """The {name} may run {n} minutes more, not longer.
    In {n} minutes the {name} should go off by itself.
    > The {name} switches itself off in {n} minutes.
    """
    device, n = one(pick, state, "lamp", "machine"), pick.number(5, 240)

    def want(end: Any) -> None:
        end["timers"][device.name] = n

    return Job({"name": device.name, "n": n}, [call("set_timer", name=device.name, minutes=n)], want)


@SET.pattern("single", "tools")
def room_off(pick: Pick, state: Home) -> Job:
    """Everything off in the {room}.
    Lights out in the {room}, machines too.
    > All lamps and machines of the {room} are off.
    """
    room = pick.any(sorted(state.climate))

    def want(end: Any) -> None:
        for device in end["devices"].values():
            if device["room"] == room and device["kind"] in ("lamp", "machine"):
                device["on"] = False

    return Job({"room": room}, [call("all_off", room=room)], want)
