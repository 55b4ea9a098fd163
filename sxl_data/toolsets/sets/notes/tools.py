"""Notes with tags, and search over local documents, in memory.: the tools."""

from __future__ import annotations

import msgspec

from sxl_data.toolsets.sets.notes.world import SET, Note, Notebook
from sxl_data.toolsets.tools import ToolError


class Title(msgspec.Struct):
    """A note as lists show it."""

    id: int
    title: str
    tags: list[str]


class Passage(msgspec.Struct):
    """A sentence of a document."""

    document: str
    sentence: str


@SET.tool
def list_notes(state: Notebook, tag: str = "") -> list[Title]:
    """List the notes, or those with a tag.

    tag: the tag; empty for all notes
    """
    return [Title(note.id, note.title, note.tags) for note in state.notes if not tag or tag in note.tags]


@SET.tool
def search_notes(state: Notebook, words: str) -> list[Title]:
    """Find notes by a part of their title or text, capital letters aside.

    words: what to look for
    """
    found = [note for note in state.notes if words.casefold() in f"{note.title}\n{note.text}".casefold()]
    return [Title(note.id, note.title, note.tags) for note in found]


@SET.tool
def read_note(state: Notebook, note_id: int) -> Note:
    """Give a note with its text.

    note_id: id of the note
    """
    return state.note(note_id)


@SET.tool
def add_note(state: Notebook, title: str, text: str, tags: list[str] | None = None) -> Title:
    """Write a new note; refuses a title that is taken.

    title: its title
    text: its text
    tags: its tags
    """
    note = state.add(title, text, tags or [])
    return Title(note.id, note.title, note.tags)


@SET.tool
def edit_note(state: Notebook, note_id: int, text: str) -> Note:
    """Give a note another text.

    note_id: id of the note
    text: the new text
    """
    state.note(note_id).text = text
    return state.note(note_id)


@SET.tool
def add_tag(state: Notebook, note_id: int, tag: str) -> list[str]:
    """Tag a note and give all its tags.

    note_id: id of the note
    tag: the tag
    """
    note = state.note(note_id)
    if tag not in note.tags:
        note.tags = [*note.tags, tag]
    return note.tags


@SET.tool
def remove_tag(state: Notebook, note_id: int, tag: str) -> list[str]:
    """Take a tag off a note and give those that are left.

    note_id: id of the note
    tag: the tag
    """
    note = state.note(note_id)
    if tag not in note.tags:
        raise ToolError("not_found", f"the note {note.title!r} has no tag {tag!r}")
    note.tags = [other for other in note.tags if other != tag]
    return note.tags


@SET.tool
def delete_note(state: Notebook, note_id: int) -> str:
    """Delete a note for good.

    note_id: id of the note
    """
    note = state.note(note_id)
    state.notes.remove(note)
    return f"deleted {note.title}"


@SET.tool
def search_documents(state: Notebook, words: str) -> list[Passage]:
    """Find sentences in the documents that hold some text, capital letters aside.

    words: what to look for
    """
    return [
        Passage(title, sentence.rstrip(".") + ".")
        for title, text in state.documents.items()
        for sentence in text.split(". ")
        if words.casefold() in sentence.casefold()
    ]


@SET.tool
def read_document(state: Notebook, title: str) -> str:
    """Give the whole text of a document.

    title: its title
    """
    if title not in state.documents:
        raise ToolError("not_found", f"no document {title!r}")
    return state.documents[title]


@SET.held_out_tool
def pin_note(state: Notebook, title: str) -> str:
    """Pin a note to the top.

    title: its whole title
    """
    for note in state.notes:
        if note.title == title:
            note.pinned = True
            return f"pinned {title}"
    raise ToolError("not_found", f"no note {title!r}")


@SET.held_out_tool
def rename_tag(state: Notebook, tag: str, new_tag: str) -> int:
    """Rename a tag on all notes and give how many had it.

    tag: the tag
    new_tag: its new name
    """
    having = [note for note in state.notes if tag in note.tags]
    if not having:
        raise ToolError("not_found", f"no note has the tag {tag!r}")
    for note in having:
        note.tags = list(dict.fromkeys(new_tag if other == tag else other for other in note.tags))
    return len(having)
