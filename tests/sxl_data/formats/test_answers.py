"""sxl_data.formats.answers: results inside messages."""

from __future__ import annotations

import pytest

from sxl_data.files.json_text import dump
from sxl_data.formats.answers import Answer, answer, in_blocks, listed, marked
from sxl_data.formats.hermes_text import FORMAT as HERMES
from sxl_data.formats.openai_chat import FORMAT as CHAT
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.types import Act, Call, Iterate


def waiting(*names: str) -> list[Call]:
    return [Call(call_id=f"c{i}", name=name, arguments_json="{}") for i, name in enumerate(names)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EXECUTION RESULT of [bash]:\na.txt", [("a.txt", "bash")]),
        ("OBSERVATION:\na.txt", [("a.txt", None)]),
        ("Observation: a.txt", [("a.txt", None)]),
        ("<tool_response>\na\n</tool_response>\n<tool_response>\nb\n</tool_response>", [("a", None), ("b", None)]),
        ("<tool_response>\nis </tool_response> a tag\n</tool_response>", [("is </tool_response> a tag", None)]),
        (
            '<tool_response>\n{"name": "f", "content": "</tool_response>\\n<tool_response>"}\n</tool_response>',
            [('{"name": "f", "content": "</tool_response>\\n<tool_response>"}', "f")],
        ),
        ("<tool_response>\nnever closed", [("never closed", None)]),
        ("<tool_response>\na\n</tool_response>\nGo on.", [("a\nGo on.", None)]),
        ("What an EXECUTION RESULT of [bash]: is", []),
        ("a <tool_response> b", []),
    ],
)
def test_results_are_told_by_their_marks(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert expected == [(item.content, item.name) for item in marked(text)]


@pytest.mark.parametrize(
    "value",
    [
        [{"name": "f", "content": {"ok": 1}}, {"name": "g", "content": "2"}],
        [{"name": "g", "content": "2"}, {"name": "f", "content": {"ok": 1}}],
        [{"tool_call_id": "c1", "output": "2"}, {"tool_call_id": "c0", "output": {"ok": 1}}],
        [{"type": "tool_result", "tool_use_id": "c0", "content": {"ok": 1}}, {"tool_use_id": "c1", "content": "2"}],
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_list_of_named_results_is_one_for_each_call(value: list[object], as_text: bool) -> None:
    builder = Builder("tool_use")
    for call in waiting("f", "g"):
        builder.call(call.name, "{}", call.call_id)
    answer(builder, listed(builder.open_calls, dump(value) if as_text else value), "/0")
    iterate = builder.build(Document(file="a"), Origin(source="a"), "x").trace.steps[-1]
    assert isinstance(iterate, Iterate)
    assert {"c0": '{"ok":1}', "c1": "2"} == {r.call_id: r.content[0].text for r in iterate.results}


@pytest.mark.parametrize(
    "value",
    [
        [{"name": "f", "content": "1"}],
        [{"name": "f", "content": "1"}, {"name": "f", "content": "2"}],
        [{"name": "f"}, {"name": "g"}],
        [{"name": "f", "content": "1"}, {"name": "g", "content": "2"}, {"name": "h", "content": "3"}],
        [1, 2],
        {"name": "f", "content": "1"},
        "[not JSON",
        "words",
    ],
)
def test_a_list_that_is_itself_a_result_is_not_taken_apart(value: object) -> None:
    assert [] == listed(waiting("f", "g"), value)


def test_an_exit_code_that_openhands_states_is_the_exit_code() -> None:
    for code, status in ((0, "ok"), (2, "error")):
        builder = Builder("tool_use")
        builder.call("bash", "{}", "c0")
        answer(builder, [Answer(f"out\n[The command completed with exit code {code}.]\n[More.]")], "/0")
        iterate = builder.build(Document(file="a"), Origin(source="a"), "x").trace.steps[-1]
        assert isinstance(iterate, Iterate)
        assert [(code, status)] == [(r.exit_code, r.status) for r in iterate.results]


def test_a_result_that_names_nobody_open_goes_to_the_first_open_call() -> None:
    builder = Builder("tool_use")
    for call in waiting("f", "f", "g"):
        builder.call(call.name, "{}", call.call_id)
    answer(builder, [Answer("1", name="f"), Answer("2", name="h"), Answer("3", name="g")], "/0")
    iterate = builder.build(Document(file="a"), Origin(source="a"), "x").trace.steps[-1]
    assert isinstance(iterate, Iterate)
    assert [("c0", "1"), ("c1", "2"), ("c2", "3")] == [(r.call_id, r.content[0].text) for r in iterate.results]


def test_a_head_in_one_block_has_its_result_in_those_that_follow() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    details = {"type": "text", "text": "<environment_details>\n# Open tabs\n</environment_details>"}
    texts = ["[list_files for '.'] Result:", "a.txt", "b.txt", "[read_file for 'a.txt'] Result:\n\nhello"]
    blocks = [{"type": "text", "text": text} for text in texts]
    found, rest = in_blocks([*blocks, image, details])
    assert [(item.name, len(item.content)) for item in found] == [("list_files", 2), ("read_file", 2)]
    assert found[1].content[0]["text"] == "hello" and found[1].content[1] == image
    assert rest == [details]
    assert in_blocks([{"type": "text", "text": "What a [list_files] Result: is"}, details])[0] == []


@pytest.mark.parametrize("tagged", [False, True])
def test_results_in_blocks_answer_their_calls(tagged: bool) -> None:
    """Of chat messages with calls of their own, and of those that write them as tags."""
    calls = [
        {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": '{"path":"a"}'}}
        for n, name in enumerate(("list_files", "read_file"))
    ]
    said = "".join(f"<{name}>\n<path>a</path>\n</{name}>\n\n" for name in ("list_files", "read_file"))
    texts = ["[read_file for 'a'] Result:", "hello", "and more", "[list_files for 'a'] Result:", "b.txt"]
    row = {
        "messages": [
            {"role": "user", "content": "Look into a."},
            {"role": "assistant", "content": said} if tagged else {"role": "assistant", "tool_calls": calls},
            {"role": "user", "content": [{"type": "text", "text": text} for text in texts]},
            {"role": "assistant", "content": "Done."},
        ]
    }
    format = HERMES if tagged else CHAT
    (reading,) = format.read(Document(file="f", value=row), Origin(source="s"))
    (step,) = [step for step in reading.trace.steps if isinstance(step, Iterate)]
    names = {call.call_id: call.name for act in reading.trace.steps if isinstance(act, Act) for call in act.calls}
    assert {names[r.call_id]: "\n".join(p.text or "" for p in r.content) for r in step.results} == {
        "list_files": "b.txt",
        "read_file": "hello\nand more",
    }
