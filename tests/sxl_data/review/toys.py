"""Traces, model outputs and votes of a few lines for the tests of reviews."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.review.rounds import Round, read_round
from sxl_data.review.votes import FORMAT

HOSTILE = "</script><img src=x onerror=alert(1)> a‮b {data} &amp; \x1b[31m"


def traces(path: Path, texts: list[str]) -> Path:
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"task {n}"},
                {"role": "assistant", "reasoning_content": f"thought {n}", "content": text},
            ]
        }
        for n, text in enumerate(texts)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def outputs(path: Path, answers: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"suite": id.partition("/")[0], "item": id, "index": 0, "request": json.dumps(f"do {id}"), "text": text}
        for id, text in answers.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def votes(round: Round, path: Path, name: str, answers: list[object], kind: str = "person") -> Path:
    """One answer to all questions of each item."""
    given = {}
    for item, answer in zip(round.sample.items, answers):
        asked = round.sample.rubric.asked(item.kind, item.phases)
        given[item.id] = {"answers": {question.id: answer for question in asked}}
    document = {"format": FORMAT, "sample": round.hash, "rater": {"name": name, "kind": kind}, "votes": given}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def reread(folder: Path) -> Round:
    return read_round(folder)
