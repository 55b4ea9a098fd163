"""Calendar and reminders of one person, in memory."""

from __future__ import annotations

from datetime import date, time
from typing import Any, Literal

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import State, Toolset
from sxl_data.toolsets.values import DAYS, DOINGS, FIRST_DAY, PEOPLE, TIMES, TOPICS, spoken

SORTS = "review interview workshop lunch handover rehearsal tour walk-through planning tasting clinic lesson".split()


class Event(msgspec.Struct):
    """An appointment."""

    id: str
    title: str
    day: str
    time: str
    minutes: int = 60
    people: list[str] = []
    place: str = ""


class Reminder(msgspec.Struct):
    """Something to be reminded of."""

    id: str
    text: str
    day: str
    time: str


class Settings(msgspec.Struct):
    """How the person writes dates."""

    today: str
    date_order: Literal["day first", "month first", "not set"]


class Calendar(State):
    """Events and reminders; ids are made by counting and no part of what is compared."""

    settings: Settings
    events: list[Event] = msgspec.field(default_factory=list)
    reminders: list[Reminder] = msgspec.field(default_factory=list)
    made: int = 0

    def view(self) -> Any:
        plain = msgspec.to_builtins(self)
        return {
            key: [{k: v for k, v in item.items() if k != "id"} for item in plain[key]]
            for key in ("events", "reminders")
        }

    def new_id(self, letter: str) -> str:
        """The next id."""
        self.made += 1
        return f"{letter}{self.made}"

    def event(self, id: str) -> Event:
        """The event with this id; refuses any other."""
        for event in self.events:
            if event.id == id:
                return event
        raise ToolError("not_found", f"no event with the id {id!r}")

    def reminder(self, id: str) -> Reminder:
        """The reminder with this id; refuses any other."""
        for reminder in self.reminders:
            if reminder.id == id:
                return reminder
        raise ToolError("not_found", f"no reminder with the id {id!r}")

    def check_free(self, day: str, at: str, minutes: int, but: str = "") -> None:
        """Refuse what is no day and time, or overlaps with an event."""
        begin = moment(day, at)
        for event in self.events:
            other = moment(event.day, event.time)
            if event.id != but and event.day == day and begin < other + event.minutes and other < begin + minutes:
                raise ToolError("conflict", f"{event.title!r} is at that time ({event.day} {event.time})")


def moment(day: str, at: str) -> int:
    """Minutes since midnight; refuses texts that are no day and time."""
    try:
        date.fromisoformat(day)
        clock = time.fromisoformat(at)
    except ValueError as problem:
        raise ToolError("bad_date", f"{problem}; days are written 2026-03-09 and times 14:30") from None
    return clock.hour * 60 + clock.minute


def start(pick: Pick) -> Calendar:
    """Four to six events on different days and two or three reminders."""
    order: Any = pick.any(("day first", "day first", "month first"))
    state = Calendar(Settings(FIRST_DAY.isoformat(), order))
    for day, at, topic in zip(pick.several(DAYS, pick.any((4, 5, 6))), pick.several(TIMES, 6), pick.several(TOPICS, 6)):
        title = f"{topic} {pick.new(SORTS)}"
        minutes, people = pick.any((30, 45, 60, 90)), pick.several(PEOPLE, pick.any((0, 1, 1, 2)))
        state.events.append(Event(state.new_id("e"), title, day, at, minutes, people))
    for text in pick.several(DOINGS, pick.any((2, 3))):
        state.reminders.append(Reminder(state.new_id("r"), text, pick.new(DAYS), pick.new(TIMES)))
    return state


SET = Toolset(
    "calendar",
    "calendar and reminders",
    start,
    covers="appointments and reminders",
    context=lambda state: f"Today is {spoken(state.settings.today)}.",
    busy="the calendar is being synchronised, try again",
)
