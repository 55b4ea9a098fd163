"""Notes with tags, and search over local documents, in memory."""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import Job, State, Toolset
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


class Title(msgspec.Struct):
    """A note as lists show it."""

    id: int
    title: str
    tags: list[str]


class Passage(msgspec.Struct):
    """A sentence of a document."""

    document: str
    sentence: str


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


def new_title(pick: Pick, state: Notebook) -> str:
    """A title that no note has."""
    taken = {note.title.split()[-1] for note in state.notes}
    return f"{pick.new(MOODS)} {pick.new([topic for topic in TOPICS if topic not in taken])}"


def change(title: str, **fields: Any) -> Any:
    """A wanted end in which the note called ``title`` has other ``fields``."""

    def want(end: Any) -> None:
        next(note for note in end["notes"] if note["title"] == title).update(fields)

    return want


def without(*titles: str) -> Any:
    """A wanted end without the notes called ``titles``."""

    def want(end: Any) -> None:
        end["notes"] = [note for note in end["notes"] if note["title"] not in titles]

    return want


def and_note(title: str, text: str, *tags: str) -> Any:
    """A wanted end with one more note."""

    def want(end: Any) -> None:
        end["notes"].append({"title": title, "text": text, "tags": list(tags), "pinned": False})

    return want


@SET.pattern("single")
def write_down(pick: Pick, state: Notebook) -> Job:
    """{Write|Make} a note {called|with the title} “{title}”{, tagged {tag},|, with the tag {tag},} that says: “{text}”.
    Note {this |}{for me|down}: “{text}”. {Title|Call it} “{title}”, tag {tag}.
    {I want|I'd like} to remember that “{text}” {as|in} a note “{title}” under {tag}.
    > {Noted|Written down}: “{title}”{, tagged {tag}|}.
    """
    title, text, tag = new_title(pick, state), pick.new(REMARKS), pick.new(TAGS)
    steps = [call("add_note", title=title, text=text, tags=[tag])]
    return Job({"title": title, "text": text, "tag": tag}, steps, and_note(title, text, tag))


@SET.pattern("single")
def under_a_tag(pick: Pick, state: Notebook) -> Job:
    """{What|Which notes} {do I have|are there} {under|with the tag} {tag}?
    {List|Show} {everything|all notes|what there is} {under|tagged} {tag}.
    > {Under {tag} you have|These are tagged {tag}}: {listed}.
    """
    tag = pick.any(sorted({tag for note in state.notes for tag in note.tags}))
    titles = tuple(note.title for note in state.notes if tag in note.tags)

    def plan() -> Plan:
        found = yield call("list_notes", tag=tag)
        return {"listed": ", ".join(item["title"] for item in found)}

    return Job({"tag": tag}, plan, found=titles, answer=titles)


@SET.pattern("single")
def what_costs(pick: Pick, state: Notebook) -> Job:
    """{What does the {thing} of {place} cost|How much is the {thing} of {place}} according to {our|the} documents?
    {Look up|Find out} {in the documents|in our guides} what the {thing} of {place} costs.
    > {According to the {document}, it|It} costs {price} euros.
    """
    title, text = pick.any(sorted(state.documents.items()))
    sentence = next(s for s in text.split(". ") if " costs " in s)
    thing, price = sentence.split()[1], sentence.split(" costs ")[1].split()[0]
    place = title.removeprefix("Guide to ")

    def plan() -> Plan:
        (found,) = yield call("search_documents", words=f"{thing} of {place}")
        return {"document": found["document"], "price": found["sentence"].split(" costs ")[1].split()[0]}

    return Job({"thing": thing, "place": place}, plan, found=(price,), answer=(price,))


@SET.pattern("ordered")
def two_notes(pick: Pick, state: Notebook) -> Job:
    """{First|To begin with,} {a note|write} “{a}” ({tag}): “{one}”. {Then|After that} “{b}” ({tag} too): “{two}”.
    {Start|Write} a note “{a}” with “{one}” and after it a note “{b}” with “{two}”, {both under|each tagged} {tag}.
    > {Both|The two} notes are written{, under {tag}|}: “{a}” and “{b}”.
    """
    a, b, tag = new_title(pick, state), new_title(pick, state), pick.new(TAGS)
    b = b if b != a else f"{b} 2"
    one, two = pick.several(REMARKS, 2)

    def want(end: Any) -> None:
        and_note(a, one, tag)(end)
        and_note(b, two, tag)(end)

    steps = [call("add_note", title=t, text=x, tags=[tag]) for t, x in ((a, one), (b, two))]
    return Job({"a": a, "b": b, "one": one, "two": two, "tag": tag}, steps, want)


@SET.pattern("parallel")
def two_guides(pick: Pick, state: Notebook) -> Job:
    """Who has the key {in {a}, and who in {b}|to the office in {a} and to the one in {b}}?
    {I'm visiting|We need} the offices in {a} and {b}. {Whom do I ask for the keys|Who has the keys}?
    > {one} has the key {in|for} {a}, {two} the one {in|for} {b}.
    """
    titles = pick.some(sorted(state.documents), 2)

    def plan() -> Plan:
        texts = yield [call("read_document", title=title) for title in titles]
        names = [next(s for s in text.split(". ") if " has the key " in s).split(" has ")[0] for text in texts]
        return {"one": names[0], "two": names[1]}

    texts = [state.documents[title] for title in titles]
    names = tuple(next(s for s in t.split(". ") if " has the key " in s).split(" has ")[0] for t in texts)
    a, b = (title.removeprefix("Guide to ") for title in titles)
    return Job({"a": a, "b": b}, plan, found=names, answer=names)


