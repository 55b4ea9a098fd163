"""The devices of a home, in memory.: patterns of tasks that training may see."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.sets.home.world import SET, Device, Home
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import PEOPLE


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
