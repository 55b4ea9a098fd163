"""Files and text: a small folder tree in memory."""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import Job, State, Toolset
from sxl_data.toolsets.values import MOODS, PEOPLE, REMARKS, TOPICS

FOLDERS = (
    "reports drafts archive shared clients meetings finance travel legal photos kitchen school garden house".split()
)
ENDINGS = (".txt", ".md", ".csv")


class Files(State):
    """Path → text."""

    files: dict[str, str]

    def text(self, path: str) -> str:
        """The text at ``path``; refuses a path without a file."""
        if path not in self.files:
            raise ToolError("not_found", f"no file {path!r}")
        return self.files[path]

    def free(self, path: str) -> str:
        """``path``, if no file is there and it is a plain relative path."""
        if path in self.files:
            raise ToolError("exists", f"{path!r} is there already")
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise ToolError("bad_path", f"{path!r} is no path inside the folder")
        return path


class Found(msgspec.Struct):
    """A line of a file."""

    path: str
    line: int
    text: str


def start(pick: Pick) -> Files:
    """Six to nine files of two to five lines in three folders."""
    files = {}
    folders = pick.several(FOLDERS, 3)
    for topic in pick.several(TOPICS, pick.any((6, 7, 8, 9))):
        path = f"{pick.any(folders)}/{topic}-{pick.new(MOODS)}{pick.any(ENDINGS)}"
        files[path] = "".join(f"{line}\n" for line in pick.several(REMARKS, pick.any((2, 3, 4))))
    return Files(files)


SET = Toolset(
    "files", "files and text", start, covers="files and the text in them", busy="the folder is locked, try again"
)


@SET.tool
def list_files(state: Files, folder: str = "") -> list[str]:
    """List the paths of all files, or of those in one folder.

    folder: name of the folder; empty for all
    """
    return sorted(path for path in state.files if not folder or path.startswith(folder.rstrip("/") + "/"))


@SET.tool
def read_file(state: Files, path: str) -> str:
    """Give the whole text of a file.

    path: path of the file
    """
    return state.text(path)


@SET.tool
def write_file(state: Files, path: str, text: str) -> str:
    """Make a new file; refuses a path where a file is already.

    path: path of the new file
    text: what the file holds
    """
    state.files[state.free(path)] = text
    return f"wrote {path}"


@SET.tool
def append_line(state: Files, path: str, line: str) -> int:
    """Add a line at the end of a file and give the number of its lines.

    path: path of the file
    line: the text of the line, without a line end
    """
    state.files[path] = state.text(path) + line + "\n"
    return state.files[path].count("\n")


@SET.tool
def move_file(state: Files, path: str, new_path: str) -> str:
    """Move or rename a file; refuses a path where a file is already.

    path: path of the file
    new_path: its path afterwards
    """
    text = state.text(path)
    state.files[state.free(new_path)] = text
    del state.files[path]
    return f"{path} is now {new_path}"


@SET.tool
def copy_file(state: Files, path: str, new_path: str) -> str:
    """Copy a file; refuses a path where a file is already.

    path: path of the file
    new_path: path of the copy
    """
    state.files[state.free(new_path)] = state.text(path)
    return f"copied {path} to {new_path}"


@SET.tool
def delete_file(state: Files, path: str) -> str:
    """Delete a file for good.

    path: path of the file
    """
    state.text(path)
    del state.files[path]
    return f"deleted {path}"


@SET.tool
def find_files(state: Files, words: str) -> list[str]:
    """Find files whose path holds some text, capital letters aside.

    words: part of the path
    """
    return sorted(path for path in state.files if words.casefold() in path.casefold())


@SET.tool
def search_text(state: Files, words: str) -> list[Found]:
    """Find the lines of all files that hold some text, capital letters aside.

    words: what to look for
    """
    return [
        Found(path, number, line)
        for path, text in sorted(state.files.items())
        for number, line in enumerate(text.splitlines(), 1)
        if words.casefold() in line.casefold()
    ]


