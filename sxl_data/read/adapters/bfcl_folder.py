"""The function-calling leaderboard with its answers.

In: the folder with ``BFCL_*.json`` (JSON lines), ``possible_answer/*.json`` and ``multi_turn_func_doc/*.json``.
Out: the traces of `formats.bfcl`, each question with its answer of the same file name and id; several
turns get the functions of the classes they involve.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from sxl_data.contract import patterns
from sxl_data.formats.bfcl import read_question
from sxl_data.read.adapters.folders import json_lines
from sxl_data.trace.format import Document, Origin, Reading, RowError, Unit

ANSWERS, FUNCTIONS = "possible_answer", "multi_turn_func_doc"

# Class named by a question → file of its functions, where the name alone does not tell.
CLASSES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TwitterAPI": "posting_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "VehicleControlAPI": "vehicle_control",
    "WebSearchAPI": "web_search",
}


class BfclFolder:
    """The published data folder, version 3 or 4."""

    name = "bfcl_folder"
    title = "BFCL questions with their answers"
    unit: Unit = "folder"
    suffixes = (".json",)

    def detect(self, sample: Any) -> str | None:
        return None  # a folder is not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading | RowError]:
        answers: dict[tuple[str, str], Any] = {}
        functions: dict[str, list[Any]] = {}
        questions: list[Document] = []
        for path, text in sorted(document.value.items()):
            place = PurePosixPath(path)
            for row, (line, value) in enumerate(json_lines(path, text)):
                if isinstance(value, RowError):
                    yield value
                elif FUNCTIONS in place.parts:
                    functions.setdefault(place.stem, []).append(value)
                elif ANSWERS in place.parts:
                    answers[place.name, str(value.get("id"))] = value.get("ground_truth")
                elif isinstance(value, dict) and "question" in value:
                    questions.append(Document(file=path, value=value, lines=(line,), sha256=document.sha256, row=row))
        for question in questions:
            value = dict(question.value)
            value["ground_truth"] = answers.get((PurePosixPath(question.file).name, str(value.get("id"))))
            if not value.get("function"):
                involved = [CLASSES.get(name, _snake(name)) for name in value.get("involved_classes") or ()]
                value["function"] = [item for name in involved for item in functions.get(name, ())]
            joined = Document(
                file=question.file, value=value, lines=question.lines, sha256=question.sha256, row=question.row
            )
            try:
                yield read_question(joined, origin, "bfcl")
            except RowError as problem:
                problem.file, problem.line = question.file, question.lines[0]
                yield problem


_HUMP = patterns.compile(r"([a-z])([A-Z])")


def _snake(name: str) -> str:
    return _HUMP.sub(lambda match: f"{match[1]}_{match[2]}", name).lower()


FORMAT = BfclFolder()
