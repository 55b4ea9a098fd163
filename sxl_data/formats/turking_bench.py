"""TurkingBench: a task page for a worker, and the form that was filled in.

In: ``{"Template": HTML with the task's fields in it, "Answer": {field: value}, …}``. Out: the page as what is seen
and the filled form as the answer. The other columns are the values that stand in the page already, or describe the
task; they stay in ``ext_json``. The title is the task. Source: https://github.com/JHU-CLSP/turking-bench.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError

NAME = "turking_bench"
_READ = ("Template", "Answer", "Title", "_id")


class TurkingBench:
    """Format of filled task pages."""

    name = NAME
    title = "TurkingBench task pages with their answers"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """`Template` and an `Answer` of fields."""
        known = (
            isinstance(sample, dict)
            and isinstance(sample.get("Template"), str)
            and isinstance(sample.get("Answer"), dict)
        )
        return "has `Template` and `Answer`" if known else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        value = document.value
        if self.detect(value) is None:
            raise RowError("another row", "an object with `Template` and `Answer`")
        builder = Builder("instruction", task=str(value.get("Title") or value.get("Task") or ""))
        builder.observe(value["Template"], at="/Template")
        builder.say(dump(value["Answer"]), final=True, at="/Answer")
        if origin.lossless and (beside := {key: held for key, held in value.items() if key not in _READ}):
            builder.ext = {NAME: beside}
        name = value.get("_id")
        yield builder.build(document, origin, NAME, source_id=str(name) if name else None)


FORMAT = TurkingBench()
