"""A round as the folder that ``argilla.Dataset.from_disk`` reads.

In: a round and its votes. Out: ``records.json`` and the settings beside it. Persons are responses, models suggestions
whose agent is the model.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from sxl_data.review.rounds import Item, Round
from sxl_data.review.rubric import CANNOT_JUDGE, Question
from sxl_data.review.votes import Votes

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/sxl/review")


def argilla(round: Round, votes: list[Votes], text_of: Callable[[Item], str]) -> dict[str, bytes]:
    """The files by name."""
    records = [_record(round, item, votes, text_of(item)) for item in round.sample.items]
    name = f"review-{round.hash[:12]}"
    # One Argilla dataset asks the same of every record, so nothing is required of it.
    settings = {
        "guidelines": round.sample.rubric.title,
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 2},
        "fields": [
            {
                "name": "text",
                "title": "What is judged",
                "required": True,
                "settings": {"type": "text", "use_markdown": False},
            }
        ],
        "questions": [_question(question) for question in round.sample.rubric.questions],
        "vectors": [],
        "metadata": [],
    }
    dataset = {"name": name, "guidelines": settings["guidelines"], "allow_extra_metadata": True}
    return {
        "records.json": _json(records),
        ".argilla/settings.json": _json(settings),
        ".argilla/dataset.json": _json(dataset),
    }


def _record(round: Round, item: Item, votes: list[Votes], text: str) -> dict[str, object]:
    responses: dict[str, list[dict[str, str]]] = {}
    suggestions: dict[str, dict[str, object]] = {}
    for v in votes:
        for question, answer in (v.votes[item.id].answers if item.id in v.votes else {}).items():
            if v.rater.kind == "person":
                user = str(uuid.uuid5(_NAMES, v.rater.name))
                responses.setdefault(question, []).append({"value": str(answer), "user_id": user})
            else:  # a record has one suggestion for a question: the first model's, by name
                suggestions.setdefault(question, {"value": str(answer), "score": None, "agent": v.rater.name})
    return {
        "id": item.id,
        "fields": {"text": text},
        "metadata": {"sample": round.hash, "kind": item.kind},
        "suggestions": suggestions,
        "responses": responses,
        "vectors": {},
        "status": "pending",
    }


def _question(question: Question) -> dict[str, object]:
    options = [{"value": str(a.value), "text": f"{a.value}: {a.means}", "description": None} for a in question.answers]
    options.append({"value": CANNOT_JUDGE, "text": "cannot judge", "description": None})
    anchors = "\n".join(f"{a.value}: {a.means}. {a.example}" for a in question.answers)
    return {
        "name": question.id,
        "title": question.ask,
        "description": anchors[:1000],
        "required": False,
        "settings": {"type": "label_selection", "options": options, "visible_options": None},
    }


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode("ascii")
