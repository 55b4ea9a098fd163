"""Calendar and reminders of one person, in memory.: patterns of tasks that training may see."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.sets.calendar.world import SET, SORTS, Calendar
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import DAYS, DOINGS, PEOPLE, TIMES, TOPICS, spoken


def new_title(pick: Pick, state: Calendar) -> str:
    """A title that no event has."""
    taken = {event.title.split()[0] for event in state.events}
    return f"{pick.new([t for t in TOPICS if t not in taken])} {pick.new(SORTS)}"


def free_day(pick: Pick, state: Calendar) -> str:
    """A day without events."""
    taken = {event.day for event in state.events}
    return pick.new([day for day in DAYS if day not in taken])


def numeric(day: str, order: str) -> str:
    """``2026-04-03`` as 03/04/2026 or 04/03/2026."""
    year, month, of_month = day.split("-")
    return f"{of_month}/{month}/{year}" if order == "day first" else f"{month}/{of_month}/{year}"


def with_event(title: str, day: str, at: str, minutes: int = 60, people: tuple[str, ...] = ()) -> Any:
    """A wanted end with one more event."""

    def want(end: Any) -> None:
        new = {"title": title, "day": day, "time": at, "minutes": minutes, "people": list(people), "place": ""}
        end["events"].append(new)

    return want


def change(title: str, **fields: Any) -> Any:
    """A wanted end in which the event called ``title`` has other ``fields``."""

    def want(end: Any) -> None:
        next(event for event in end["events"] if event["title"] == title).update(fields)

    return want


@SET.pattern("single")
def appoint(pick: Pick, state: Calendar) -> Job:
    """{Put|Enter} {a|the} {title} {into|in} my calendar{ for|:} {when} at {time}{|, {minutes} minutes}{.|, please.}
    {Schedule|Plan|Arrange} {a|the} {title} on {when}, {time}{|, for {minutes} minutes}.
    I {have|need} {a|the} {title} on {when}; it {begins|starts} at {time}{| and takes {minutes} minutes}.
    > {It's in the calendar|Entered}: {title}, {when}, {time}.
    """
    title, day, at = new_title(pick, state), free_day(pick, state), pick.new(TIMES)
    steps = [call("add_event", title=title, day=day, time=at)]
    slots = {"title": title, "when": spoken(day), "time": at, "minutes": 60}
    return Job(slots, steps, with_event(title, day, at))


@SET.pattern("single")
def remind(pick: Pick, state: Calendar) -> Job:
    """Remind me to {what} on {when} at {time}.
    {I must not forget|Don't let me forget} to {what}: {when}, {time}.
    {Set|Make} a reminder for {when}, {time}: “{what}”.
    {On|Come} {when} at {time} {I want to be told|tell me} to {what}.
    > I'll remind you on {when} at {time} to {what}.
    > {Reminder set|Noted}: {what}, {when}, {time}.
    """
    text, day, at = pick.new(DOINGS), pick.new(DAYS), pick.new(TIMES)

    def want(end: Any) -> None:
        end["reminders"].append({"text": text, "day": day, "time": at})

    slots = {"what": text, "when": spoken(day), "time": at}
    return Job(slots, [call("add_reminder", text=text, day=day, time=at)], want)


@SET.pattern("single")
def agenda(pick: Pick, state: Calendar) -> Job:
    """What {do I have|is} {planned|in the calendar} {on|for} {when}?
    {Read out|List|Show} {my|the} {appointments|events} {of|on} {when}.
    {Am I|Are we} busy on {when}, and with what?
    Is {when} still free, {or|and if not,} what is on?
    > On {when} there is {title} at {time}.
    > {One thing|Just this}: {title} at {time}.
    """
    event = pick.any(state.events)
    steps = [call("list_events", day=event.day)]
    slots = {"when": spoken(event.day), "title": event.title, "time": event.time}
    return Job(slots, steps, found=(event.title, event.time), answer=(event.title, event.time))


@SET.pattern("ordered")
def appoint_and_remind(pick: Pick, state: Calendar) -> Job:
    """{Enter|Schedule} the {title} on {when} at {time} and {then set a reminder|remind me} {the same day|that day} at \
{early} to {what}.
    On {when} there's the {title}, {time}. {Add it|Put it in}, then {a reminder for|remind me at} {early}: {what}.
    > {title} is in the calendar ({when}, {time}), and at {early} you'll be reminded to {what}.
    """
    title, day, text = new_title(pick, state), free_day(pick, state), pick.new(DOINGS)
    early, at = sorted(pick.several(TIMES, 2))

    def want(end: Any) -> None:
        with_event(title, day, at)(end)
        end["reminders"].append({"text": text, "day": day, "time": early})

    steps = [call("add_event", title=title, day=day, time=at), call("add_reminder", text=text, day=day, time=early)]
    return Job({"title": title, "when": spoken(day), "time": at, "early": early, "what": text}, steps, want)


@SET.pattern("parallel")
def two_reminders(pick: Pick, state: Calendar) -> Job:
    """{Two reminders|I need two reminders}: {a} on {when}, and {b} on {then}{, both at|; each at} {time}.
    Remind me to {a} ({when}) and to {b} ({then}), at {time} {each|both times}.
    At {time} on {when} I have to {a}, at the same {hour|time} on {then} I have to {b}. {Remind me|Set reminders}.
    > Both reminders are set: {a} on {when}, {b} on {then}.
    """
    texts, days, at = pick.several(DOINGS, 2), sorted(pick.several(DAYS, 2)), pick.new(TIMES)

    def want(end: Any) -> None:
        end["reminders"] += [{"text": text, "day": day, "time": at} for text, day in zip(texts, days)]

    steps = [[call("add_reminder", text=text, day=day, time=at) for text, day in zip(texts, days)]]
    slots = {"a": texts[0], "b": texts[1], "when": spoken(days[0]), "then": spoken(days[1]), "time": at}
    return Job(slots, steps, want)


@SET.pattern("parallel")
def two_days(pick: Pick, state: Calendar) -> Job:
    """What's on {the calendar for|my list for} {when}, and what for {then}?
    {Compare|Tell me about} {when} and {then}: what {have I got|is planned}?
    > On {when} {title} at {time}; on {then} {other} at {late}.
    """
    one, two = pick.some(state.events, 2)
    steps = [[call("list_events", day=one.day), call("list_events", day=two.day)]]
    slots = {"when": spoken(one.day), "then": spoken(two.day), "title": one.title, "other": two.title}
    slots |= {"time": one.time, "late": two.time}
    return Job(slots, steps, found=(one.title, two.title), answer=(one.title, two.title, one.time, two.time))


@SET.pattern("dependent")
def move(pick: Pick, state: Calendar) -> Job:
    """{Move|Shift|Postpone} the {title} to {when}, {time}.
    The {title} {can't be then|has to move}: {make it|new date is} {when} at {time}.
    {Could we|Can you} have the {title} on {when} at {time} instead?
    ~ The {title} has the id {id}; it is on {before} now.
    > {Moved|Done}: {title} is {now |}on {when} at {time}.
    """
    event, day, at = pick.any(state.events), free_day(pick, state), pick.new(TIMES)

    def plan() -> Plan:
        (found,) = yield call("find_events", words=event.title)
        yield think(id=found["id"], before=found["day"])
        yield call("move_event", event_id=found["id"], day=day, time=at)
        return None

    slots = {"title": event.title, "when": spoken(day), "time": at}
    return Job(slots, plan, change(event.title, day=day, time=at))


@SET.pattern("dependent")
def call_off(pick: Pick, state: Calendar) -> Job:
    """{Cancel|Call off} the {title}.
    The {title} {won't happen|is off}{; take it out|, so remove it from my calendar}.
    {Scrap|Drop} the {title}{| from my calendar}.
    > The {title} {of|on} {day} is {cancelled|out of the calendar}.
    """
    event = pick.any(state.events)

    def plan() -> Plan:
        (found,) = yield call("find_events", words=event.title)
        yield call("cancel_event", event_id=found["id"])
        return {"day": found["day"]}

    def want(end: Any) -> None:
        end["events"] = [item for item in end["events"] if item["title"] != event.title]

    return Job({"title": event.title}, plan, want)


@SET.pattern("dependent")
def ask_two_along(pick: Pick, state: Calendar) -> Job:
    """{Invite|Add} {a} and {b} to the {title}.
    {a} and {b} {should come|want to come} to the {title}{| as well}{; invite them|. Add them}.
    > {Both are invited|{a} and {b} are on the list}: {title}, {day}.
    """
    event = pick.any(state.events)
    a, b = pick.several([name for name in PEOPLE if name not in event.people], 2)

    def plan() -> Plan:
        (found,) = yield call("find_events", words=event.title)
        yield [call("invite", event_id=found["id"], person=a), call("invite", event_id=found["id"], person=b)]
        return {"day": found["day"]}

    return Job({"title": event.title, "a": a, "b": b}, plan, change(event.title, people=[*event.people, a, b]))


@SET.pattern("dependent")
def written_date(pick: Pick, state: Calendar) -> Job:
    """{Enter|Schedule} {a|the} {title} {for|on} {date} at {time}.
    {title}, {date}, {time}: {into the calendar with it|please enter it}.
    ~ {date} can be read in two ways. The settings say {order}, so it is {when}.
    > {Entered for|It's on} {when} at {time}{, since you write dates {order}|}: {title}.
    """
    title, at = new_title(pick, state), pick.new(TIMES)
    order = state.settings.date_order
    taken = {event.day for event in state.events}
    day = pick.new([d for d in DAYS if int(d[8:]) <= 12 and d[5:7] != d[8:] and d not in taken])

    def plan() -> Plan:
        found = yield call("get_settings")
        yield think(order=found["date_order"], when=spoken(day))
        yield call("add_event", title=title, day=day, time=at)
        return {"when": spoken(day), "order": found["date_order"]}

    return Job({"title": title, "date": numeric(day, order), "time": at}, plan, with_event(title, day, at))


@SET.pattern("ask")
def which_way_round(pick: Pick, state: Calendar) -> Job:
    """{Enter|Schedule} {a|the} {title} {for|on} {date} at {time}.
    {title} on {date}, {time}{. Put it in|; add it to my calendar}.
    ~ {date} can be read in two ways, and the settings do not say which. I must not guess.
    ? {Is {date} the {one} or the {other}|Do you mean {one} or {other}}?
    < {when}{.|, of course.}
    > {Entered for|It's on} {when} at {time}: {title}.
    """
    state.settings.date_order = "not set"
    title, at = new_title(pick, state), pick.new(TIMES)
    days = [d for d in DAYS if int(d[8:]) <= 12 and d[5:7] != d[8:] and d not in {e.day for e in state.events}]
    day = pick.new(days)
    other = f"{day[:5]}{day[8:]}-{day[5:7]}"

    def plan() -> Plan:
        yield call("get_settings")
        yield think()
        one, two = sorted((day, other))
        yield ask(one=spoken(one), other=spoken(two))
        yield call("add_event", title=title, day=day, time=at)
        return None

    written = numeric(day, pick.any(("day first", "month first")))
    slots = {"title": title, "date": written, "time": at, "when": spoken(day)}
    return Job(slots, plan, with_event(title, day, at))


@SET.pattern("ask")
def when_exactly(pick: Pick, state: Calendar) -> Job:
    """{Put|Enter} {a|the} {title} {into|in} my calendar for {when}.
    {Schedule|Plan} {a|the} {title} on {when}.
    ? {At what time|When does it begin|What time shall I enter}?
    < {At {time}|{time}}{.|, please.}
    > {It's in the calendar|Entered}: {title}, {when}, {time}.
    """
    title, day, at = new_title(pick, state), free_day(pick, state), pick.new(TIMES)
    steps = [ask(), call("add_event", title=title, day=day, time=at)]
    return Job({"title": title, "when": spoken(day), "time": at}, steps, with_event(title, day, at))


@SET.pattern("recover")
def taken_time(pick: Pick, state: Calendar) -> Job:
    """{Schedule|Arrange} {a|the} {title} on {when} at {time}; {if that's taken|or else} {take|use} {then}.
    I'd like {a|the} {title} on {when}, {time}{, or else|, failing that} on {then} at the same time.
    ~ {busy} is at that time, so {then} is the day to take.
    > {when} was {taken|no longer free}, so the {title} is on {then} at {time}.
    """
    there, title = pick.any(state.events), new_title(pick, state)
    day, at = free_day(pick, state), there.time

    def plan() -> Plan:
        got = yield may_fail("add_event", title=title, day=there.day, time=at)
        assert isinstance(got, Refusal) and got.kind == "conflict"
        yield think(busy=there.title)
        yield call("add_event", title=title, day=day, time=at)
        return None

    slots = {"title": title, "when": spoken(there.day), "time": at, "then": spoken(day)}
    return Job(slots, plan, with_event(title, day, at))


@SET.pattern("refuse")
def no_such_event(pick: Pick, state: Calendar) -> Job:
    """{Cancel|Call off} the {title}.
    {Move|Shift} the {title} {to|by} {a week later|the week after}.
    ~ No event has {title} in its title, so there is nothing that I could change.
    > I {found no|don't find a} {title} in your calendar{, so nothing was changed|}{.|. Has it another name?}
    """
    title = new_title(pick, state)

    def plan() -> Plan:
        found = yield call("find_events", words=title.split()[0])
        assert found == []
        yield think()
        return None

    return Job({"title": title}, plan)
