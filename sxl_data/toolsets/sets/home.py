"""The devices of a home, in memory."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import Job, State, Toolset
from sxl_data.toolsets.values import MOODS, PEOPLE

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


def one(pick: Pick, state: Home, *kinds: str) -> Device:
    """A device of these kinds."""
    return pick.any([device for device in state.devices.values() if device.kind in kinds])


def change(name: str, **fields: Any) -> Any:
    """A wanted end in which the device ``name`` has other ``fields``."""

    def want(end: Any) -> None:
        end["devices"][name].update(fields)

    return want


@SET.pattern("single")
def on_or_off(pick: Pick, state: Home) -> Job:
    """{Switch|Turn} the {name} {way}.
    The {name} {should be|needs to be} {way}.
    {Would you|Could you} {turn|switch} {way} the {name}{| for {person}}?
    > The {name} is {way}.
    > Done{: {name} {way}|, it's {way}}.
    """
    device = one(pick, state, "lamp", "machine")
    on = not device.on
    slots = {"name": device.name, "way": "on" if on else "off", "person": pick.new(PEOPLE)}
    return Job(slots, [call("switch", name=device.name, on=on)], change(device.name, on=on))


@SET.pattern("single")
def dim(pick: Pick, state: Home) -> Job:
    """{Set|Dim|Bring} the {name} to {n} {percent|%}.
    {I'd like|Make} the {name} at {n} percent{ brightness|}.
    The {name} {is too bright for reading|looks wrong}; {n} percent {would be right|please}.
    > The {name} shines at {n} percent.
    """
    lamp = one(pick, state, "lamp")
    n = pick.number(5, 95)
    steps = [call("set_brightness", name=lamp.name, percent=n)]
    return Job({"name": lamp.name, "n": n}, steps, change(lamp.name, on=True, level=n))


@SET.pattern("single")
def how_warm(pick: Pick, state: Home) -> Job:
    """How {warm|cold} is {it in |}the {room}{| right now}?
    {person} {says it's chilly|complains about the heat} in the {room}. What's the temperature there?
    {Check|Tell me} the temperature of the {room}.
    > It's {measured} degrees in the {room}.
    """
    room = pick.any(sorted(state.climate))
    value = str(state.climate[room].measured)

    def plan() -> Plan:
        found = yield call("read_climate", room=room)
        return {"measured": found["measured"]}

    return Job({"room": room, "person": pick.new(PEOPLE)}, plan, found=(value,), answer=(value,))


@SET.pattern("ordered")
def door_then_lamp(pick: Pick, state: Home) -> Job:
    """{First|Before anything else} {lock} the {door}, then {switch|turn} the {name} {way}.
    {person} is {coming home|leaving}: {lock} the {door} and {after that|then} {turn|switch} the {name} {way}.
    > The {door} is {locked} and the {name} {way}.
    """
    door, device = one(pick, state, "door"), one(pick, state, "lamp", "machine")
    locked, on = not door.on, not device.on

    def want(end: Any) -> None:
        end["devices"][door.name]["on"], end["devices"][device.name]["on"] = locked, on

    steps = [call("lock", name=door.name, locked=locked), call("switch", name=device.name, on=on)]
    slots = {"door": door.name, "name": device.name, "way": "on" if on else "off", "person": pick.new(PEOPLE)}
    return Job(
        slots | {"lock": "lock" if locked else "unlock", "locked": "locked" if locked else "unlocked"}, steps, want
    )


@SET.pattern("ordered")
def blind_and_heat(pick: Pick, state: Home) -> Job:
    """{Close|Move} the {blind} to {n} percent and {then heat|after that set} the {room} to {c} degrees Celsius.
    {blind} {at|to} {n} percent, then the heating {of|in} the {room} {at|to} {c} °C.
    > The {blind} is at {n} percent, and the {room} is heated to {c} degrees.
    """
    blind, n, c = one(pick, state, "blind"), pick.number(5, 95), pick.number(16, 26)

    def want(end: Any) -> None:
        end["devices"][blind.name]["level"], end["climate"][blind.room]["wanted"] = n, c

    steps = [call("move_blind", name=blind.name, percent=n), call("heat", room=blind.room, celsius=c)]
    return Job({"blind": blind.name, "room": blind.room, "n": n, "c": c}, steps, want)


@SET.pattern("parallel")
def two_devices(pick: Pick, state: Home) -> Job:
    """{Switch|Turn} {way} {both |}the {a} and the {b}.
    The {a} and the {b} {should both be|can both go} {way}.
    {way}, please: {a}, {b}.
    > {Both are {way}|The {a} and the {b} are {way}}.
    """
    on = pick.chance(0.5)
    mine = [device for device in state.devices.values() if device.kind in ("lamp", "machine")]
    a, b = pick.some(mine, 2)
    a.on = b.on = not on

    def want(end: Any) -> None:
        end["devices"][a.name]["on"] = end["devices"][b.name]["on"] = on

    steps = [[call("switch", name=device.name, on=on) for device in (a, b)]]
    return Job({"a": a.name, "b": b.name, "way": "on" if on else "off"}, steps, want)


@SET.pattern("parallel")
def two_rooms_warm(pick: Pick, state: Home) -> Job:
    """{Heat|Set} the {a} to {n} and the {b} to {m} degrees Celsius.
    {n} °C in the {a} and {m} °C in the {b}{| would be nice|, please}.
    > The {a} is heated to {n} degrees, the {b} to {m}.
    """
    a, b = pick.some(sorted(state.climate), 2)
    n, m = pick.number(15, 27), pick.number(15, 27)

    def want(end: Any) -> None:
        end["climate"][a]["wanted"], end["climate"][b]["wanted"] = n, m

    steps = [[call("heat", room=a, celsius=n), call("heat", room=b, celsius=m)]]
    return Job({"a": a, "b": b, "n": n, "m": m}, steps, want)


@SET.pattern("dependent")
def warmer(pick: Pick, state: Home) -> Job:
    """{Make it|I want it} {n} degrees {way} in the {room} than {it is set|the heating is set}.
    The {room} {is not comfortable|feels wrong}: set the heating {n} degrees {way}{.| than now.}
    ~ The {room} is heated to {old} degrees, so {n} {way} are {new}.
    > The {room} {was at|went from} {old} {and is at|to} {new} degrees.
    """
    room, way, n = pick.any(sorted(state.climate)), pick.any(("warmer", "cooler")), pick.number(1, 6)
    value = state.climate[room].wanted + (n if way == "warmer" else -n)

    def plan() -> Plan:
        found = yield call("read_climate", room=room)
        new = found["wanted"] + (n if way == "warmer" else -n)
        yield think(old=f"{found['wanted']:g}", new=f"{new:g}")
        yield call("heat", room=room, celsius=new)
        return {"old": f"{found['wanted']:g}", "new": f"{new:g}"}

    def want(end: Any) -> None:
        end["climate"][room]["wanted"] = value

    return Job({"room": room, "n": n, "way": way}, plan, want, answer=(f"{value:g}",))


@SET.pattern("dependent")
def what_is_on(pick: Pick, state: Home) -> Job:
    """{Switch|Turn} off {whatever|everything that} {is on|is running} in the {room}{, but leave the door alone|}.
    {Nobody is|{person} is no longer} in the {room}: {switch off what is on there|no lamp or machine should be on}.
    ~ {On in the {room}|What is on there}: {listed}.
    > {I switched off|Off now}: {listed}.
    """
    lamp = one(pick, state, "lamp")
    room = lamp.room
    lamp.on = True
    running = [d.name for d in state.devices.values() if d.room == room and d.on and d.kind in ("lamp", "machine")]

    def plan() -> Plan:
        found = yield call("list_devices", room=room)
        names = [item["name"] for item in found if item["on"] and item["kind"] in ("lamp", "machine")]
        yield think(listed=" and ".join(names))
        yield [call("switch", name=name, on=False) for name in names]
        return {"listed": " and ".join(names)}

    def want(end: Any) -> None:
        for name in running:
            end["devices"][name]["on"] = False

    return Job({"room": room, "person": pick.new(PEOPLE)}, plan, want)


@SET.pattern("ask")
def which_scale(pick: Pick, state: Home) -> Job:
    """{Heat|Set} the {room} to {n}{| degrees}{.|, please.}
    {n} degrees in the {room}{.|, please.}
    ~ {n} degrees Celsius are more than the heating takes, so Fahrenheit may be meant. I must not guess.
    ? {n} degrees {Fahrenheit|in Fahrenheit}? {The heating here takes Celsius|I set Celsius}, {at most|up to} 30.
    < {Yes, Fahrenheit|Fahrenheit, of course}{.|, so about {c} Celsius.|; take {c} Celsius.}
    > {n} °F are {about |}{c} °C, and the {room} is heated to that.
    """
    room, c = pick.any(sorted(state.climate)), pick.number(15, 27)
    n = round(c * 9 / 5 + 32)

    def want(end: Any) -> None:
        end["climate"][room]["wanted"] = c

    slots = {"room": room, "n": n, "c": c}
    return Job(slots, [think(), ask(), call("heat", room=room, celsius=c)], want)


@SET.pattern("ask")
def which_room(pick: Pick, state: Home) -> Job:
    """{Close|Move} the blind to {n} percent.
    The blind {should be|needs to be} at {n} percent.
    ~ There are {count} blinds, and the request does not say which.
    ? {In which room|Which of the blinds}?
    < {The one in the {room}|In the {room}|{room}}{.|, please.}
    > The {name} is closed to {n} percent.
    """
    blind, n = one(pick, state, "blind"), pick.number(5, 95)

    def plan() -> Plan:
        found = yield call("list_devices")
        yield think(count=sum(item["kind"] == "blind" for item in found))
        yield ask()
        yield call("move_blind", name=blind.name, percent=n)
        return None

    return Job({"n": n, "room": blind.room, "name": blind.name}, plan, change(blind.name, level=n))


@SET.pattern("recover")
def lamp_or_other(pick: Pick, state: Home) -> Job:
    """{Switch|Turn} on the {name}, or the {other} if {that one fails|it doesn't answer}.
    {I need light|Light, please}: the {name}{, or else|; failing that} the {other}.
    ~ The {name} is offline, so the {other} has to do.
    > The {name} doesn't answer, so {I switched on the {other}|the {other} is on}.
    """
    dead, other = pick.some([device for device in state.devices.values() if device.kind == "lamp"], 2)
    dead.online, other.on = False, False

    def plan() -> Plan:
        got = yield may_fail("switch", name=dead.name, on=True)
        assert isinstance(got, Refusal)
        yield think()
        yield call("switch", name=other.name, on=True)
        return None

    return Job({"name": dead.name, "other": other.name}, plan, change(other.name, on=True))


@SET.pattern("refuse")
def too_hot(pick: Pick, state: Home) -> Job:
    """{Heat|Set} the {room} to {n} degrees Celsius.
    {n} °C {in|for} the {room}, {please|if you can}.
    ~ The heating refuses more than 30 degrees Celsius, and no other number was asked for.
    > {That's not possible|I can't}: the heating goes up to 30 degrees Celsius. {Nothing was changed|All stays}.
    """
    room, n = pick.any(sorted(state.climate)), pick.number(31, 60)

    def plan() -> Plan:
        got = yield may_fail("heat", room=room, celsius=n)
        assert isinstance(got, Refusal)
        yield think()
        return None

    return Job({"room": room, "n": n}, plan)


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
