"""One message, one path: which lines of a Claude Code session belong together."""

from __future__ import annotations

import pytest

from sxl_data.formats.registry import formats
from sxl_data.trace.format import Document, Origin


class Reader:
    """Reads toy lines of the format."""

    format = formats()["claude_code"]

    def __call__(self, lines):
        document = Document(file="toy.jsonl", value=lines, lines=tuple(range(1, len(lines) + 1)))
        (reading,) = self.format.read(document, Origin(source="toy"))
        return reading.trace


@pytest.fixture
def reader():
    return Reader()


def line(uuid, parent, role, content, **more):
    message = {"role": role, "content": content, **more.pop("message", {})}
    return {"type": role, "uuid": uuid, "parentUuid": parent, "sessionId": "s", "message": message, **more}


def use(call_id):
    return [{"type": "tool_use", "id": call_id, "name": "Bash", "input": {"command": "ls"}}]


def answer(call_id):
    return [{"type": "tool_result", "tool_use_id": call_id, "content": "x"}]


def said(trace) -> list[str]:
    return [part.text for step in trace.steps for part in getattr(step, "content", ()) if part.text]


def text(words, identity):
    return {"content": [{"type": "text", "text": words}], "message": {"id": identity, "model": "c"}}


def reply(uuid, parent, words, identity=None, **more):
    held = text(words, identity or f"m{uuid}")
    return line(uuid, parent, "assistant", held["content"], message=held["message"], **more)


def system(uuid, parent, **more):
    return {"type": "system", "uuid": uuid, "parentUuid": parent, "sessionId": "s", **more}


def test_the_path_runs_through_lines_that_say_nothing(reader) -> None:
    trace = reader(
        [
            line("1", None, "user", "one"),
            reply("2", "1", "first"),
            system("3", "2", subtype="turn_duration"),
            line("4", "3", "user", "wrong"),
            reply("5", "4", "wronged"),
            line("6", "3", "user", "two"),
            reply("7", "6", "second"),
        ]
    )
    assert ["one", "first", "two", "second"] == said(trace)
    assert ["wrong", "wronged"] == said(trace.subtraces[0])


def test_a_compaction_leads_back_over_its_boundary(reader) -> None:
    trace = reader(
        [
            line("1", None, "user", "one"),
            reply("2", "1", "first"),
            line("3", "2", "user", "wrong"),
            line("4", "2", "user", "two"),
            reply("5", "4", "second"),
            system("6", None, subtype="compact_boundary", logicalParentUuid="5", content="Conversation compacted"),
            line("7", "6", "user", "Summary", isCompactSummary=True),
            line("8", "7", "user", "three"),
            reply("9", "8", "third"),
        ]
    )
    assert ["one", "first", "two", "second", "Summary", "three", "third"] == said(trace)
    assert "environment" == next(step.origin for step in trace.steps if step.content[0].text == "Summary")
    assert '"wrong"' in trace.ext_json and trace.subtraces == ()


def test_a_parent_that_the_file_lacks_is_the_line_before(reader) -> None:
    trace = reader(
        [
            line("1", None, "user", "one"),
            reply("2", "gone", "first"),
            line("3", "2", "user", "two"),
            reply("4", "3", "second"),
        ]
    )
    assert ["one", "first", "two", "second"] == said(trace)


def test_links_in_a_circle_end(reader) -> None:
    trace = reader(
        [
            line("1", "3", "user", "one"),
            reply("2", "1", "first"),
            line("3", "2", "user", "two"),
            reply("4", "3", "second"),
        ]
    )
    assert ["one", "first", "two", "second"] == said(trace)


@pytest.mark.parametrize(("leaf", "kept"), [("2", ["one", "first"]), ("4", ["one", "first", "two", "second"])])
def test_the_last_prompt_line_tells_where_the_session_stands(reader, leaf, kept) -> None:
    trace = reader(
        [
            line("1", None, "user", "one"),
            reply("2", "1", "first"),
            line("3", "2", "user", "two"),
            reply("4", "3", "second"),
            {"type": "last-prompt", "leafUuid": leaf, "sessionId": "s"},
        ]
    )
    assert kept == said(trace)


def test_results_of_parallel_calls_hang_beside_the_path_and_belong_to_it(reader, shape) -> None:
    trace = reader(
        [
            line("1", None, "user", "go"),
            line("2", "1", "assistant", use("a"), message={"id": "m"}),
            line("3", "2", "assistant", use("b"), message={"id": "m"}),
            line("4", "2", "user", answer("a")),
            line("5", "3", "user", answer("b")),
            line("6", "5", "user", "wrong"),
            line("7", "5", "user", "next"),
            reply("8", "7", "done"),
        ]
    )
    assert "user act+2 ok,ok user act." == shape(trace)


def test_a_message_that_grows_is_told_once(reader, shape) -> None:
    grown = [
        [{"type": "text", "text": "Let me"}],
        [{"type": "text", "text": "Let me look."}],
        [{"type": "text", "text": "Let me look."}, *use("a")],
    ]
    trace = reader(
        [
            line("0", None, "user", "go"),
            *(line(str(n + 1), str(n), "assistant", blocks, message={"id": "m"}) for n, blocks in enumerate(grown)),
            line("4", "3", "user", answer("a")),
        ]
    )
    assert "user act+1 ok" == shape(trace)
    assert ["go", "Let me look."] == said(trace)


def test_a_history_that_was_written_again_is_read_once(reader) -> None:
    trace = reader(
        [
            line("1", None, "user", "one"),
            reply("2", "1", "first", "m"),
            line("3", "2", "user", "one"),
            reply("4", "3", "first", "m"),
            line("5", "4", "user", "two"),
            reply("6", "5", "second"),
        ]
    )
    assert ["one", "first", "two", "second"] == said(trace)


def test_what_the_harness_wrote_is_environment_and_no_task(reader) -> None:
    trace = reader(
        [
            line("1", None, "user", "<command-name>/clear</command-name>"),
            line("2", "1", "user", "real"),
            reply("3", "2", "done"),
        ]
    )
    assert ["environment", "user"] == [step.origin for step in trace.steps[:2]]
    assert "real" == trace.task


def test_a_prompt_that_was_queued_is_the_users(reader) -> None:
    queued = {
        "type": "attachment",
        "uuid": "3",
        "parentUuid": "2",
        "sessionId": "s",
        "attachment": {"type": "queued_command", "prompt": "and this", "commandMode": "prompt"},
    }
    trace = reader([line("1", None, "user", "one"), reply("2", "1", "first"), queued, reply("4", "3", "second")])
    assert ["one", "first", "and this", "second"] == said(trace)
    assert "user" == trace.steps[2].origin


def test_a_queued_prompt_that_was_never_sent_is_kept_beside(reader) -> None:
    waiting = {"type": "queue-operation", "operation": "enqueue", "content": "never sent", "sessionId": "s"}
    trace = reader([line("1", None, "user", "one"), reply("2", "1", "first"), waiting])
    assert '"queued":["never sent"]' in trace.ext_json


def test_lines_of_another_agent_are_not_taken_for_its_own(reader) -> None:
    qwen = {"type": "user", "uuid": "1", "parentUuid": None, "sessionId": "q", "message": {"role": "user", "parts": []}}
    assert reader.format.detect([qwen]) is None
    assert reader.format.detect([line("1", None, "user", "hi")])
    theirs = reader([line("1", None, "user", "hi", sessionId="session-1"), reply("2", "1", "ho")])
    assert "iflow-cli" == theirs.agent.name