@SET.tool
def replace_text(state: Files, path: str, old: str, new: str) -> int:
    """Replace a text everywhere in a file and give how often it stood there; refuses a text that is not there.

    path: path of the file
    old: text to replace
    new: text to put in its place
    """
    count = state.text(path).count(old) if old else 0
    if not count:
        raise ToolError("not_found", f"{old!r} does not stand in {path}")
    state.files[path] = state.files[path].replace(old, new)
    return count


@SET.held_out_tool
def sort_lines(state: Files, path: str, descending: bool = False) -> int:
    """Put the lines of a file into alphabetical order and give their number.

    path: path of the file
    descending: from Z to A
    """
    lines = sorted(state.text(path).splitlines(), reverse=descending)
    state.files[path] = "".join(f"{line}\n" for line in lines)
    return len(lines)


@SET.held_out_tool
def join_files(state: Files, paths: list[str], new_path: str) -> str:
    """Make a new file of the texts of several files, one after the other.

    paths: the files, in order
    new_path: path of the new file
    """
    text = "".join(state.text(path) for path in paths)
    state.files[state.free(new_path)] = text
    return f"joined {len(paths)} files into {new_path}"


@SET.held_out_tool
def count_words(state: Files, path: str) -> int:
    """Count the words of a file.

    path: path of the file
    """
    return len(state.text(path).split())


def fresh(pick: Pick, state: Files) -> str:
    """A path where nothing is yet."""
    taken = {path.split("/")[1].split("-")[0] for path in state.files}
    topic = pick.new([topic for topic in TOPICS if topic not in taken])
    return f"{pick.any(sorted(state.files)).split('/')[0]}/{topic}-{pick.new(MOODS)}{pick.any(ENDINGS)}"


def one(pick: Pick, state: Files) -> str:
    """A path of the folder."""
    return pick.any(sorted(state.files))


@SET.pattern("single")
def rename(pick: Pick, state: Files) -> Job:
    """{Rename|Move} {old} {to|so that it becomes} {new}.
    {old} {should be|ought to be} called {new} {instead|from now on}.
    {Can you|Could you|I'd like you to} {turn|change} {old} into {new}{| (only the name, not the text)}?
    {new} is a better {name|place} for {old}{|, so move it there}.
    > Done: {old} is now {new}.
    > The file {old} has been {moved|renamed} to {new}.
    """
    old, new = one(pick, state), fresh(pick, state)

    def want(end: Any) -> None:
        end["files"][new] = end["files"].pop(old)

    return Job({"old": old, "new": new}, [call("move_file", path=old, new_path=new)], want)


@SET.pattern("single")
def note_down(pick: Pick, state: Files) -> Job:
    """{Add|Append} {the line|this line|a line} to {path}: “{line}”.
    {At the end of|Below everything in} {path}, {put|write} “{line}”.
    {path} {needs|lacks} {one more|a last} line, namely “{line}”.
    {Note|Jot down} in {path} that {line}{| (just these words as one line)}.
    > {Added to|Noted in} {path}, which has {r0} lines {now|by now}.
    """
    path, line = one(pick, state), pick.new(REMARKS)

    def want(end: Any) -> None:
        end["files"][path] += line + "\n"

    return Job({"path": path, "line": line}, [call("append_line", path=path, line=line)], want)


@SET.pattern("single")
def read_out(pick: Pick, state: Files) -> Job:
    """What {is in|stands in} {path}{|, word for word}?
    {Read|Show} {me|us} {path}{, all of it|}.
    {I'd like to know|Tell me} what {is written|stands} in {path}.
    {Open|Print} {path} {for me|so that I can see it}.
    > {It says|{path} holds|In {path} stands}: {shown}
    """
    path = one(pick, state)
    first = state.files[path].splitlines()[0]

    def plan() -> Plan:
        text = yield call("read_file", path=path)
        return {"shown": "; ".join(text.splitlines())}

    return Job({"path": path}, plan, found=(first,), answer=(first,))


@SET.pattern("single")
def write_new(pick: Pick, state: Files) -> Job:
    """{Make|Create|Start} {a|a new} file {path} {with the one line|that says just|holding just} “{line}”.
    {Save|Put} “{line}” {as|into} {a new|the new} file {path}.
    I need {a file|a new file} {path}; its {only|single} line {is|should read} “{line}”.
    > {{path} is written|I made {path}|There is now a file {path}}.
    """
    path, line = fresh(pick, state), pick.new(REMARKS)

    def want(end: Any) -> None:
        end["files"][path] = line

    return Job({"path": path, "line": line}, [call("write_file", path=path, text=line)], want)