@SET.pattern("parallel")
def tag_two(pick: Pick, state: Notebook) -> Job:
    """{Tag|Mark} {the notes|both} “{a}” and “{b}” {with|as} {tag}.
    “{a}” and “{b}” {belong under|should be under} {tag}{| as well}{; tag them|}.
    ~ “{a}” is note {first} and “{b}” is note {second}.
    > {Both are tagged {tag} now|Done: {tag} is on both}.
    """
    one, two = pick.some(state.notes, 2)
    tag = pick.new([t for t in TAGS if t not in one.tags + two.tags])

    def plan() -> Plan:
        (first,), (second,) = yield [call("search_notes", words=one.title), call("search_notes", words=two.title)]
        yield think(first=first["id"], second=second["id"])
        yield [call("add_tag", note_id=item["id"], tag=tag) for item in (first, second)]
        return None

    def want(end: Any) -> None:
        change(one.title, tags=[*one.tags, tag])(end)
        change(two.title, tags=[*two.tags, tag])(end)

    return Job({"a": one.title, "b": two.title, "tag": tag}, plan, want)


@SET.pattern("dependent")
def rewrite(pick: Pick, state: Notebook) -> Job:
    """{Change|Rewrite} the note “{title}”: {it should say|new text:} “{text}”.
    “{title}” {is out of date|no longer holds}; {replace its text by|now it's} “{text}”.
    {The note|My note} “{title}” {should read|needs to say} “{text}”{ from now on|}.
    > “{title}” {says so now|is rewritten}.
    """
    note, text = pick.any(state.notes), pick.new(REMARKS)

    def plan() -> Plan:
        (found,) = yield call("search_notes", words=note.title)
        yield call("edit_note", note_id=found["id"], text=text)
        return None

    return Job({"title": note.title, "text": text}, plan, change(note.title, text=text))


@SET.pattern("dependent")
def drop_by_text(pick: Pick, state: Notebook) -> Job:
    """{Delete|Drop} the note {that says|with the words} “{text}”.
    {In one of my notes it says|I once noted} “{text}”. {That's settled, delete that note|The note can go}.
    ~ The note that says so is “{title}”, id {id}.
    > {It was|I deleted} “{title}”{; it's gone|}.
    """
    note = pick.any(state.notes)

    def plan() -> Plan:
        (found,) = yield call("search_notes", words=note.text)
        yield think(title=found["title"], id=found["id"])
        yield call("delete_note", note_id=found["id"])
        return {"title": found["title"]}

    return Job({"text": note.text}, plan, without(note.title))


@SET.pattern("dependent")
def note_from_guide(pick: Pick, state: Notebook) -> Job:
    """{Copy|Put} what the {document} says into a note “{title}”.
    {Make|I need} a note “{title}” with the {whole|full} text of the {document}.
    > The text of the {document} is {now in|in} the note “{title}”.
    """
    document, title = pick.any(sorted(state.documents)), new_title(pick, state)

    def plan() -> Plan:
        text = yield call("read_document", title=document)
        yield call("add_note", title=title, text=text)
        return None

    return Job({"document": document, "title": title}, plan, and_note(title, state.documents[document]))


@SET.pattern("ask")
def say_what(pick: Pick, state: Notebook) -> Job:
    """{Write|Make} a note {called|with the title} “{title}”.
    {I need|Start} a {new|fresh} note, “{title}”.
    ? {What should it say|What shall I write|And the text}?
    < {Just |}“{text}”{.|, nothing more.}
    > {Noted|Written}: “{title}”.
    """
    title, text = new_title(pick, state), pick.new(REMARKS)
    steps = [ask(), call("add_note", title=title, text=text)]
    return Job({"title": title, "text": text}, steps, and_note(title, text))


@SET.pattern("recover")
def other_title(pick: Pick, state: Notebook) -> Job:
    """{Write|Make} a note “{taken}”: “{text}”. {If there is one|Should the title be taken}, {call it|take} “{title}”.
    “{text}” {goes into|should be} a note “{taken}”, or “{title}” if {that exists|the first is taken}.
    ~ A note “{taken}” exists, so the new one is called “{title}”.
    > “{taken}” was taken, so {it's under|the note is called} “{title}”.
    """
    note, title, text = pick.any(state.notes), new_title(pick, state), pick.new(REMARKS)

    def plan() -> Plan:
        got = yield may_fail("add_note", title=note.title, text=text)
        assert isinstance(got, Refusal)
        yield think()
        yield call("add_note", title=title, text=text)
        return None

    return Job({"taken": note.title, "title": title, "text": text}, plan, and_note(title, text))


@SET.pattern("refuse")
def never_noted(pick: Pick, state: Notebook) -> Job:
    """{Delete|Drop} {my|the} note {about|on} the {topic}.
    {What did I note|What do my notes say} about the {topic}?
    ~ No note has “{topic}” in its title or text.
    > There's no note about the {topic}{, so nothing was changed|}.
    """
    topic = new_title(pick, state).split()[-1]

    def plan() -> Plan:
        found = yield call("search_notes", words=topic)
        assert found == []
        yield think()
        return None

    for note in state.notes:  # so that the words of other notes never mention it
        note.text = note.text.replace(topic, "paper")
    return Job({"topic": topic}, plan)


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
