"""A round for another tool: Argilla, Label Studio, Potato.

In: a round. Out: a folder of that tool's own files. What persons answered is a response or annotation there; what
models answered is a suggestion or prediction that names the model, never a response, and Potato, which has no place
for a prediction, gets none. Where the labels A and B stand for which file is not told: the round may go on there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from xml.sax.saxutils import quoteattr

import msgspec
import yaml

from sxl_data.contract.errors import error
from sxl_data.contract.printable import printable
from sxl_data.engine.commit import commit_bytes
from sxl_data.review.argilla import argilla
from sxl_data.review.rounds import Item, Round, read_round
from sxl_data.review.rubric import CANNOT_JUDGE, Question
from sxl_data.review.votes import Votes, ratings

Files = dict[str, bytes]


def export(folder: str | Path, to: str, out: str | Path) -> list[Path]:
    """Write the round in ``folder`` for the tool ``to`` into the new folder ``out``.

    Raises `UserError`: U401 for another tool, U306 where ``out`` holds something, H701.
    """
    if to not in TOOLS:
        raise error("U401", found=f"--to {to}", expected="one of " + ", ".join(TOOLS))
    target = Path(out)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise error("U306", file=str(target), found="files", expected="a new or empty folder")
    round = read_round(folder)
    made = TOOLS[to](round, ratings(round))
    for name, data in made.items():
        commit_bytes(target / name, data)
    return [target / name for name in made]


def text_of(item: Item) -> str:
    """All of an item as one text, with what does not print or turns the direction written as an escape."""
    lines = [f"[{block.phase}] {block.head}\n{block.text}" for block in item.request]
    for side in item.sides:
        lines += [f"== {side.label} =="] if side.label else []
        lines += [f"[{block.phase}] {block.head}\n{block.text}".rstrip() for block in side.blocks]
    return printable("\n\n".join(lines))


def label_studio(round: Round, votes: list[Votes]) -> Files:
    """``tasks.json`` to import and ``config.xml``, the labelling interface."""
    rubric = round.sample.rubric
    tasks = []
    for item in round.sample.items:
        asked = rubric.asked(item.kind, item.phases)
        task: dict[str, object] = {"data": {"item": item.id, "sample": round.hash, "text": text_of(item)}}
        annotations, predictions = [], []
        for v in votes:
            answers = v.votes[item.id].answers if item.id in v.votes else {}
            result = [
                {
                    "id": f"{item.id}-{question.id}",
                    "from_name": question.id,
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": [str(answers[question.id])]},
                }
                for question in asked
                if question.id in answers
            ]
            if result and v.rater.kind == "person":
                annotations.append({"result": result, "ground_truth": False, "meta": {"rater": v.rater.name}})
            elif result:
                predictions.append({"result": result, "model_version": v.rater.name})
        tasks.append(task | {"annotations": annotations, "predictions": predictions})
    return {"tasks.json": json.dumps(tasks, indent=1).encode(), "config.xml": _interface(rubric.questions).encode()}


def _interface(questions: tuple[Question, ...]) -> str:
    lines = ["<View>", '  <Text name="text" value="$text"/>']
    for question in questions:
        lines.append(f"  <Header value={quoteattr(printable(question.ask))}/>")
        lines.append(f'  <Choices name="{question.id}" toName="text" choice="single">')
        for anchor in question.answers:
            hint = quoteattr(printable(f"{anchor.means}. {anchor.example}"))
            lines.append(f"    <Choice value={quoteattr(printable(str(anchor.value)))} hint={hint}/>")
        lines += [f'    <Choice value="{CANNOT_JUDGE}"/>', "  </Choices>"]
    return "\n".join([*lines, "</View>", ""])


def potato(round: Round, votes: list[Votes]) -> Files:
    """``config.yaml`` and ``data/items.jsonl``. Potato shows a text as HTML, so it is escaped for HTML here."""
    rows = [
        json.dumps({"id": item.id, "text": escape(text_of(item)).replace("\n", "<br>")}) for item in round.sample.items
    ]
    schemes = [
        {
            "annotation_type": "radio",
            "name": question.id,
            "description": escape(question.ask),
            "labels": [
                {"name": str(anchor.value), "tooltip": escape(f"{anchor.means}. {anchor.example}")}
                for anchor in question.answers
            ]
            + [{"name": CANNOT_JUDGE}],
        }
        for question in round.sample.rubric.questions
    ]
    config = {
        "annotation_task_name": escape(round.sample.rubric.title),
        "task_dir": ".",
        "data_files": ["data/items.jsonl"],
        "item_properties": {"id_key": "id", "text_key": "text"},
        "output_annotation_dir": "annotation_output",
        "output_annotation_format": "json",
        "annotation_schemes": msgspec.to_builtins(schemes),
    }
    text = yaml.safe_dump(config, sort_keys=False, width=1000)
    return {"config.yaml": text.encode(), "data/items.jsonl": ("\n".join(rows) + "\n").encode()}


def _argilla(round: Round, votes: list[Votes]) -> Files:
    return argilla(round, votes, text_of)


TOOLS: dict[str, Callable[[Round, list[Votes]], Files]] = {
    "argilla": _argilla,
    "label-studio": label_studio,
    "potato": potato,
}
