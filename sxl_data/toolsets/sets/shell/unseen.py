"""Patterns of tasks kept for evaluation: new ones over the tools of training, and those that held-out tools solve."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, call
from sxl_data.toolsets.repository import Repository
from sxl_data.toolsets.sets.shell.tasks import committed, git, main
from sxl_data.toolsets.sets.shell.world import SET, side, subject
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import MOODS, REMARKS


@SET.pattern("ordered", "patterns")
def throw_out(pick: Pick, state: Repository) -> Job:
    """{path} has no place in this repository any longer: out with it, and log that as “{subject}”.
    Take {path} out and record it under “{subject}”.
    > {path} is out, recorded as “{subject}”.
    """
    path, text = pick.any(sorted(main(state))), subject(pick)

    def want(end: Any) -> None:
        committed(end, text, {path: None})

    return Job({"path": path, "subject": text}, [git("rm", "-q", path), git("commit", "-q", "-m", text)], want)


@SET.pattern("ordered", "patterns")
def drop_branch(pick: Pick, state: Repository) -> Job:
    """Nothing on {name} is worth keeping. Get rid of that branch, merged or not.
    {name} was an experiment that failed; the branch goes.
    > The branch {name} is gone.
    """
    name = side(state).branch

    def want(end: Any) -> None:
        del end["branches"][name]

    return Job({"name": name}, [git("branch", "-D", name)], want)


@SET.pattern("dependent", "patterns")
def longer_of_two(pick: Pick, state: Repository) -> Job:
    """{a} or {b}, which has more lines?
    Compare the lengths of {a} and {b} in lines.
    > {longer} has more: {n} lines against {m}.
    """
    a, b = pick.some(sorted(main(state)), 2)
    longer = pick.any((a, b))
    more = "".join(f"{line}\n" for line in pick.several(REMARKS, 3))
    for commit in state.commits:
        if longer in commit.files:
            commit.files[longer] += more

    def plan() -> Plan:
        found = yield [call("run", command=f"wc -l {path}") for path in (a, b)]
        counts = [int(text.split()[0]) for text in found]
        return {"longer": (a, b)[counts.index(max(counts))], "n": max(counts), "m": min(counts)}

    return Job({"a": a, "b": b}, plan, answer=(longer,))


@SET.pattern("single", "tools")
def release(pick: Pick, state: Repository) -> Job:
    """The newest commit is version {name}; tag it.
    Put the label {name} on where we stand.
    > The newest commit is tagged {name}.
    """
    name = f"{pick.new(MOODS)}-{pick.number(2, 40)}.{pick.number(2, 40)}"

    def want(end: Any) -> None:
        end["tags"][name] = end["branches"]["main"]

    return Job({"name": name}, [call("tag_version", name=name)], want)


@SET.pattern("single", "tools")
def as_it_was(pick: Pick, state: Repository) -> Job:
    """I spoilt {path}. Bring back what is committed.
    Forget my edits to {path}.
    > {path} is as it was committed.
    """
    path = pick.any(sorted(main(state)))
    state.uncommitted = {path: f"{pick.new(REMARKS)}\n"}

    def want(end: Any) -> None:
        end["tree"][path] = end["branches"]["main"]["files"][path]

    return Job({"path": path}, [call("undo_changes", path=path)], want)
