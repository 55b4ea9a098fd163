"""Files and text: patterns of tasks that training may see."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.sets.files.world import ENDINGS, SET, Files
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import MOODS, PEOPLE, REMARKS, TOPICS


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
