"""A shell with git: patterns of tasks that training may see."""

from __future__ import annotations

import shlex
from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, Refusal, ask, call, may_fail, think
from sxl_data.toolsets.repository import Repository
from sxl_data.toolsets.sets.shell.world import SET, side, subject
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import COLOURS, REMARKS, THINGS, TOPICS


def git(*words: str) -> Any:
    """A call of git."""
    return call("run", command=shlex.join(["git", *words]))


def main(state: Repository) -> dict[str, str]:
    """The files of main."""
    return [commit for commit in state.commits if commit.branch == "main"][-1].files


def committed(end: Any, text: str, files: dict[str, str | None]) -> None:
    """Change the wanted end: one more commit on its branch with ``files`` (None for one that goes)."""
    mine = end["branches"][end["branch"]]
    mine["commits"] = f"{text}\n{mine['commits']}"
    for path, content in files.items():
        for tree in (mine["files"], end["tree"]):
            if content is None:
                del tree[path]
            else:
                tree[path] = content


def new_path(pick: Pick, state: Repository) -> str:
    """A path where nothing is."""
    taken = {path.split("/")[-1].split(".")[0] for commit in state.commits for path in commit.files}
    return f"{pick.new([topic for topic in TOPICS if topic not in taken])}.md"


@SET.pattern("single")
def new_branch(pick: Pick, state: Repository) -> Job:
    """{Start|Open|Make} a branch {name} and {switch to it|check it out}.
    {I want to|Let's} {work on|try something on} a new branch {name}{.|; switch to it.}
    > You're on the new branch {name}.
    """
    name = f"{pick.new(COLOURS)}-{pick.new(THINGS)}"

    def want(end: Any) -> None:
        end["branches"][name] = end["branches"]["main"]
        end["branch"] = name

    return Job({"name": name}, [git("switch", "-c", name)], want)


@SET.pattern("single")
def on_which_line(pick: Pick, state: Repository) -> Job:
    """{In which file and line|Where} {does it say|is it written} “{line}”?
    {Find|Look for} “{line}” {in the repository|in all files}{.| and tell me file and line.}
    > {It's in|In} {path}, line {n}.
    """
    path = pick.any(sorted(main(state)))
    lines = main(state)[path].splitlines()
    line = f"{pick.any(lines)}"

    def plan() -> Plan:
        found = yield call("run", command=shlex.join(["grep", "-rn", line, "."]))
        place, n, _ = found.splitlines()[0].split(":", 2)
        return {"path": place.removeprefix("./"), "n": n}

    only = [p for p, text in sorted(main(state).items()) if line in text]
    if len(only) > 1:  # elsewhere too: then the question would have two answers
        for other in only:
            if other != path:
                for commit in state.commits:
                    commit.files[other] = commit.files.get(other, "").replace(line, "an entry of its own")
    return Job({"line": line}, plan, found=(path,), answer=(path,))


@SET.pattern("single")
def show_log(pick: Pick, state: Repository) -> Job:
    """{What is|Which commits are} on {main|the main branch}{| so far}?
    {Show|List} the {history|commits} of main{, newest first|}.
    > {They are|On main}, newest first: {subjects}.
    """

    def plan() -> Plan:
        found = yield git("log", "--oneline")
        return {"subjects": "; ".join(line.split(" ", 1)[1] for line in found.splitlines())}

    subjects = tuple(commit.subject for commit in state.commits if commit.branch == "main")
    return Job({}, plan, found=subjects, answer=subjects)


@SET.pattern("ordered")
def write_and_commit(pick: Pick, state: Repository) -> Job:
    """{Write|Make} a file {path} with {the line|just} “{line}” and commit it {as|with the message} “{subject}”.
    {path} is missing: {put|write} “{line}” into it, then commit, {message|subject} “{subject}”.
    > {path} is committed: “{subject}”.
    """
    path, line, text = new_path(pick, state), pick.new(REMARKS), subject(pick)

    def want(end: Any) -> None:
        committed(end, text, {path: f"{line}\n"})

    steps = [call("write_file", path=path, text=f"{line}\n"), git("add", path), git("commit", "-q", "-m", text)]
    return Job({"path": path, "line": line, "subject": text}, steps, want)


@SET.pattern("ordered")
def edit_and_commit(pick: Pick, state: Repository) -> Job:
    """In {path}, “{old}” {should be|has to become} “{line}”. {Commit that|Then commit it} as “{subject}”.
    {Change|Replace} “{old}” {in|inside} {path} {to|by} “{line}” and commit{ that|} with the message “{subject}”.
    > {Changed and committed|Done}: “{subject}”.
    """
    path, line, text = pick.any(sorted(main(state))), pick.new(REMARKS), subject(pick)
    old = pick.any([other for other in main(state)[path].splitlines() if other != line])  # else nothing would change

    def want(end: Any) -> None:
        committed(end, text, {path: end["tree"][path].replace(old, line)})

    steps = [call("replace_text", path=path, old=old, new=line), git("commit", "-q", "-am", text)]
    return Job({"path": path, "old": old, "line": line, "subject": text}, steps, want)


@SET.pattern("ordered")
def rename_and_commit(pick: Pick, state: Repository) -> Job:
    """{Rename|Move} {path} to {new} with git and commit{ it|} as “{subject}”.
    {path} should be {called|named} {new}. {Commit message|Subject}: “{subject}”.
    > {path} is {new} now, committed as “{subject}”.
    """
    path, new, text = pick.any(sorted(main(state))), new_path(pick, state), subject(pick)

    def want(end: Any) -> None:
        committed(end, text, {new: end["tree"][path], path: None})

    steps = [git("mv", path, new), git("commit", "-q", "-m", text)]
    return Job({"path": path, "new": new, "subject": text}, steps, want)


