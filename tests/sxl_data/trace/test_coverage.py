"""The coverage law and the mirror law, on toy readers that break them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sxl_data.files.json_text import dump, load
from sxl_data.trace.build import Builder
from sxl_data.trace.coverage import cover, findings, measure
from sxl_data.trace.format import Document, LeftOut, Origin, Reading
from sxl_data.trace.tally import Tally
from sxl_data.trace.types import Result, Trace
from sxl_data.validate.convert import convert
from sxl_data.validate.submission import Submission
from sxl_data.validate.validate import validate
from sxl_data.view.explain import explain_format

ORIGIN = Origin(source="toy")
ROW = {
    "id": "0123456789abcdef0123",
    "question": "How many widgets are in the stock file?",
    "call": {"name": "read_file", "arguments": {"path": "stock/widgets/all.txt", "limit": 1.0}},
    "output": "seventeen widgets are left in it",
    "answer": "There are seventeen widgets.",
    "note": "The caller was in a hurry that day.",
}


class Toy:
    """Reads `ROW`; ``change`` is done to its trace before it is told."""

    name = "toy"
    title = "toy rows"
    unit = "row"
    composes: tuple[tuple[str, str], ...] = ()

    def __init__(self, leaves_out: tuple[LeftOut, ...] = (), **said: str) -> None:
        self.leaves_out, self.said = leaves_out, said

    def detect(self, sample: Any) -> str | None:
        return "has `question`" if "question" in sample else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = {**document.value, **self.said}
        builder = Builder("tool_use", row["question"])
        builder.observe(row["question"])
        builder.call(row["call"]["name"], row.get("arguments") or dump(row["call"]["arguments"]), "1")
        builder.result(Result(call_id="1", content=(), status="ok", structured_json=None))
        builder.observe(row["output"], "environment")
        builder.say(row["answer"])
        if origin.lossless:
            builder.ext["toy"] = {"kept": row.get("kept")}
        yield builder.build(document, origin, self.name)


def traces(format: Toy, row: dict[str, Any]) -> tuple[Document, list[Trace]]:
    document = Document(file="f", value=row)
    return document, [reading.trace for reading in format.read(document, ORIGIN)]


def found(format: Toy, row: dict[str, Any] = ROW) -> Any:
    document, made = traces(format, row)
    return measure(document, made, format)


NOTE = LeftOut("note", "about the day, not about the task")


def test_what_no_trace_holds_is_unread_with_its_place() -> None:
    assert [(item.pointer, item.text) for item in found(Toy()).unread] == [("/note", ROW["note"])]


def test_what_a_format_declares_is_not_unread() -> None:
    coverage = found(Toy((NOTE,)))
    assert (coverage.unread, coverage.share, coverage.invented) == ([], 1.0, [])


@pytest.mark.parametrize(
    ("where", "row", "read"),
    [
        ("meta/note", {**ROW, "note": "", "meta": {"note": "somewhere below another key"}}, True),
        ("/note", {**ROW, "note": "", "meta": {"note": "somewhere below another key"}}, False),
        ("meta/*/note", {**ROW, "note": "", "meta": [{"note": "somewhere in the items of a list"}]}, True),
        ("meta", {**ROW, "note": "", "meta": {"deep": {"er": ["all below it is left out with it"]}}}, True),
    ],
)
def test_a_declaration_is_the_end_of_a_path_or_starts_at_the_record(
    where: str, row: dict[str, Any], read: bool
) -> None:
    assert (found(Toy((LeftOut(where, "not of the task"),)), row).unread == []) is read


def test_a_declaration_may_be_of_one_type_of_record() -> None:
    rule = LeftOut("note", "only where it is a joke", when="joke|pun")
    assert found(Toy((rule,)), {**ROW, "type": "pun"}).unread == []
    assert len(found(Toy((rule,)), {**ROW, "type": "punishment"}).unread) == 1


def test_what_a_trace_says_and_the_document_does_not_is_invented() -> None:
    coverage = found(Toy((NOTE,), answer="There are exactly twenty widgets."))
    assert coverage.invented == [("act", "There are exactly twenty widgets.")]
    assert [item.pointer for item in coverage.unread] == ["/answer"]


def test_arguments_stand_in_the_document_with_their_order_and_literals() -> None:
    turned = '{"limit":1.0,"path":"stock/widgets/all.txt"}'
    rounded = '{"path":"stock/widgets/all.txt","limit":1}'
    assert found(Toy((NOTE,))).invented == []
    for text in (turned, rounded):
        assert found(Toy((NOTE,), arguments=text)).invented == [("arguments", text)]


def test_a_format_may_word_a_part_of_the_trace_itself() -> None:
    class Composing(Toy):
        composes = (("observe", "puts the question into words"), ("task", "the same words"))

    assert found(Composing((NOTE,), question="Please: " + ROW["question"])).invented == []


def test_pieces_that_are_cut_out_of_a_text_leave_what_is_between_them() -> None:
    class Cutting(Toy):
        def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
            before, _, after = document.value["text"].partition("<hidden>")
            builder = Builder("instruction", before)
            builder.observe(before)
            builder.say(after.partition("</hidden>")[2])
            yield builder.build(document, origin, self.name)

    row = {"text": "What is the capital of Norway?<hidden>{}</hidden>Oslo is the capital."}
    secret = "nobody hears of these seven words"
    assert found(Cutting(), {"text": row["text"].format("")}).unread == []
    (unread,) = found(Cutting(), {"text": row["text"].format(secret)}).unread
    assert unread.pointer == "/text" and len(secret) <= unread.characters < len(secret) + 20


def test_bytes_count_as_text() -> None:
    (unread,) = found(Toy((NOTE,)), {**ROW, "image": {"data": "iVBORw0KGgoAAAANSUhEUg" * 20}}).unread
    assert unread.pointer == "/image/data"


def test_links_and_times_are_no_text() -> None:
    row = {**ROW, "note": "2026-03-01T10:00:02.000Z", "tool_call_id": "call_of_the_seventeen", "parent": "a" * 32}
    assert found(Toy(), row).unread == []


def test_what_only_a_lossless_reading_keeps_is_read() -> None:
    row = {**ROW, "note": "", "kept": "words that only ext_json has room for"}
    document = Document(file="f", value=row)
    plain = Origin(source="toy", lossless=False)
    readings = list(Toy().read(document, plain))
    assert [item.pointer for item in measure(document, [r.trace for r in readings], Toy()).unread] == ["/kept"]
    assert cover(document, readings, Toy(), plain).unread == []


def test_little_that_is_unread_is_counted_and_no_finding() -> None:
    row = {**ROW, "answer": "seventeen " * 600}
    document, made = traces(Toy(), row)
    coverage = measure(document, made, Toy())
    assert (len(coverage.unread), findings(coverage, document)) == (1, [])
    small, made = traces(Toy(), ROW)
    (told,) = findings(measure(small, made, Toy()), small)
    assert told.code == "C415"


def test_the_validator_tells_it_and_counts_it_for_the_file(tmp_path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(dump(ROW).encode() for _ in range(3)))
    report = validate(path, known={"toy": Toy(), "sxl_trace": Toy()}, format="toy")
    assert [item.code for item in report.findings if item.code == "C415"] == ["C415"] * 3
    (file,) = report.files
    assert file.coverage is not None and file.coverage.unread == {"/note": 3}
    assert f"{3 * len(ROW['note'])} not read" in report.render("text", coverage=True)


def test_the_law_is_not_asked_of_the_profile_that_only_reads(tmp_path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(dump(ROW).encode())
    assert validate(path, format="toy", profile="ingest", known={"toy": Toy()}).counts == {}


def test_a_tally_of_parts_is_that_of_the_whole() -> None:
    whole, parts = Tally(), [Tally(), Tally()]
    for number in range(4):
        coverage = found(Toy(), {**ROW, "answer": f"There are {number} widgets left in it."})
        whole.add(coverage)
        parts[number % 2].add(coverage)
    parts[0].merge(parts[1])
    assert parts[0] == whole and whole.lost == 4 * len(ROW["note"])


def test_convert_says_what_it_did_not_read(tmp_path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(dump(ROW).encode())
    made = convert(path, "sxl_trace", tmp_path / "out.jsonl", format="toy", known={"toy": Toy()})
    assert [item.code for item in made.findings] == ["C415"]
    assert Submission(path, "toy", {"toy": Toy()}).coverage is None


def test_what_a_format_declares_is_told_to_people() -> None:
    told = explain_format(Toy((NOTE, LeftOut("data", "interim", when="progress"))))
    assert "note  about the day, not about the task" in told
    assert "data of progress  interim" in told


def test_a_format_that_cannot_be_hashed_is_asked_all_the_same() -> None:
    class Equal(Toy):
        __hash__ = None  # type: ignore[assignment]

    assert found(Equal((NOTE,))).unread == []


@pytest.mark.parametrize("literal", ["1.10", "1e3", "0.10e1", "2.50"])
def test_the_mirror_law_knows_the_literals_of_numbers(literal: str) -> None:
    row = load(dump(ROW).replace("1.0", literal))
    assert found(Toy((NOTE,)), row).invented == []
    said = f'{{"path":"stock/widgets/all.txt","limit":{float(literal)}}}'
    assert found(Toy((NOTE,), arguments=said), row).invented == [("arguments", said)]


@pytest.mark.parametrize(
    ("call", "arguments", "invented"),
    [
        ({"path": "stock/widgets/all.txt", "limit": 40}, '{"path":"stock/widgets/all.txt","limit":41}', True),
        ({"path": "stock/widgets/all.txt"}, '{"path":"stock/widgets/all.txt","limit":41}', True),
        ({"path": "stock/widgets/all.txt", "more": [1, 2]}, '{"path":"stock/widgets/all.txt","more":[1,2,3]}', True),
        ({"n": 5}, '{"n":6}', True),
        ({"n": -0.0}, '{"n":0}', True),
        ({"n": 5}, '{"n":5}', False),
        ("<path>stock/widgets/all.txt</path><limit>40</limit>", '{"path":"stock/widgets/all.txt","limit":40}', False),
        ("<path>stock/widgets/all.txt</path><limit>40</limit>", '{"path":"stock/widgets/all.txt","limit":4}', True),
        ("read(stock/widgets/all.txt, -2.5)", '{"path":"stock/widgets/all.txt","limit":-2.5}', False),
        ('{"path": "stock/widgets/all.txt", "limit": 1e3}', '{"path":"stock/widgets/all.txt","limit":1e3}', False),
        ('{"path": "stock/widgets/all.txt", "limit": 1e3}', '{"path":"stock/widgets/all.txt","limit":1000}', True),
    ],
)
def test_a_number_that_no_document_has_is_invented(call: Any, arguments: str, invented: bool) -> None:
    document = Document(file="f", value={**ROW, "note": "", "call": {"arguments": call}})
    (reading,) = Toy(arguments=arguments).read(Document(file="f", value={**ROW, "arguments": arguments}), ORIGIN)
    told = measure(document, [reading.trace], Toy()).invented
    assert (("arguments", arguments) in told) is invented
