"""Patterns of tasks kept for evaluation: new ones over the tools of training, and those that held-out tools solve."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, call
from sxl_data.toolsets.sets.calendar.tasks import change, free_day, new_title, with_event
from sxl_data.toolsets.sets.calendar.world import SET, Calendar
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import DOINGS, FIRST_DAY, PLACES, TIMES, spoken


@SET.pattern("ordered", "patterns")
def replace_event(pick: Pick, state: Calendar) -> Job:
    """Instead of the {old} there will be {a|the} {title}, {when} at {time}. {Swap|Exchange} them.
    The {old} makes room for the {title} ({when}, {time}).
    > The {old} is out, the {title} is in: {when}, {time}.
    """
    event, title, day, at = pick.any(state.events), new_title(pick, state), free_day(pick, state), pick.new(TIMES)

    def plan() -> Plan:
        (found,) = yield call("find_events", words=event.title)
        yield call("cancel_event", event_id=found["id"])
        yield call("add_event", title=title, day=day, time=at)
        return None

    def want(end: Any) -> None:
        end["events"] = [item for item in end["events"] if item["title"] != event.title]
        with_event(title, day, at)(end)

    return Job({"old": event.title, "title": title, "when": spoken(day), "time": at}, plan, want)


@SET.pattern("dependent", "patterns")
def in_some_days(pick: Pick, state: Calendar) -> Job:
    """{n} days from today, at {time}, I have to {what}. {A reminder would be good|Don't let me miss it}.
    In {n} days: {what}. Wake me up about it at {time}.
    > That is {when}; I'll remind you at {time} to {what}.
    """
    text, at, days = pick.new(DOINGS), pick.new(TIMES), pick.number(8, 90)
    day = (FIRST_DAY + timedelta(days=days)).isoformat()

    def plan() -> Plan:
        found = yield call("add_days", day=state.settings.today, days=days)
        yield call("add_reminder", text=text, day=found, time=at)
        return {"when": spoken(found)}

    def want(end: Any) -> None:
        end["reminders"].append({"text": text, "day": day, "time": at})

    return Job({"n": days, "what": text, "time": at}, plan, want)


@SET.pattern("dependent", "patterns")
def tick_off(pick: Pick, state: Calendar) -> Job:
    """I did this one today: {what}. {Tick it off|Off the list with it}.
    No more reminding about “{what}”, it has happened.
    > {what} is {ticked off|done}; {left} {remain|are left}.
    """
    reminder = pick.any(state.reminders)

    def plan() -> Plan:
        found = yield call("list_reminders")
        (mine,) = [item for item in found if item["text"] == reminder.text]
        yield call("finish_reminder", reminder_id=mine["id"])
        return {"left": len(found) - 1}

    def want(end: Any) -> None:
        end["reminders"] = [item for item in end["reminders"] if item["text"] != reminder.text]

    return Job({"what": reminder.text}, plan, want)


@SET.pattern("single", "tools")
def where(pick: Pick, state: Calendar) -> Job:
    """The {title} takes place in {place}.
    We meet in {place} for the {title}{; note that|}.
    > Noted: {title}, {place}.
    """
    event, place = pick.any(state.events), pick.new(PLACES)
    steps = [call("set_place", event_title=event.title, place=place)]
    return Job({"title": event.title, "place": place}, steps, change(event.title, place=place))


@SET.pattern("single", "tools")
def put_off(pick: Pick, state: Calendar) -> Job:
    """Not now: “{what}” can wait {n} {days|more days}.
    Give me {n} days longer for “{what}”.
    > Put off until {when}: {what}.
    """
    reminder, days = pick.any(state.reminders), pick.number(2, 30)
    later = (date.fromisoformat(reminder.day) + timedelta(days=days)).isoformat()
    steps = [call("snooze", reminder_text=reminder.text, days=days)]

    def want(end: Any) -> None:
        next(item for item in end["reminders"] if item["text"] == reminder.text)["day"] = later

    return Job({"what": reminder.text, "n": days, "when": spoken(later)}, steps, want)
