"""Patterns of tasks kept for evaluation: new ones over the tools of training, and those that held-out tools solve."""

from __future__ import annotations

from typing import Any

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.plan import Plan, call
from sxl_data.toolsets.sets.files.tasks import fresh, one
from sxl_data.toolsets.sets.files.world import SET, Files
from sxl_data.toolsets.toolset import Job
from sxl_data.toolsets.values import PEOPLE, REMARKS


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
