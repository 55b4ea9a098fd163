"""QuixBugs: programs with a bug on one line, and their corrections.

In: a folder with ``python_programs/NAME.py`` and ``correct_python_programs/NAME.py``. Out: the buggy file
with the description at its end is observed, the difference of the two files is a call of ``apply_patch``.
Test files and helper classes, which have no bug, give nothing
(Lin et al. 2017, https://github.com/jkoppel/QuixBugs).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.read.adapters.edits import APPLY_PATCH, diff
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, Unit

BUGGY, CORRECT = "python_programs/", "correct_python_programs/"


class QuixBugs:
    """The Python half of the repository."""

    name = "quixbugs"
    title = "QuixBugs programs and their corrections"
    unit: Unit = "folder"
    suffixes = (".py",)
    leaves_out = (LeftOut("*", "pairs of programs are taken out of a folder with their tests"),)
    composes = (
        ("observe", "the description with the program in a fence"),
        ("task", "the same words"),
        ("arguments", "the difference of the program and its correction"),
    )

    def detect(self, sample: Any) -> str | None:
        return None  # a folder is not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        for path, before in sorted(document.value.items()):
            head, found, name = path.rpartition(BUGGY)
            after = document.value.get(f"{head}{CORRECT}{name}")
            if not found or head.endswith("correct_") or after is None or "_test" in name:
                continue
            # The correction leaves the description out: it is no part of the fix.
            program, mark, description = before.partition('"""')
            change = diff(path, program.rstrip() + "\n", _without_description(after).rstrip() + "\n")
            if not change:
                continue
            words = description.rsplit('"""', 1)[0].strip() if mark else ""
            builder = Builder("code", words or path)
            builder.tool(APPLY_PATCH)
            builder.observe(f"{words}\n\n```python\n# {path}\n{program.strip()}\n```".strip())
            builder.call(APPLY_PATCH.name, change, "call_0", kind="custom", form="raw", language="diff")
            if document.licence:
                origin = msgspec.structs.replace(origin, licence=document.licence, licence_url=None)
            item = Document(file=path, value={"buggy": before, "correct": after}, sha256=document.sha256)
            yield builder.build(
                item, origin, self.name, source_id=path, group=f"{origin.source}/{name}", language="python"
            )


def _without_description(text: str) -> str:
    program, mark, _ = text.partition('"""')
    return program if mark and program.strip() else text


FORMAT = QuixBugs()
