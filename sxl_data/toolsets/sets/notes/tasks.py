"""Notes with tags, and search over local documents, in memory.: patterns of tasks that training may see."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.sets.notes.world import SET, TAGS, Notebook
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import MOODS, REMARKS, TOPICS


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
    # Remarks speak of costs too.
    sentence = next(s for s in text.split(". ") if s.startswith("The ") and " costs " in s)
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
