"""Notes with tags, and search over local documents, in memory."""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import State, Toolset
from sxl_data.toolsets.values import MOODS, PEOPLE, PLACES, REMARKS, THINGS, TOPICS

TAGS = tuple(
    "work home ideas travel health money reading garden music family repairs meetings shopping school sport cooking "
    "gifts photos language car pets taxes theatre walks films podcasts friends weekend errands someday".split()
)


class Note(msgspec.Struct):
    """One note."""

    id: int
    title: str
    text: str
    tags: list[str] = []
    pinned: bool = False


class Notebook(State):
    """Notes, and documents that can only be read; ids are no part of what is compared."""

    notes: list[Note] = msgspec.field(default_factory=list)
    documents: dict[str, str] = msgspec.field(default_factory=dict)
    made: int = 0

    def view(self) -> Any:
        plain = msgspec.to_builtins(self.notes)
        return {"notes": [{key: value for key, value in note.items() if key != "id"} for note in plain]}

    def note(self, id: int) -> Note:
        """The note with this id; refuses any other."""
        for note in self.notes:
            if note.id == id:
                return note
        raise ToolError("not_found", f"no note with the id {id}")

    def add(self, title: str, text: str, tags: list[str]) -> Note:
        """A new note; refuses a title that is taken."""
        if any(note.title == title for note in self.notes):
            raise ToolError("exists", f"there is a note {title!r} already")
        self.made += 1
        self.notes.append(Note(self.made, title, text, tags))
        return self.notes[-1]


def start(pick: Pick) -> Notebook:
    """Five to seven notes and four documents."""
    state = Notebook(made=pick.any((10, 20, 35, 60)))
    tags = pick.several(TAGS, 4)
    for topic, remark in zip(pick.several(TOPICS, pick.any((5, 6, 7))), pick.several(REMARKS, 7)):
        state.add(f"{pick.new(MOODS)} {topic}", remark, pick.some(tags, pick.any((1, 1, 2))))
    for place in pick.several(PLACES, 4):
        sentences = [
            f"The {pick.new(THINGS)} of {place} costs {pick.number(12, 980)} euros.",
            f"{pick.new(PEOPLE)} has the key to the office in {place}.",
            f"In {place}, {pick.new(REMARKS)}.",
        ]
        state.documents[f"Guide to {place}"] = " ".join(pick.some(sentences, 3))
    return state


SET = Toolset(
    "notes", "notes and local documents", start, covers="notes and the documents stored here", busy="index is locked"
)