@SET.pattern("ordered")
def copy_then_note(pick: Pick, state: Files) -> Job:
    """{Copy|Duplicate} {old} {to|as} {new} and {then add|after that append} to the copy: “{line}”.
    {Make|I want} a copy of {old} {called|named} {new}; {only the copy gets|in the copy goes} an extra line, “{line}”.
    {old} stays as it is, but {new} should be {the same|a twin of it} plus the line “{line}”.
    > {{new} is a copy of {old} with one more line|I copied {old} to {new} and added the line there}.
    """
    old, new, line = one(pick, state), fresh(pick, state), pick.new(REMARKS)

    def want(end: Any) -> None:
        end["files"][new] = end["files"][old] + line + "\n"

    steps = [call("copy_file", path=old, new_path=new), call("append_line", path=new, line=line)]
    return Job({"old": old, "new": new, "line": line}, steps, want)


@SET.pattern("ordered")
def replace_and_file(pick: Pick, state: Files) -> Job:
    """In {path}, {replace “{old}” by|swap “{old}” for} “{line}”, {then|and afterwards} {rename|move} the file to {new}.
    {path} {still says|claims} “{old}”. {Make that|It should say} “{line}”, and {when that's done|then} call it {new}.
    First {correct|change} “{old}” in {path} to “{line}”; second, {move it|the file goes} to {new}.
    > {Corrected and moved to|The line is changed and the file lies at} {new}.
    """
    path, new, line = one(pick, state), fresh(pick, state), pick.new(REMARKS)
    old = pick.any(state.files[path].splitlines())

    def want(end: Any) -> None:
        end["files"][new] = end["files"].pop(path).replace(old, line)

    steps = [call("replace_text", path=path, old=old, new=line), call("move_file", path=path, new_path=new)]
    return Job({"path": path, "old": old, "line": line, "new": new}, steps, want)


@SET.pattern("parallel")
def delete_some(pick: Pick, state: Files) -> Job:
    """{Delete|Remove|Throw away} {listed}{.| for good.}
    {We no longer need|Nobody needs} {listed}{; away with them|, so delete them}.
    {listed} {can|may} {go|be deleted}.
    > {All gone|Deleted}: {listed}.
    """
    gone = pick.some(sorted(state.files), pick.any((2, 2, 3)))
    listed = f"{', '.join(gone[:-1])} and {gone[-1]}"

    def want(end: Any) -> None:
        for path in gone:
            del end["files"][path]

    return Job({"listed": listed}, [[call("delete_file", path=path) for path in gone]], want)


@SET.pattern("parallel")
def same_line_in_two(pick: Pick, state: Files) -> Job:
    """{Add|Append} “{line}” {to both|as last line of both} {a} and {b}.
    {a} and {b} {each need|should both get} {the|this} closing line: “{line}”.
    {Whoever reads|People who open} {a} or {b} should see at the end “{line}”{.| (add just that as a line to each).}
    > {Both files end with that line now|The line stands in {a} and in {b}}.
    """
    (a, b), line = pick.some(sorted(state.files), 2), pick.new(REMARKS)

    def want(end: Any) -> None:
        for path in (a, b):
            end["files"][path] += line + "\n"

    return Job({"a": a, "b": b, "line": line}, [[call("append_line", path=path, line=line) for path in (a, b)]], want)


