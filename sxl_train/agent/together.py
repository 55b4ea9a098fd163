"""Many agents that share one model, in step: what each asks next is generated in one batch.

In: agents with the session and options of each, and their tasks. Out: an `Outcome` for each, in their order. An agent
that is done leaves the batch; what one of them does changes nothing for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from sxl_data.contract.errors import UserError
from sxl_train.agent.loop import Agent, Outcome, Steps
from sxl_train.generate.types import Backend, Request, Sample


def run_together(
    backend: Backend, tasks: Sequence[tuple[Agent, str]], progress: Callable[[int, int], None] | None = None
) -> list[Outcome]:
    """Work on all ``tasks``; ``progress(done, of)`` counts those that ended."""
    found: dict[int, Outcome] = {}
    waiting: dict[int, tuple[Steps, Request]] = {}

    def advance(place: int, steps: Steps, move: Callable[[], Request]) -> None:
        try:
            waiting[place] = steps, move()
        except StopIteration as done:
            waiting.pop(place, None)
            found[place] = done.value
            if progress is not None:
                progress(len(found), len(tasks))

    for place, (agent, task) in enumerate(tasks):
        steps = agent.steps(task)
        advance(place, steps, partial(next, steps))
    while waiting:
        asked = dict(waiting)
        for place, answer in _generate(backend, {place: request for place, (_, request) in asked.items()}).items():
            steps = asked[place][0]
            if isinstance(answer, UserError):
                advance(place, steps, partial(steps.throw, answer))
            else:
                advance(place, steps, partial(steps.send, answer))
    return [found[place] for place in range(len(tasks))]


def _generate(backend: Backend, asked: dict[int, Request]) -> dict[int, list[Sample] | UserError]:
    """An answer for each request. One that the backend refuses must not end the others: then each is asked alone."""
    named = [msgspec.structs.replace(request, id=f"{place}/{request.id}") for place, request in asked.items()]
    try:
        found: dict[int, list[Sample] | UserError] = {place: [] for place in asked}
        for sample in backend.generate(named):
            answers = found[int(sample.request.partition("/")[0])]
            assert isinstance(answers, list)
            answers.append(sample)
        return found
    except UserError as problem:
        if len(asked) == 1:
            return dict.fromkeys(asked, problem)
    found = {}
    for place in asked:
        found |= _generate(backend, {place: asked[place]})
    return found
