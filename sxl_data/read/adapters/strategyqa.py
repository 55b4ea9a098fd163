"""StrategyQA: yes-or-no questions with the steps and the facts that answer them.

In: ``{"question", "answer", "facts", "decomposition", "evidence"?}``. Out: the question and the facts are
observed (the facts are what an annotator looked up), the decomposition is the reflection, yes or no the final Act; with
the option ``facts: reflect`` the facts are part of the reflection, since nobody who asks knows them. The paragraphs
that ``evidence`` names are kept by their ids, as the rows do not hold their text
(Geva et al. 2021, https://allenai.org/data/strategyqa).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Option, Origin, Reading, RowError, Unit
from sxl_data.trace.types import Part


class StrategyQa:
    """The training and development files; the test file has no answers."""

    name = "strategyqa"
    title = "StrategyQA questions with decomposition and facts"
    unit: Unit = "row"
    options: ClassVar = {"facts": Option("what the annotator's facts are part of", Literal["reflect", "observe"])}

    def detect(self, sample: Any) -> str | None:
        if isinstance(sample, dict) and {"question", "answer", "decomposition"} <= sample.keys():
            return "has `question`, `answer` and `decomposition`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise RowError("no text", "a question", "/question")
        if not isinstance(row.get("answer"), bool):
            raise RowError(repr(row.get("answer"))[:80], "true or false", "/answer")
        facts, steps = (_texts(row.get(name), name) for name in ("facts", "decomposition"))
        builder = Builder("reasoning", row["question"])
        builder.observe(row["question"], at="/question")
        if facts and origin.options.get("facts") != "reflect":
            builder.observe([Part(text=fact) for fact in facts], "environment", at="/facts")
        if steps:
            builder.reflect("\n".join(steps), at="/decomposition")
        if facts and origin.options.get("facts") == "reflect":
            builder.reflect("\n".join(facts), at="/facts")
        builder.say("yes" if row["answer"] else "no", final=True, at="/answer")
        builder.ext = {"strategyqa": {k: row[k] for k in ("term", "description", "evidence") if k in row}}
        known = row.get("qid")
        yield builder.build(
            document,
            origin,
            self.name,
            source_id=None if known is None else str(known),
            group=f"{origin.source}/{row['term']}" if row.get("term") else None,
        )


def _texts(value: Any, name: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RowError(type(value).__name__, "a list of texts", f"/{name}")
    return [item for item in value if item.strip()]


FORMAT = StrategyQa()