@SET.pattern("dependent")
def delete_where_it_says(pick: Pick, state: Files) -> Job:
    """{Delete|Remove} the file {in which it says|that holds the line} “{line}”.
    {Somewhere|In one of the files} {it says|stands} “{line}”. {That file is outdated, delete it|The file has to go}.
    I don't {know|remember} which file {mentions|says} “{line}”, but {get rid of it|it should be deleted}.
    ~ {Only {path} has that line|The line stands in {path}, line {n}}, so that is the file to delete.
    > {It was|That was} {path}; {it is deleted|I deleted it}.
    """
    path = one(pick, state)
    line = f"{pick.new(PEOPLE)} says {pick.new(REMARKS)}"
    state.files[path] += line + "\n"

    def plan() -> Plan:
        (found,) = yield call("search_text", words=line)
        yield think(path=found["path"], n=found["line"])
        yield call("delete_file", path=found["path"])
        return {"path": found["path"]}

    def want(end: Any) -> None:
        del end["files"][path]

    return Job({"line": line}, plan, want)


@SET.pattern("dependent")
def file_by_topic(pick: Pick, state: Files) -> Job:
    """{Add|Append} to {the {topic} file|whatever file is about the {topic}}{, wherever it lies|}: “{line}”.
    {There is a|We have some} file with {topic} in its name; {put|add} the line “{line}” at its end.
    {Find|Look up} the {topic} and {note|write} {below it|at the end}: “{line}”.
    > {Found it as {path} and added the line|“{line}” is now the last line of {path}}.
    """
    path, line = one(pick, state), pick.new(REMARKS)

    def plan() -> Plan:
        (found,) = yield call("find_files", words=path.split("/")[1].split("-")[0])
        yield call("append_line", path=found, line=line)
        return {"path": found}

    def want(end: Any) -> None:
        end["files"][path] += line + "\n"

    return Job({"topic": path.split("/")[1].split("-")[0], "line": line}, plan, want)


@SET.pattern("ask")
def rename_to_what(pick: Pick, state: Files) -> Job:
    """{Rename|Give a new name to} {old}{.|, please.|, it's misleading.}
    {old} has {a silly|the wrong} name{.|; change it.}
    I {want|need} another {name|path} for {old}.
    ? {What should {old} be called|Which new {name|path} should {old} have|Sure; to what path}?
    < {{new}, please|Call it {new}|Let's say {new}|{new}}{.|}
    > {Renamed|Done}: {old} {is|became} {new}.
    """
    old, new = one(pick, state), fresh(pick, state)

    def want(end: Any) -> None:
        end["files"][new] = end["files"].pop(old)

    return Job({"old": old, "new": new}, [ask(), call("move_file", path=old, new_path=new)], want)


@SET.pattern("recover")
def name_is_taken(pick: Pick, state: Files) -> Job:
    """{Copy|Save a copy of} {path} {as|under} {taken}; {if there is one already|should that exist}, {take|use} {other}.
    I {want|need} {path} {duplicated to|a second time as} {taken}{, or else as|; failing that, as} {other}.
    ~ {taken} exists already and must stay, so the copy goes to {other}.
    ~ That path is taken; {other} was named for this case.
    > {taken} {was taken|existed already}, so the copy is {other}.
    """
    path, taken = pick.some(sorted(state.files), 2)
    other = fresh(pick, state)

    def plan() -> Plan:
        got = yield may_fail("copy_file", path=path, new_path=taken)
        assert isinstance(got, Refusal)
        yield think()
        yield call("copy_file", path=path, new_path=other)
        return None

    def want(end: Any) -> None:
        end["files"][other] = end["files"][path]

    return Job({"path": path, "taken": taken, "other": other}, plan, want)


@SET.pattern("refuse")
def not_there(pick: Pick, state: Files) -> Job:
    """{Delete|Remove|Bin} {path}{.| right away.|, it's from last year.}
    {path} {is of no use|has served its time}{, delete it|: away with it}.
    ~ There is no {path} and no other file with “{topic}” in its path, so nothing can be deleted.
    ~ Neither {path} nor anything named {topic} is there; I must not delete anything else.
    > {There is no file {path}|I found no {path}}{, nor any other about the {topic}|}; {nothing was deleted|all stays}.
    """
    path = fresh(pick, state)
    topic = path.split("/")[1].split("-")[0]

    def plan() -> Plan:
        got = yield may_fail("delete_file", path=path)
        found = yield call("find_files", words=topic)
        assert isinstance(got, Refusal) and found == []
        yield think()
        return None

    return Job({"path": path, "topic": topic}, plan)


