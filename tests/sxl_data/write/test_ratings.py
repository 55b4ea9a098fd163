"""Ratings in cards and reports: persons and models apart, and of nothing else than what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sxl_data
from sxl_data.contract.errors import UserError
from sxl_data.write.ratings import RATINGS, read_ratings, section
from tests.sxl_data.review.toys import outputs, traces, votes


def round_of(place: Path, folder: Path, kinds: list[str]) -> Path:
    """A round of what is in ``place``, with a rater for each of ``kinds``."""
    made = sxl_data.review(place, folder / "round")
    for number, kind in enumerate(kinds):
        answers = [1 + (n + number) % 2 for n in range(len(made.sample.items))]
        path = votes(made, folder / f"{number}.json", f"{kind} {number} | <b>", answers, kind)
        sxl_data.review.import_votes(made.folder, [path], [place])
    sxl_data.review.agree(made.folder)
    return made.folder


def test_models_are_never_said_to_be_persons(tmp_path: Path):
    folder = round_of(traces(tmp_path / "t.jsonl", ["a", "b", "c"]), tmp_path, ["model", "model"])
    said = section(read_ratings(folder))
    assert "No person rated: no number here is a human's." in said
    assert "Rated by 2 models: model 0 \\| \\<b\\>; model 1" in said
    both = round_of(traces(tmp_path / "t.jsonl", ["a", "b", "c"]), tmp_path / "both", ["person", "model", "model"])
    persons, models = section(read_ratings(both)).split("### Rated by 2 models")
    assert "Rated by 1 person: person 0" in persons and "person 0" not in models and "–" in persons


def test_a_round_without_ratings_and_a_changed_file_are_refused(tmp_path: Path):
    folder = round_of(traces(tmp_path / "t.jsonl", ["a", "b"]), tmp_path, ["model", "model"])
    text = (folder / RATINGS).read_text().replace('"model": {', '"human": {')
    (folder / RATINGS).write_text(text)
    for place in (folder, tmp_path):
        with pytest.raises(UserError, match="H712"):
            read_ratings(place)


def test_ratings_enter_the_report_of_the_outputs_they_are_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from sxl_train.evaluate.__main__ import main
    from sxl_train.evaluate.page import write_page
    from sxl_train.evaluate.samples import write_samples
    from sxl_train.suites.types import Outcome

    asked = [
        Outcome(suite="s", item=str(n), index=0, request=json.dumps("do it"), text=f"answer {n}", scores={"ok": 1.0})
        for n in range(3)
    ]
    write_samples(asked, tmp_path / "eval" / "samples.parquet")
    (tmp_path / "eval" / "failures.html").write_text(write_page("m", asked), encoding="utf-8")
    folder = round_of(tmp_path / "eval" / "samples.parquet", tmp_path, ["model", "model"])
    for _ in range(2):
        assert 0 == main(["rate", str(tmp_path / "eval"), str(folder)])
    page = (tmp_path / "eval" / "failures.html").read_text(encoding="utf-8")
    assert 1 == page.count(">Ratings</h2>") and "No person rated" in page and "<b>" not in page
    assert "Rated by 2 models" in capsys.readouterr().out
    other = outputs(tmp_path / "other" / "samples.parquet", {"s/9": "x"})
    assert 2 == main(["rate", str(other.parent), str(folder)])
