"""Composes tasks: number, seed and side decide everything about one, so each can be made again from its name.

Sides: ``train``; ``values``, the patterns of training with values that it never saw; ``patterns``, new patterns with
new values over the same tools; ``tools``, new tasks with new values and only tools that training never showed; ``all``,
everything, for a set that nothing is measured on. About one task in eight fits no tool.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Literal, get_args

import msgspec

from sxl_data.contract.errors import error
from sxl_data.toolsets.pick import Pick, Values
from sxl_data.toolsets.plan import Ask, Think, begun
from sxl_data.toolsets.toolset import Job, Kind, Pattern, State, Toolset, Words
from sxl_data.toolsets.wording import NOT_MINE, dress, nowhere

Said = Generator[Any, Any, str]
Side = Literal["train", "values", "patterns", "tools", "all"]
SIDES: tuple[Side, ...] = get_args(Side)
WEIGHTS: dict[Kind, int] = {
    "single": 22,
    "ordered": 16,
    "parallel": 13,
    "dependent": 16,
    "ask": 10,
    "recover": 7,
    "refuse": 4,
}
IRRELEVANT = 1 / 8
DRAWS = 20
BUSY = 0.06  # of the tasks with calls: a tool is busy at first


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task: its world, what is asked, and when it is done."""

    toolset: str
    number: int
    seed: int
    side: Side
    pattern: str
    kind: Kind
    state: State
    """The world at the beginning; take a copy to change."""
    job: Job
    request: str
    """What the person asks."""
    plan: Callable[[], Said]
    """How it can be done, in words: yields calls, texts to think and questions to ask, returns the last message."""
    replies: tuple[str, ...] = ()
    """What the person answers when asked, in order; until the first answer nothing may have changed."""
    context: str = ""
    """A system text, empty for none."""
    busy: dict[str, int] = {}
    """Tool → how many of its first calls fail for a moment."""
    drawn: frozenset[str] = frozenset()
    """The values that the task was composed of."""

    @property
    def id(self) -> str:
        """``files/train/0/7``: set, side, seed and number, from which `from_id` makes the task again."""
        return f"{self.toolset}/{self.side}/{self.seed}/{self.number}"


def make_task(toolset: Toolset, number: int, seed: int = 0, side: Side = "train") -> Task:
    """Task ``number`` of ``side``. Raises `UserError` U102 for a side that it has no pattern for."""
    if side not in SIDES:
        raise error("U102", pointer="/options/side", found=side, expected="one of " + ", ".join(SIDES))
    if number < 0 or seed < 0:
        raise error("U102", pointer="/options/seed", found=min(number, seed), expected="0 or more")
    values: Values = "all" if side == "all" else "train" if side == "train" else "held_out"
    pick, pattern, state, job = _compose(toolset, side, f"{toolset.name}/{side}/{seed}/{number}", values)
    busy: dict[str, int] = {}
    if job.calls and pick.chance(BUSY):
        busy = {pick.any([function.name for function in toolset.shown(side)]): pick.any([1, 1, 1, 2])}
    replies = (pick.say(*pattern.words.replies, **job.slots),) if pattern.words.replies else ()
    request, chances = dress(pick, pick.say(*pattern.words.requests, **job.slots)), pick.random.getstate()

    def plan() -> Said:
        pick.random.setstate(chances)  # a plan chooses words as it goes: the same ones each time that it is begun
        return (yield from _in_words(job, pattern.words, pick))

    return Task(
        toolset=toolset.name,
        number=number,
        seed=seed,
        side=side,
        pattern=pattern.name,
        kind=pattern.kind,
        state=state,
        job=job,
        request=request,
        plan=plan,
        replies=replies,
        context=toolset.context(state) if toolset.context else "",
        busy=busy,
        drawn=frozenset(pick.drawn),
    )


def from_id(toolset: Toolset, name: str) -> Task:
    """The task called ``name`` (see `Task.id`). Raises ValueError for a name that is none of this set."""
    own, side, seed, number = [*name.rsplit("/", 3), "", "", ""][:4]
    if own != toolset.name or side not in SIDES or not (seed.isascii() and seed.isdigit() and number.isdecimal()):
        raise ValueError(f"no task of the set {toolset.name}: {name!r}")
    return make_task(toolset, int(number), int(seed), side)  # type: ignore[arg-type]


def patterns(toolset: Toolset, side: Side) -> list[Pattern]:
    """The patterns that tasks of ``side`` come from."""
    wanted = {"train": ("train",), "values": ("train",), "all": ("train", "patterns", "tools")}.get(side, (side,))
    return [pattern for pattern in toolset.patterns if pattern.side in wanted]


def _compose(toolset: Toolset, side: Side, name: str, values: Values) -> tuple[Pick, Pattern, State, Job]:
    """A pattern and its job. One whose wanted end is there from the beginning (a blind that already stands as asked)
    would be met by doing nothing: it is drawn again."""
    for again in range(DRAWS):
        pick = Pick(f"{name}/{again}" if again else name, values)
        pattern = _choose(toolset, side, pick)
        state = toolset.start(pick)
        job = pattern.make(pick, state)
        if job.want is None:
            break
        before, after = msgspec.to_builtins(state.view()), msgspec.to_builtins(state.view())
        job.want(after)
        if before != after:
            break
    return pick, pattern, state, job


def _choose(toolset: Toolset, side: Side, pick: Pick) -> Pattern:
    mine = patterns(toolset, side)
    if not mine:
        raise error(
            "U102", pointer="/options/side", found=side, expected=f"a side that {toolset.name} has patterns for"
        )
    if pick.chance(IRRELEVANT):
        words = Words(("{request}",), NOT_MINE, (), (), ())
        return Pattern("nothing_fits", "irrelevant", "train", partial(_nothing_fits, toolset), words)
    kinds = [kind for kind in WEIGHTS if any(pattern.kind == kind for pattern in mine)]
    kind = pick.random.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]
    return pick.any([pattern for pattern in mine if pattern.kind == kind])


def _nothing_fits(toolset: Toolset, pick: Pick, state: Any) -> Job:
    return Job({"request": nowhere(pick), "covers": toolset.covers}, [], calls=False)


def _in_words(job: Job, words: Words, pick: Pick) -> Said:
    plan, sent = begun(job.plan), None
    while True:
        try:
            item = plan.send(sent)
        except StopIteration as done:
            return pick.say(*words.answers, **job.slots | (done.value or {}))
        if isinstance(item, Think | Ask):
            own = words.reasons if isinstance(item, Think) else words.questions
            item = item._replace(patterns=(pick.say(*(item.patterns or own), **job.slots | item.slots),))
        sent = yield item