@SET.pattern("ordered", "patterns")
def archive_with_reason(pick: Pick, state: Files) -> Job:
    """Finish {path} off with the sentence “{line}” {on a line of its own|as its last line}; then move it to {new}.
    Close {path} with “{line}” and file it away at {new}.
    > Closed off with that sentence and filed under {new}.
    """
    path, new, line = one(pick, state), fresh(pick, state), pick.new(REMARKS)

    def want(end: Any) -> None:
        end["files"][new] = end["files"].pop(path) + line + "\n"

    steps = [call("append_line", path=path, line=line), call("move_file", path=path, new_path=new)]
    return Job({"path": path, "new": new, "line": line}, steps, want)


@SET.pattern("parallel", "patterns")
def compare_two(pick: Pick, state: Files) -> Job:
    """Which {is longer|has more lines}, {a} or {b}?
    {a} against {b}: which of the two holds more lines?
    > {longer} has more lines: {more} against {fewer}.
    """
    a, b = pick.some(sorted(state.files), 2)
    longer = pick.any((a, b))
    state.files[longer] += "".join(f"{line}\n" for line in pick.several(REMARKS, 4))

    def plan() -> Plan:
        counts = [text.count("\n") for text in (yield [call("read_file", path=path) for path in (a, b)])]
        return {"more": max(counts), "fewer": min(counts), "longer": (a, b)[counts.index(max(counts))]}

    first = tuple(state.files[path].splitlines()[0] for path in (a, b))
    return Job({"a": a, "b": b}, plan, found=first, answer=(longer,))


@SET.pattern("dependent", "patterns")
def copy_what_says(pick: Pick, state: Files) -> Job:
    """Somebody wrote “{line}”. Whichever file that is in, {I want a copy of it at|please duplicate it to} {copy}.
    The file with “{line}” in it is worth a copy under {copy}.
    > It was in {path}; a copy of that file is at {copy}.
    """
    path, copy = one(pick, state), fresh(pick, state)
    line = f"{pick.new(PEOPLE)} heard that {pick.new(REMARKS)}"
    state.files[path] += line + "\n"

    def plan() -> Plan:
        (found,) = yield call("search_text", words=line)
        yield call("copy_file", path=found["path"], new_path=copy)
        return {"path": found["path"]}

    def want(end: Any) -> None:
        end["files"][copy] = end["files"][path]

    return Job({"line": line, "copy": copy}, plan, want)


@SET.pattern("single", "tools")
def put_in_order(pick: Pick, state: Files) -> Job:
    """{Sort|Order} the lines of {path} {way}.
    The lines of {path} should run {way}.
    > The {r0} lines of {path} are sorted.
    """
    path, down = one(pick, state), pick.chance(0.4)

    def want(end: Any) -> None:
        end["files"][path] = "".join(f"{t}\n" for t in sorted(end["files"][path].splitlines(), reverse=down))

    arguments = {"path": path} | ({"descending": True} if down else {})
    return Job({"path": path, "way": "from Z to A" if down else "from A to Z"}, [call("sort_lines", **arguments)], want)


@SET.pattern("single", "tools")
def merge_files(pick: Pick, state: Files) -> Job:
    """{Stitch together|Merge}, in this order, {listed} {into|as} {new}; the parts stay.
    > {new} holds all of them, in that order.
    """
    parts, new = pick.some(sorted(state.files), pick.any((2, 3))), fresh(pick, state)

    def want(end: Any) -> None:
        end["files"][new] = "".join(end["files"][path] for path in parts)

    return Job({"listed": ", ".join(parts), "new": new}, [call("join_files", paths=parts, new_path=new)], want)


@SET.pattern("parallel", "tools")
def count_each(pick: Pick, state: Files) -> Job:
    """How many words are in {a}, and how many in {b}?
    Count the words of {a} and of {b}.
    > {a} has {r0} words, {b} has {r1}.
    """
    paths = pick.some(sorted(state.files), 2)
    counts = tuple(str(len(state.files[path].split())) for path in paths)
    steps = [[call("count_words", path=path) for path in paths]]
    return Job({"a": paths[0], "b": paths[1]}, steps, found=counts, answer=counts)
