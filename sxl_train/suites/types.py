"""What a suite is and what it gives back: one `Outcome` for each sample, with everything needed to judge it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from sxl_train.generate.types import Request, Sample, Score


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One judged sample."""

    suite: str
    item: str
    """The problem, by the name that its makers gave it."""
    index: int = 0
    """Which of the item's samples."""
    group: str = ""
    """What the item shares with others: a subject, a tool set, a document. Empty where it stands alone."""
    scores: dict[str, float]
    """Measure → 1 or 0 (or a share); a measure that does not apply to this item is absent."""
    counts: dict[str, tuple[int, int]] = {}
    """Measure over smaller things than items (calls) → (how many hold, of how many)."""
    kind: str = ""
    """Kind of failure, empty where nothing failed."""
    detail: str = ""
    """What failed, for people."""
    request: str
    """What was asked, as JSON."""
    text: str
    """What was answered; several turns as JSON."""
    wanted: str = ""
    """What would have been right, where that can be said."""
    finish: str = ""
    prompt_tokens: int = 0
    tokens: int = 0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What every suite is told."""

    data: Path
    """Folder that the suites' files are looked for in, at any depth."""
    limit: int = 0
    """Items at most, spread evenly over the suite; 0 takes all."""
    samples: int = 1
    """Answers to each item (k of pass@k)."""
    temperature: float = 0.0
    """0 is greedy; more than one sample needs more."""
    top_p: float = 0.95
    max_tokens: int = 512
    seed: int = 0
    constrained: bool = False
    """Hold tool calls to the grammar of the declared tools."""


class Asker(Protocol):
    """Answers to requests, in the order of the requests; what was answered before is not asked again."""

    def __call__(self, requests: Sequence[Request]) -> list[list[Sample]]:
        """The samples of each request."""
        ...

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """Likelihood of each continuation after its context."""
        ...


T = TypeVar("T")
Measure = Callable[[Asker, Options], list[Outcome]]


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark."""

    name: str
    title: str
    protocol: str
    """How it is asked and judged, and whose protocol that is."""
    measure: Measure
    main: str
    """The measure that a table shows first."""
    files: tuple[str, ...] = ()
    """Names of the files that it needs of ``Options.data``."""
    locate: Callable[[Path], Path] | None = None
    """Finds its file in the folder of data where a name alone does not say which it is. Raises `UserError` T301."""
    needs: Callable[[Path], None] = lambda data: None
    """Raises `UserError` where something else that it needs is not there, given the folder of data."""


def spread(items: Sequence[T], limit: int) -> list[T]:
    """At most ``limit`` of ``items``, evenly over all of them; 0 takes all."""
    if not limit or limit >= len(items):
        return list(items)
    return [items[place * len(items) // limit] for place in range(limit)]
