"""Calendar and reminders of one person, in memory.: the tools."""

from __future__ import annotations

from datetime import date, timedelta

from sxl_data.toolsets.sets.calendar.world import SET, Calendar, Event, Reminder, Settings, moment
from sxl_data.toolsets.tools import ToolError


@SET.tool
def get_settings(state: Calendar) -> Settings:
    """Give today's date and the order in which the person writes dates."""
    return state.settings


@SET.tool
def list_events(state: Calendar, day: str) -> list[Event]:
    """List the events of a day.

    day: the day as YYYY-MM-DD
    """
    moment(day, "00:00")
    return [event for event in state.events if event.day == day]


@SET.tool
def find_events(state: Calendar, words: str) -> list[Event]:
    """Find events by their title, capital letters aside.

    words: part of the title
    """
    return [event for event in state.events if words.casefold() in event.title.casefold()]


@SET.tool
def add_event(
    state: Calendar, title: str, day: str, time: str, minutes: int = 60, people: list[str] | None = None
) -> Event:
    """Put an event into the calendar; refuses a time that is taken.

    title: what it is
    day: the day as YYYY-MM-DD
    time: when it begins, as HH:MM
    minutes: how long it lasts
    people: who comes
    """
    state.check_free(day, time, minutes)
    state.events.append(Event(state.new_id("e"), title, day, time, minutes, people or []))
    return state.events[-1]


@SET.tool
def move_event(state: Calendar, event_id: str, day: str, time: str) -> Event:
    """Move an event; refuses a time that is taken.

    event_id: id of the event
    day: the new day as YYYY-MM-DD
    time: when it begins then, as HH:MM
    """
    event = state.event(event_id)
    state.check_free(day, time, event.minutes, event.id)
    event.day, event.time = day, time
    return event


@SET.tool
def cancel_event(state: Calendar, event_id: str) -> str:
    """Take an event out of the calendar.

    event_id: id of the event
    """
    event = state.event(event_id)
    state.events.remove(event)
    return f"cancelled {event.title}"


@SET.tool
def invite(state: Calendar, event_id: str, person: str) -> list[str]:
    """Add a person to an event and give all who come.

    event_id: id of the event
    person: name of the person
    """
    event = state.event(event_id)
    if person in event.people:
        raise ToolError("exists", f"{person} is invited already")
    event.people = [*event.people, person]
    return event.people


@SET.tool
def add_reminder(state: Calendar, text: str, day: str, time: str = "09:00") -> Reminder:
    """Set a reminder.

    text: what to be reminded of
    day: the day as YYYY-MM-DD
    time: when, as HH:MM
    """
    moment(day, time)
    state.reminders.append(Reminder(state.new_id("r"), text, day, time))
    return state.reminders[-1]


@SET.tool
def list_reminders(state: Calendar) -> list[Reminder]:
    """List all reminders."""
    return state.reminders


@SET.tool
def finish_reminder(state: Calendar, reminder_id: str) -> str:
    """Take a reminder off the list because it is done.

    reminder_id: id of the reminder
    """
    reminder = state.reminder(reminder_id)
    state.reminders.remove(reminder)
    return f"done: {reminder.text}"


@SET.tool
def add_days(state: Calendar, day: str, days: int) -> str:
    """Give the day that lies some days after another.

    day: the first day as YYYY-MM-DD
    days: how many days later; below zero for earlier
    """
    moment(day, "00:00")
    if abs(days) > 4000:
        raise ToolError("bad_date", f"{days} days are more than the calendar holds")
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


@SET.held_out_tool
def set_place(state: Calendar, event_title: str, place: str) -> Event:
    """Say where an event takes place.

    event_title: the whole title of the event
    place: where it is
    """
    for event in state.events:
        if event.title == event_title:
            event.place = place
            return event
    raise ToolError("not_found", f"no event {event_title!r}")


@SET.held_out_tool
def snooze(state: Calendar, reminder_text: str, days: int) -> Reminder:
    """Put a reminder off.

    reminder_text: the whole text of the reminder
    days: by how many days
    """
    for reminder in state.reminders:
        if reminder.text == reminder_text:
            reminder.day = add_days(state, reminder.day, days)
            return reminder
    raise ToolError("not_found", f"no reminder {reminder_text!r}")
