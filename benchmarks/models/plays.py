"""Lets a tuned model work on held-out tasks of the tool sets and says what became of each task.

Tasks of ``seed`` 1 are those that variants are chosen by, of seed 0 those of the tables. What comes back is plain: for
each side and measure, task → 1 or 0, so that any two models can be compared on the tasks that both had.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

SETS = ("calendar", "files", "shop")
CHOOSING, FINAL = 1, 0
"""Seeds of the held-out tasks."""
FIRST, GOAL, ABSTAINS = "first calls exact", "goal", "abstains"
MOST_TOKENS = 160
"""Of one answer; the planner's longest takes about half of it."""
MEASURES = (FIRST, GOAL, ABSTAINS)
Scores = dict[str, dict[str, dict[str, float]]]
"""Side → measure → task → 1 or 0."""


def play(
    backend: Any, per_side: int, seed: int, sides: Sequence[Any], turns: int = 0, way: str = ""
) -> tuple[Scores, dict[str, Any]]:
    """The scores of a model, and what may help to understand them: speed, kinds of failure, a few failures.

    ``turns``: answers to each task at most, 0 for as many as the suite allows; of one turn the goal says nothing.
    ``way``: as `sxl_train.suites.toolsets` has them, ", constrained" holds calls to the tools' grammar.
    """
    from sxl_train.evaluate.ask import Ask
    from sxl_train.suites import toolsets
    from sxl_train.suites.types import Options

    tasks = toolsets.tasks(SETS, per_side, seed, sides)
    options = Options(data=Path(), max_tokens=MOST_TOKENS)
    began = time.monotonic()
    talks = toolsets.work("toolsets", tasks, way, Ask(backend), options, turns or toolsets.TURNS)
    seconds = time.monotonic() - began
    measures = MEASURES if turns != 1 else (FIRST, ABSTAINS)
    scores: Scores = {side: {measure: {} for measure in measures} for side in sides}
    kinds: dict[str, int] = {}
    missed = []
    for task, talk in zip(tasks, talks, strict=True):
        outcome = toolsets.judge("toolsets", task, {"": talk})
        mine = {measure: outcome.scores[measure] for measure in measures if measure in outcome.scores}
        for measure, score in mine.items():
            scores[task.side][measure][task.id] = score
        if not all(mine.values()):
            why = outcome.kind if GOAL in mine else "the first calls are others"
            kinds[f"{task.side}: {why}"] = kinds.get(f"{task.side}: {why}", 0) + 1
            missed.append(
                {"task": task.id, "why": outcome.detail[:200], "wanted": outcome.wanted, "said": outcome.text}
            )
    missed = [one | {"said": one["said"][:600]} for one in missed[:: max(1, len(missed) // 12)]]
    tokens = sum(talk.tokens for talk in talks)
    return scores, {"seconds": round(seconds, 1), "tokens": tokens, "kinds": kinds, "missed": missed}


def rehearse() -> None:
    """Let the planner's own runs be judged as a model's are: what is missing on this machine is missed now, and not
    when hours of training are over. Raises AssertionError where a right run is not found right."""
    from sxl_data import toolsets as sets
    from sxl_data.trace.messages import to_messages
    from sxl_train.answers.tool_calls import read
    from sxl_train.generate.types import Sample
    from sxl_train.suites import toolsets
    from sxl_train.suites.conversation import Conversation

    for task in toolsets.tasks(SETS, 8, CHOOSING, ("values",)):
        talk = Conversation(task, read)
        messages, _ = to_messages(sets.run(sets.get(task.toolset), task, slips=0.0).trace)
        for message in messages:
            if message["role"] == "assistant":
                calls = [call["function"] for call in message.get("tool_calls") or ()]
                marks = [f"<tool_call>{json.dumps(call)}</tool_call>" for call in calls]
                text = str(message.get("content") or "") + "".join(marks)
                talk.take(Sample(request="", index=0, text=text, finish="stop", prompt_tokens=0, tokens=0))
        outcome = toolsets.judge("toolsets", task, {"": talk})
        assert all(outcome.scores[measure] for measure in MEASURES if measure in outcome.scores), outcome.detail


def cluster(scores: Mapping[str, float]) -> list[tuple[str, float, int]]:
    """(pattern, score, 1) of each task; the tasks of one pattern say less than as many that stand alone."""
    from sxl_data import toolsets
    from sxl_data.toolsets.tasks import from_id

    found = []
    for name, score in scores.items():
        task = from_id(toolsets.get(name.partition("/")[0]), name)
        found.append((name if task.kind == "irrelevant" else f"{task.toolset}/{task.pattern}", score, 1))
    return found


def summarise(scores: Scores) -> dict[str, dict[str, str]]:
    """Side → measure → ``270 of 300, 90 % (86–93)``."""
    from sxl_train.suites.statistics import estimate, show

    return {
        side: {measure: show(estimate(cluster(found))) for measure, found in measures.items() if found}
        for side, measures in scores.items()
    }


def compare(left: Scores, right: Scores, side: str, measure: str) -> dict[str, Any]:
    """``right`` less ``left`` on the tasks that both had, with its interval."""
    from sxl_train.suites import statistics

    sides = []
    for scores in (left, right):
        found = scores[side][measure]
        sides.append({name: (group, score) for name, (group, score, _) in zip(found, cluster(found))})
    found = statistics.compare(*sides)
    right = [name for name, (_, score) in sides[0].items() if score and name in sides[1]]
    kept = sum(1 for name in right if sides[1][name][1])
    return {
        "n": found.n,
        "left": found.left,
        "right": found.right,
        "difference": [found.difference, found.low, found.high],
        "won": found.won,
        "lost": found.lost,
        "p": found.p,
        "kept": [kept, len(right)],
    }
