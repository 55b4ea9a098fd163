"""From a sample to votes, agreement and other tools: what comes in is checked, and who rated stays told."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

import sxl_data
from sxl_data.contract.errors import UserError
from sxl_data.review.rounds import Round
from tests.sxl_data.review.toys import HOSTILE, outputs, traces, votes

review = sxl_data.review


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return traces(tmp_path / "t.jsonl", [f"answer {n} {HOSTILE}" for n in range(12)])


@pytest.fixture
def drawn(tmp_path: Path, rows: Path) -> Round:
    return review(rows, tmp_path / "round", 4)


def test_votes_come_in_once_and_new_ones_only_when_asked_for(tmp_path: Path, rows: Path, drawn: Round):
    first = votes(drawn, tmp_path / "v.json", "Ada", [1, 2, 3, 4])
    assert "person Ada: 4 of 4 items judged" == review.import_votes(drawn.folder, [first], [rows]).text()
    review.import_votes(drawn.folder, [first], [rows])
    other = votes(drawn, tmp_path / "w.json", "Ada", [1, 1, 1, 1])
    with pytest.raises(UserError, match="H710"):
        review.import_votes(drawn.folder, [other], [rows])
    review.import_votes(drawn.folder, [other], [rows], replace=True)
    assert 1 == len(list((drawn.folder / "ratings").iterdir()))


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("sample",), "0" * 64, "H703"),
        (("rater", "name"), " ", "H705"),
        (("rater", "name"), "a\u202eb", "H705"),
        (("rater", "kind"), "", "H705"),
        (("rater", "kind"), "human", "H705"),
        (("rater", "mail"), "a@b", "H702"),
        (("format",), "votes", "H702"),
        (("votes", "r0001", "answers", "act"), 9, "H706"),
        (("votes", "r0001", "answers", "act"), "3", "H706"),
        (("votes", "r0001", "answers", "act"), 3.0, "H702"),
        (("votes", "r0001", "answers", "iterate"), 3, "H706"),  # no item has that phase
        (("votes", "r9999"), {"answers": {}}, "H706"),
        (("votes", "r0001", "note"), "x" * 10_001, "H702"),
        (("votes",), [], "H702"),
    ],
)
def test_votes_that_are_not_of_this_sample_are_refused(tmp_path: Path, rows: Path, drawn: Round, path, value, code):
    file = votes(drawn, tmp_path / "v.json", "Ada", [1, 2, 3, 4])
    document = json.loads(file.read_text())
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    file.write_text(json.dumps(document))
    with pytest.raises(UserError, match=code):
        review.import_votes(drawn.folder, [file], [rows])
    assert not (drawn.folder / "ratings").exists()


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, "null", "\ud800"])
def test_a_file_of_anything_is_refused(tmp_path: Path, rows: Path, drawn: Round, text: str):
    (tmp_path / "v.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UserError, match="H702"):
        review.import_votes(drawn.folder, [tmp_path / "v.json"], [rows])


def test_items_that_the_build_does_not_hold_are_named(tmp_path: Path, drawn: Round):
    file = votes(drawn, tmp_path / "v.json", "Ada", [1, 2, 3, 4])
    changed = traces(tmp_path / "t.jsonl", [f"answer {n}, mended" for n in range(12)])
    with pytest.raises(UserError, match="H704") as refused:
        review.import_votes(drawn.folder, [file], [changed])
    assert 4 == len(refused.value.findings)


def test_models_and_persons_are_never_counted_together(tmp_path: Path, rows: Path, drawn: Round):
    pytest.importorskip("krippendorff")
    files = [
        votes(drawn, tmp_path / "a.json", "Ada", [1, 2, 3, 4]),
        votes(drawn, tmp_path / "m.json", "model m", [4, 3, 2, 1], "model"),
    ]
    review.import_votes(drawn.folder, files, [rows])
    with pytest.raises(UserError, match="H707"):
        review.agree(drawn.folder, repeats=10)
    second = votes(drawn, tmp_path / "n.json", "model n", [4, 3, 2, "cannot_judge"], "model")
    review.import_votes(drawn.folder, [second], [rows])
    found = review.agree(drawn.folder, repeats=10)
    assert {"model"} == found.groups.keys()
    assert ["model m", "model n"] == found.groups["model"].raters
    assert {3} == {question.percent.items for question in found.groups["model"].questions}
    assert "rated by 2 MODELS" in found.text()


@pytest.mark.parametrize(
    "name", ["1e-4", "123", "null", "yes", "a: b # c", "'\"", "é 中", "- x", "2026-01-01", "__proto__"]
)
def test_any_name_that_prints_can_disagree(tmp_path: Path, rows: Path, drawn: Round, name: str):
    pytest.importorskip("krippendorff")
    files = [votes(drawn, tmp_path / f"{n}.json", who, [n + 1] * 4) for n, who in enumerate(("Ada", name))]
    review.import_votes(drawn.folder, files, [rows])
    path = drawn.folder / review.agree(drawn.folder, repeats=2).groups["person"].adjudication
    text = path.read_text().replace("decision: null", "decision: 2").replace("name: ''", "name: Cy")
    path.write_text(text.replace("kind: ''", "kind: person"))
    (questions,) = [group.questions for group in review.agree(drawn.folder, repeats=2).groups.values()]
    assert {4} == {question.decided for question in questions}


def test_disagreements_are_listed_widest_first_and_decided_by_a_person(tmp_path: Path, rows: Path, drawn: Round):
    pytest.importorskip("krippendorff")
    files = [votes(drawn, tmp_path / f"{n}.json", n, a) for n, a in (("Ada", [1, 2, 3, 4]), ("Bo", [4, 2, 3, 3]))]
    review.import_votes(drawn.folder, files, [rows])
    group = review.agree(drawn.folder, repeats=10).groups["person"]
    assert ["r0001", "r0004"] == list(dict.fromkeys(entry.item for entry in group.disagreements))
    path = drawn.folder / group.adjudication
    document = yaml.safe_load(path.read_text())
    document["cases"][0]["decision"] = 2
    for who, code in (({"name": "m", "kind": "model"}, "H711"), ({"name": "", "kind": "person"}, "H711")):
        path.write_text(yaml.safe_dump(document | {"adjudicator": who}))
        with pytest.raises(UserError, match=code):
            review.agree(drawn.folder, repeats=10)
    path.write_text(yaml.safe_dump(document | {"adjudicator": {"name": "Cy", "kind": "person"}}))
    for _ in range(2):  # the decision is still there when the file was written again
        group = review.agree(drawn.folder, repeats=10).groups["person"]
        assert 1 == sum(question.decided for question in group.questions)


def test_a_preference_is_counted_for_the_file_behind_the_letter(tmp_path: Path):
    pytest.importorskip("krippendorff")
    places = [outputs(tmp_path / n / "s.parquet", {f"s/{i}": f"{n}{i}" for i in range(10)}) for n in ("base", "tuned")]
    made = review(places, tmp_path / "round", 10)
    better = [next(k for k, at in made.key.items[item.id].sides.items() if at == 1) for item in made.sample.items]
    assert {"A", "B"} == set(better)
    files = [votes(made, tmp_path / f"{n}.json", n, [*better[:9], "tie"]) for n in ("Ada", "Bo")]
    review.import_votes(made.folder, files, places)
    (question,) = review.agree(made.folder, repeats=50).groups["person"].questions
    assert {"base/s.parquet": 0, "tuned/s.parquet": 18, "tie": 2} == question.preferred
    assert -0.9 == pytest.approx(question.lead.value)


def test_the_sheet_holds_no_text_that_acts(drawn: Round):
    page = review.sheet(drawn.folder).read_bytes()
    assert page.isascii()
    assert 1 == page.count(b"<script>") == page.count(b'<script type="application/json"')
    assert 2 == page.count(b"</script>")
    assert b"<img" not in page and b"default-src 'none'" in page
    data = page.partition(b'id="data">')[2].partition(b"</script>")[0]
    assert drawn.hash == json.loads(data)["hash"]
    assert any(HOSTILE in block["text"] for item in json.loads(data)["items"] for block in item["sides"][0]["blocks"])


def test_the_script_writes_text_as_text_alone():
    script = (Path(review.__file__).parent / "page.js").read_text(encoding="ascii")
    assert not any(word in script for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("))


def test_a_model_is_a_suggestion_and_a_person_a_response(tmp_path: Path, rows: Path, drawn: Round):
    files = [
        votes(drawn, tmp_path / "a.json", "Ada", [1, 2, 3, 4]),
        votes(drawn, tmp_path / "m.json", "model m", [4, 3, 2, 1], "model"),
    ]
    review.import_votes(drawn.folder, files, [rows])
    for tool in ("argilla", "label-studio", "potato"):
        review.export(drawn.folder, tool, tmp_path / tool)
    record = json.loads((tmp_path / "argilla/records.json").read_text())[0]
    assert "model m" == record["suggestions"]["act"]["agent"] and "4" == record["suggestions"]["act"]["value"]
    assert ["1"] == [response["value"] for response in record["responses"]["act"]]
    task = json.loads((tmp_path / "label-studio/tasks.json").read_text())[0]
    assert ["model m"] == [made["model_version"] for made in task["predictions"]]
    assert ["Ada"] == [made["meta"]["rater"] for made in task["annotations"]]
    names = {node.get("name") for node in ET.parse(tmp_path / "label-studio/config.xml").iter("Choices")}
    assert {made["from_name"] for made in task["annotations"][0]["result"]} <= names
    potato = "".join(path.read_text() for path in (tmp_path / "potato").rglob("*.*") if path.is_file())
    assert "model m" not in potato and "<img" not in potato and "&lt;img" in potato
    with pytest.raises(UserError, match="U306"):
        review.export(drawn.folder, "potato", tmp_path / "potato")
