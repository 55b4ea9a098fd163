"""Patterns of tasks kept for evaluation: new ones over the tools of training, and those that held-out tools solve."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, call
from sxl_data.toolsets.sets.notes.tasks import change, without
from sxl_data.toolsets.sets.notes.world import SET, TAGS, Notebook
from sxl_data.toolsets.toolset import Job


@SET.pattern("dependent", "patterns")
def untag(pick: Pick, state: Notebook) -> Job:
    """“{title}” no longer has anything to do with {tag}. {Tidy that up|Correct its tags}.
    Wrong label on “{title}”: {tag} has to come off.
    > {tag} is off “{title}”.
    """
    note = pick.any(state.notes)
    tag = pick.any(note.tags)

    def plan() -> Plan:
        (found,) = yield call("search_notes", words=note.title)
        yield call("remove_tag", note_id=found["id"], tag=tag)
        return None

    return Job({"title": note.title, "tag": tag}, plan, change(note.title, tags=[t for t in note.tags if t != tag]))


@SET.pattern("dependent", "patterns")
def recite(pick: Pick, state: Notebook) -> Job:
    """How does my “{title}” note go again?
    Word for word, what have I got in “{title}”?
    > It goes: {text}
    """
    note = pick.any(state.notes)

    def plan() -> Plan:
        (found,) = yield call("search_notes", words=note.title)
        whole = yield call("read_note", note_id=found["id"])
        return {"text": whole["text"]}

    return Job({"title": note.title}, plan, found=(note.text,), answer=(note.text,))


@SET.pattern("parallel", "patterns")
def empty_two(pick: Pick, state: Notebook) -> Job:
    """Nobody reads “{a}” and “{b}” any more. {Rubbish bin|Out with both}, please.
    Two notes fewer: “{a}”, “{b}”.
    > Both notes are gone.
    """
    one, two = pick.some(state.notes, 2)

    def plan() -> Plan:
        (first,), (second,) = yield [call("search_notes", words=one.title), call("search_notes", words=two.title)]
        yield [call("delete_note", note_id=item["id"]) for item in (first, second)]
        return None

    return Job({"a": one.title, "b": two.title}, plan, without(one.title, two.title))


@SET.pattern("single", "tools")
def pin(pick: Pick, state: Notebook) -> Job:
    """“{title}” should always be at the top.
    Keep “{title}” where I see it first.
    > “{title}” is pinned.
    """
    note = pick.any(state.notes)
    return Job({"title": note.title}, [call("pin_note", title=note.title)], change(note.title, pinned=True))


@SET.pattern("single", "tools")
def other_tag(pick: Pick, state: Notebook) -> Job:
    """The tag {tag} should be spelt {new} everywhere.
    Call the label {tag} {new} from here on.
    > {r0} notes have {new} instead of {tag}.
    """
    used = sorted({tag for note in state.notes for tag in note.tags})
    tag, new = pick.any(used), pick.new([t for t in TAGS if t not in used])

    def want(end: Any) -> None:
        for note in end["notes"]:
            note["tags"] = [new if other == tag else other for other in note["tags"]]

    return Job({"tag": tag, "new": new}, [call("rename_tag", tag=tag, new_tag=new)], want)