@SET.pattern("parallel")
def read_two(pick: Pick, state: Repository) -> Job:
    """{What is|What stands} in {a}, and what in {b}?
    {Show|Print} {a} and {b}.
    > {a}: {one}. {b}: {two}.
    """
    a, b = pick.some(sorted(main(state)), 2)

    def plan() -> Plan:
        texts = yield [call("run", command=f"cat {path}") for path in (a, b)]
        return {"one": "; ".join(texts[0].splitlines()), "two": "; ".join(texts[1].splitlines())}

    first = tuple(main(state)[path].splitlines()[0] for path in (a, b))
    return Job({"a": a, "b": b}, plan, found=first, answer=first)


@SET.pattern("parallel")
def write_two(pick: Pick, state: Repository) -> Job:
    """{Write|Make} two files{, not committed yet|}: {a} with “{one}” and {b} with “{two}”.
    {a} {should say|says} “{one}”, {b} {should say|says} “{two}”. {Make both|Write them}, {but don't commit|no commit}.
    > {a} and {b} are written{, not committed|}.
    """
    a, b = new_path(pick, state), new_path(pick, state)
    b = b if a != b else f"new-{b}"
    one, two = pick.several(REMARKS, 2)

    def want(end: Any) -> None:
        end["tree"] |= {a: f"{one}\n", b: f"{two}\n"}

    steps = [[call("write_file", path=a, text=f"{one}\n"), call("write_file", path=b, text=f"{two}\n")]]
    return Job({"a": a, "b": b, "one": one, "two": two}, steps, want)


@SET.pattern("dependent")
def merge_the_branch(pick: Pick, state: Repository) -> Job:
    """{Merge|Bring} the {other|only other} branch into main{; I forgot its name|}.
    There's {one|a} branch beside main{. Merge it|; it should be merged}{.| into main.}
    ~ The branch beside main is {name}.
    > {name} is merged into main.
    """
    name = side(state).branch

    def plan() -> Plan:
        found = yield git("branch")
        (other,) = [line.strip() for line in found.splitlines() if not line.startswith("*")]
        yield think(name=other)
        yield git("merge", other)
        return {"name": other}

    def want(end: Any) -> None:
        end["branches"]["main"] = end["branches"][name]
        end["tree"] = dict(end["branches"][name]["files"])

    return Job({}, plan, want)


@SET.pattern("dependent")
def commit_what_is_new(pick: Pick, state: Repository) -> Job:
    """{Commit|Check in} {whatever is|the file that is} not committed yet{,|} as “{subject}”.
    {Something|A file} lies there uncommitted. {Add it and commit|Commit it}: “{subject}”.
    ~ {path} is the file that git does not know yet.
    > {path} is committed as “{subject}”.
    """
    path, text = new_path(pick, state), subject(pick)
    state.uncommitted = {path: f"{pick.new(REMARKS)}\n"}

    def plan() -> Plan:
        found = yield git("status", "--short")
        (mine,) = [line[3:] for line in found.splitlines() if line.startswith("??")]
        yield think(path=mine)
        yield git("add", mine)
        yield git("commit", "-q", "-m", text)
        return {"path": mine}

    def want(end: Any) -> None:
        committed(end, text, dict(state.uncommitted))

    return Job({"subject": text}, plan, want)


@SET.pattern("ask")
def which_message(pick: Pick, state: Repository) -> Job:
    """{Commit|Check in} {path}{, it's new|}.
    {path} {isn't committed yet|still has to be committed}{. Please do so|; do that}.
    ? {With which message|What should the commit be called|Which subject}?
    < “{subject}”{.|, please.}
    > {path} is committed as “{subject}”.
    """
    path, text = new_path(pick, state), subject(pick)
    state.uncommitted = {path: f"{pick.new(REMARKS)}\n"}

    def want(end: Any) -> None:
        committed(end, text, dict(state.uncommitted))

    steps = [ask(), git("add", path), git("commit", "-q", "-m", text)]
    return Job({"path": path, "subject": text}, steps, want)


@SET.pattern("recover")
def branch_exists(pick: Pick, state: Repository) -> Job:
    """{Make|Start} a branch {name}{ and switch to it|}; if there is one{ already|}, {just|simply} switch to it.
    I want to {be|work} on {name}, {a new branch|which is new} {unless it exists|if it doesn't exist}.
    ~ {name} exists already, so it only has to be switched to.
    > {name} existed already{; you're on it|, and you're on it now}.
    """
    name = side(state).branch

    def plan() -> Plan:
        got = yield may_fail("run", command=f"git switch -c {name}")
        assert isinstance(got, Refusal)
        yield think()
        yield git("switch", name)
        return None

    def want(end: Any) -> None:
        end["branch"] = name
        end["tree"] = dict(end["branches"][name]["files"])

    return Job({"name": name}, plan, want)


@SET.pattern("refuse")
def no_such_branch(pick: Pick, state: Repository) -> Job:
    """{Merge|Bring} {name} into main.
    {name} is {ready|finished}{. Merge it|; merge it}{.| into main.}
    ~ git knows no {name}; the branches are {listed}.
    > There is no branch {name}, {only|just} {listed}{. Nothing was merged.|.}
    """
    name = f"{pick.new(COLOURS)}-{pick.new(THINGS)}"

    def plan() -> Plan:
        got = yield may_fail("run", command=f"git merge {name}")
        found = yield git("branch")
        listed = " and ".join(line[2:] for line in found.splitlines())
        assert isinstance(got, Refusal)
        yield think(listed=listed)
        return {"listed": listed}

    return Job({"name": name}, plan)
