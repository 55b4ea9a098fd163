"""`sxl-data init DIR`: a recipe, an adapter and its test to begin with.

In: a folder. Out: four small files that work as they are: `sxl-data build DIR/recipe.yaml -o out` builds the
sample rows through the adapter, `pytest DIR` tests it. Whoever adds a source changes these instead of
beginning with an empty page.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from sxl_data.build.init_from import drafted
from sxl_data.build.init_toolset import files
from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit_bytes

RECIPE = """\
# Build it:  sxl-data build recipe.yaml -o out
name: my-dataset
sources:
  - {name: notes, path: notes.jsonl, format: notes.py, licence: MIT}
# Any public dataset, by its id on the Hub; pin it with `revision:`.
#  - {name: gsm8k, hub: openai/gsm8k, subset: main, format: gsm8k, licence: MIT}
# The agent sessions of your home folder; names, paths and keys are taken out.
#  - {name: sessions, path: ~/.claude/projects, format: claude_code, licence: LicenseRef-own}
decontaminate: {against: []}
"""

ADAPTER = '''\
"""Notes: a question, how it was worked out, and the answer."""

from sxl_data.trace.build import Builder
from sxl_data.trace.format import RowError


class Notes:
    name = "notes"
    title = "questions with their working and answer"
    unit = "row"

    def detect(self, sample):
        return "has `ask` and `reply`" if isinstance(sample, dict) and {"ask", "reply"} <= sample.keys() else None

    def read(self, document, origin):
        row = document.value
        if not row.get("reply"):
            raise RowError("no reply", "a text", "/reply")  # this row goes to quarantine, the others go on
        builder = Builder("reasoning", row["ask"])
        builder.observe(row["ask"], at="/ask")
        if row.get("working"):  # nothing is invented: without it there is no Reflect step
            builder.reflect(row["working"], at="/working")
        builder.say(row["reply"], final=True, at="/reply")
        yield builder.build(document, origin, self.name)


FORMAT = Notes()
'''

TEST = '''\
"""Run with `pytest`."""

import pytest
from notes import FORMAT
from sxl_data.trace.format import Document, Origin, RowError


def read(row):
    return [reading.trace for reading in FORMAT.read(Document(file="toy", value=row), Origin(source="toy"))]


def test_the_working_is_a_reflection():
    (trace,) = read({"ask": "2 + 2?", "working": "two and two", "reply": "4"})
    assert [type(step).__name__ for step in trace.steps] == ["Observe", "Reflect", "Act"]


def test_a_row_without_a_reply_is_refused():
    with pytest.raises(RowError):
        read({"ask": "2 + 2?"})
'''

ROWS = """\
{"ask": "How many seconds are in a week?", "working": "60 * 60 * 24 * 7", "reply": "604800"}
{"ask": "Which HTTP status says that nothing was found?", "reply": "404"}
{"ask": "Is 91 a prime number?", "working": "91 is 7 times 13.", "reply": "No."}
{"ask": "What does `git bisect` do?", "reply": "It finds the commit that brought a fault in by halving the range."}
"""

FILES = {"recipe.yaml": RECIPE, "notes.py": ADAPTER, "test_notes.py": TEST, "notes.jsonl": ROWS}


def init(folder: str | Path, toolset: str | None = None, source: str | None = None) -> list[Path]:
    """Write the starter files into ``folder``, which is made if need be, and return their paths.

    ``toolset`` is the name of a tool set of one's own: then its module, its test and a recipe that runs it are written.
    ``source`` is a file that no format reads: then an adapter is drafted from its shape (see `init_from`).
    Raises `UserError`: U201, U204 or U208 for a ``source`` that cannot be read, U306 where one of the files is already
    there; then nothing is written.
    """
    target = Path(folder)
    texts = drafted(source) if source is not None else FILES if toolset is None else files(toolset)
    there = [name for name in texts if (target / name).exists()]
    if there:
        raise error(
            "U306",
            file=str(target),
            found=", ".join(there),
            expected="a folder without these files",
            why="init never replaces what you wrote",
            fix="give another folder",
        )
    new = not target.exists()
    paths = [target / name for name in texts]
    try:
        for path, text in zip(paths, texts.values()):
            commit_bytes(path, text.encode("utf-8"))
    except BaseException:
        with contextlib.suppress(OSError):  # half a start is none
            for path in paths:
                path.unlink(missing_ok=True)
            if new:
                target.rmdir()
        raise
    return paths
