"""The loop with a model whose answers are written down; tools and sandbox are the real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

import sxl_data
from sxl_data import toolsets
from sxl_data.contract.errors import error
from sxl_data.sandbox.run import missing
from sxl_data.trace.types import Act, Iterate, Observe, encode
from sxl_train.agent import Agent, Options, Outcome, Workspace, open_workspace
from sxl_train.agent.alike import left_over
from sxl_train.agent.together import run_together
from sxl_train.agent.tools import SET
from sxl_train.answers.markup import Call
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.generate.types import Request, Sample

needs_sandbox = pytest.mark.skipif(missing() is not None, reason=f"no sandbox here: {missing()}")


def call(name: str, /, **arguments: object) -> str:
    return "<tool_call>" + json.dumps({"name": name, "arguments": arguments}) + "</tool_call>"


class Watched(KnownAnswers):
    """Answers turn by turn, and keeps what it was asked."""

    def __init__(self, *answers: str) -> None:
        super().__init__({f"turn-{number}": [text] for number, text in enumerate(answers)})
        self.asked: list[Request] = []

    def generate(self, requests: Sequence[Request], progress: object = None) -> Iterator[Sample]:
        self.asked += requests
        return super().generate(requests)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (folder / "test_calc.py").write_text("from calc import add\nassert add(2, 3) == 5, add(2, 3)\nprint('passes')\n")
    return folder


@pytest.fixture
def workspace(project: Path) -> Iterator[Workspace]:
    with open_workspace(project) as found:
        yield found


def work(workspace: Workspace, *answers: str, options: Options | None = None) -> tuple[Outcome, Watched]:
    backend = Watched(*answers)
    session = toolsets.Session(SET, workspace, timed=True)  # type: ignore[arg-type]
    return Agent(backend, session, options).run("The test fails; mend it."), backend


def results(outcome: Outcome) -> list[str]:
    return [
        "".join(part.text or "" for part in result.content)
        for step in outcome.trace.steps
        if isinstance(step, Iterate)
        for result in step.results
    ]


@needs_sandbox
def test_a_task_is_worked_on_until_it_is_answered_and_the_folder_stays_as_it_was(
    workspace: Workspace, project: Path
) -> None:
    outcome, backend = work(
        workspace,
        call("run_shell", command="python3 test_calc.py"),
        call("edit_file", path="calc.py", old="a - b", new="a + b"),
        call("run_shell", command="python3 test_calc.py"),
        "The sign was wrong.",
    )
    failed, edited, passed = results(outcome)
    assert (outcome.status, outcome.answer, outcome.turns, outcome.calls) == ("answered", "The sign was wrong.", 4, 3)
    assert "AssertionError: -1" in failed
    assert edited == "changed calc.py from line 2; it parses"
    assert passed == "passes"
    assert "a - b" in (project / "calc.py").read_text()
    assert [message["role"] for message in backend.asked[-1].messages or ()][:4] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]


@needs_sandbox
def test_the_changes_are_listed_with_their_diff_and_written_back_when_asked(
    workspace: Workspace, project: Path
) -> None:
    work(
        workspace,
        call("edit_file", path="calc.py", old="a - b", new="a + b"),
        call("write_file", path="new/notes.md", content="mended\n") + call("run_shell", command="rm test_calc.py"),
        "Done.",
    )
    changes = workspace.changes()
    assert [(change.kind, change.path) for change in changes if "__pycache__" not in change.path] == [
        ("changed", "calc.py"),
        ("added", "new/notes.md"),
        ("deleted", "test_calc.py"),
    ]
    assert "-    return a - b\n+    return a + b" in changes[0].diff
    workspace.apply(changes)
    assert (project / "calc.py").read_text() == "def add(a, b):\n    return a + b\n"
    assert (project / "new/notes.md").read_text() == "mended\n"
    assert not (project / "test_calc.py").exists()


@needs_sandbox
def test_the_trace_of_a_run_validates_without_findings(workspace: Workspace, tmp_path: Path) -> None:
    outcome, _ = work(
        workspace,
        call("list_files"),
        call("read_file", path="nope.py"),
        '<tool_call>{"name": }</tool_call>',
        call("calculate", expression="(3+4)*2.5"),
        "<think>The sum is right.</think>17.5",
    )
    file = tmp_path / "trace.jsonl"
    file.write_bytes(encode(outcome.trace) + b"\n")
    assert outcome.trace.provenance.executed
    assert sxl_data.validate(file).findings == []


@needs_sandbox
def test_a_call_that_does_not_parse_is_told_to_the_model_and_never_trained_on(workspace: Workspace) -> None:
    outcome, backend = work(workspace, '<tool_call>{"name": }</tool_call>', "Sorry.")
    assert "could not be read" in str((backend.asked[1].messages or ())[-1]["content"])
    said = [step for step in outcome.trace.steps if isinstance(step, Act) and not step.final]
    assert [step.train for step in said] == [False]


@needs_sandbox
def test_a_call_made_again_is_not_run_again_and_the_third_time_ends_the_run(workspace: Workspace) -> None:
    again = call("run_shell", command="echo x >> log; cat log")
    outcome, _ = work(workspace, again, again, again, "never reached")
    first, second, third = results(outcome)
    assert (outcome.status, first) == ("repeats", "x")
    assert "just made" in second
    assert second == third


@needs_sandbox
def test_calls_that_fail_in_turn_are_found_out_and_one_that_goes_well_lets_them_be_made_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    one, other = call("read_file", path="one.py"), call("read_file", path="two.py")
    outcome, _ = work(workspace, one, other, one, other, "never reached")
    assert outcome.status == "repeats" and outcome.turns == 4
    assert ["failed before" in said for said in results(outcome)] == [False, False, True, True]
    file = tmp_path / "run.jsonl"
    file.write_bytes(encode(outcome.trace) + b"\n")
    assert sxl_data.validate(file).findings == []  # it ends in results, and says that it was given up
    outcome, _ = work(workspace, one, call("write_file", path="one.py", content="x = 1\n"), one, "Done.")
    assert outcome.status == "answered" and "x = 1" in results(outcome)[2]


@needs_sandbox
def test_reasoning_that_is_never_closed_is_neither_said_nor_an_answer(workspace: Workspace) -> None:
    outcome, backend = work(workspace, "<think>look" + call("list_files"), "<think>the name is wrong")
    assert (outcome.status, outcome.answer) == ("answered", "")
    shown = [message for message in backend.asked[1].messages or () if message["role"] == "assistant"]
    assert [(message["content"], message["reasoning_content"]) for message in shown] == [("", "look")]
    assert [type(step).__name__ for step in outcome.trace.steps[-2:]] == ["Reflect", "Act"]
    assert "<think>" not in encode(outcome.trace).decode()


@needs_sandbox
def test_a_long_result_is_cut_for_the_model_and_whole_in_the_trace(workspace: Workspace) -> None:
    outcome, backend = work(
        workspace, call("run_python", code="print('a' * 5000 + 'END')"), "Done.", options=Options(result_characters=100)
    )
    shown = str((backend.asked[1].messages or ())[-1]["content"])
    assert shown.endswith("END")
    assert "4,903 characters left out" in shown
    assert len(results(outcome)[0]) == 5003


@needs_sandbox
@pytest.mark.parametrize(
    ("options", "status"), [(Options(turns=2), "turns"), (Options(turns=9), "failed")], ids=["turns", "no answer"]
)
def test_a_run_without_an_answer_says_why(workspace: Workspace, options: Options, status: str) -> None:
    outcome, _ = work(
        workspace, call("list_files"), call("list_files", folder="new"), call("search", text="a"), options=options
    )
    assert outcome.status == status
    assert outcome.answer


class Narrow(Watched):
    """A model that takes at most six messages."""

    def generate(self, requests: Sequence[Request], progress: object = None) -> Iterator[Sample]:
        (request,) = requests
        if len(request.messages or ()) > 6:
            empty = {"index": 0, "text": "", "finish": "error", "prompt_tokens": 0, "tokens": 0}
            yield Sample(request=request.id, error="it does not fit", **empty)  # type: ignore[arg-type]
            return
        yield from super().generate(requests)


@needs_sandbox
def test_where_a_conversation_does_not_fit_its_oldest_loops_are_forgotten_and_the_trace_keeps_them(
    workspace: Workspace,
) -> None:
    backend = Narrow(*(call("calculate", expression=f"{number}+1") for number in range(4)), "4")
    session = toolsets.Session(SET, workspace)  # type: ignore[arg-type]
    outcome = Agent(backend, session).run("count")
    assert outcome.status == "answered"
    assert results(outcome) == ["1", "2", "3", "4"]
    task = (backend.asked[-1].messages or ())[1]
    assert task["content"] == "count"


@needs_sandbox
def test_a_closed_set_can_be_worked_with_too() -> None:
    shop = toolsets.get("calculator")
    task = toolsets.make_task(shop, number=1, seed=0, side="train")
    backend = Watched("No tool is needed.")
    outcome = Agent(backend, toolsets.Session(shop, task.state.copied())).run(task.request)
    assert outcome.status == "answered"
    assert {tool.name for tool in outcome.trace.tools} == set(shop.tools)


@needs_sandbox
def test_a_person_who_does_not_allow_a_call_is_heard(workspace: Workspace) -> None:
    backend = Watched(call("run_shell", command="echo x > made"), "Then not.")
    session = toolsets.Session(SET, workspace)  # type: ignore[arg-type]
    outcome = Agent(backend, session, ask=lambda call: False).run("make a file")
    assert "did not allow" in results(outcome)[0]
    assert workspace.changes() == []


@needs_sandbox
def test_a_template_that_shows_no_tools_gets_them_in_words(workspace: Workspace) -> None:
    from sxl_train.data.mask import Template

    backend = Watched("Nothing to do.")
    backend.template = Template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")  # type: ignore[attr-defined]
    session = toolsets.Session(SET, workspace)  # type: ignore[arg-type]
    outcome = Agent(backend, session).run("hello")
    system = outcome.trace.steps[0]
    assert isinstance(system, Observe)
    assert "edit_file" in (system.content[0].text or "")
    assert backend.asked[0].tools is None


def test_the_model_is_shown_the_tools_that_task_and_last_error_speak_of_and_those_it_called() -> None:
    home = toolsets.get("home")
    task = toolsets.make_task(home, number=1, seed=0, side="train")
    room = next(iter(task.state.climate))
    backend = Watched(
        call("heat", room=room, celsius=20),
        call("heat", room="no such room", celsius=20),
        call("lock", on=True),
        "Done.",
    )
    session = toolsets.Session(home, task.state.copied(), "train")
    outcome = Agent(backend, session, Options(tools_shown=2, constrained=False)).run("Lock the door of the house.")
    shown = [[tool["function"]["name"] for tool in request.tools or ()] for request in backend.asked]
    assert "lock" in shown[0] and len(shown[0]) == 2
    assert all("heat" in names for names in shown[1:])
    refused = results(outcome)[2]
    assert refused == "lock: Object missing required field `name`" or refused.startswith(
        "lock: Object contains unknown"
    )
    assert len(outcome.trace.tools) == len(session.tools)


class Refuses(Watched):
    """Raises for one request among others, as a grammar does that a model cannot be held to."""

    def generate(self, requests: Sequence[Request], progress: object = None) -> Iterator[Sample]:
        if any(request.constrained for request in requests):
            raise error("T122", found="no grammar", expected="schemas of tools")
        for request in requests:
            yield Sample(request=request.id, index=0, text=f"to {request.id}", finish="stop", prompt_tokens=1, tokens=1)


def test_agents_that_share_a_model_end_as_each_would_alone() -> None:
    home = toolsets.get("home")
    tasks = [toolsets.make_task(home, number, side="train") for number in range(3)]
    agents = [Agent(Refuses(), toolsets.Session(home, task.state.copied())) for task in tasks]
    found = run_together(agents[0].backend, [(agent, task.request) for agent, task in zip(agents, tasks)])
    assert [(each.status, each.answer) for each in found] == [("answered", f"to {n}/turn-0") for n in range(3)]
    assert [each.trace.task for each in found] == [task.request for task in tasks]


def at_home(answers: Mapping[str, Sequence[str]], task: str, **options: object) -> tuple[list[object], Outcome]:
    """What is called of a home's tools, with what came of it, and the outcome."""
    home = toolsets.get("home")
    state = toolsets.make_task(home, number=1, side="train").state
    settings = msgspec.structs.replace(Options(), **options)
    outcome = Agent(KnownAnswers(answers), toolsets.Session(home, state.copied()), settings).run(task)
    steps = outcome.trace.steps
    calls = [one for step in steps if isinstance(step, Act) for one in step.calls]
    came = [result.status for step in steps if isinstance(step, Iterate) for result in step.results]
    return [(json.loads(one.arguments_json), status) for one, status in zip(calls, came, strict=True)], outcome


def rooms() -> list[str]:
    return list(toolsets.make_task(toolsets.get("home"), number=1, side="train").state.climate)


def test_in_place_of_a_call_that_names_nothing_what_most_samples_call_is_tried() -> None:
    wrong, right = call("read_climate", room="nowhere"), call("read_climate", room=rooms()[0])
    samples = [wrong, "<tool_call>{", "I cannot.", right, right]
    answers = {"turn-0": [wrong], "more-1": samples, "turn-1": ["It is warm."]}
    tried = [({"room": "nowhere"}, "error"), ({"room": rooms()[0]}, "ok")]
    calls, outcome = at_home(answers, "How warm is it?", other_calls=5)
    assert (calls, outcome.status) == (tried, "answered")
    assert at_home(answers, "How warm is it?")[0] == tried[:1]


def test_a_call_that_was_just_made_gives_way_to_an_answer() -> None:
    made = call("read_climate", room=rooms()[0])
    answers = {"turn-0": [made], "turn-1": [made], "more-1": [made, "It is warm.", "It is warm."]}
    outcome = at_home(answers, "How warm is it?", other_calls=3)[1]
    assert (outcome.status, outcome.answer) == ("answered", "It is warm.")


def test_what_the_task_names_beside_the_last_call_is_called_for_before_the_answer() -> None:
    one, other = rooms()[:2]
    first, second = (call("heat", room=room, celsius=21) for room in (one, other))
    answers = {"turn-0": [first], "turn-1": ["Done."], "more-1": [second, second, first]}
    answers |= {"turn-2": ["Both are done."], "more-2": ["<tool_call>{"] * 3}
    calls, outcome = at_home(answers, f"Heat the {one} and the {other} to 21.", next_alike=3)
    assert calls == [({"room": room, "celsius": 21}, "ok") for room in (one, other)]
    assert outcome.answer == "Both are done."


def test_a_call_that_samples_do_not_agree_on_is_not_made() -> None:
    one, other, third = rooms()[:3]
    first, *others = (call("heat", room=room, celsius=21) for room in (one, other, third))
    answers = {"turn-0": [first], "turn-1": ["Done."], "more-1": [*others, "<tool_call>{"]}
    calls, outcome = at_home(answers, f"Heat the {one} to 21.", next_alike=3)
    assert (len(calls), outcome.answer) == (1, "Done.")


def test_what_a_call_failed_of_is_tried_again_once_it_has_been_found_out() -> None:
    room = rooms()[0]
    wrong, looked, right = (
        call("heat", room="it", celsius=21),
        call("list_devices"),
        call("heat", room=room, celsius=21),
    )
    answers = {"turn-0": [wrong], "more-1": [looked] * 3, "turn-1": ["There are rooms."], "more-2": [right] * 3}
    answers["turn-2"] = ["It is heated."]
    calls, outcome = at_home(answers, f"Heat the {room} to 21.", other_calls=3)
    assert calls[2] == ({"room": room, "celsius": 21}, "ok")
    assert outcome.answer == "It is heated."


@pytest.mark.parametrize(
    ("calls", "left", "numbers"),
    [
        (
            [Call("lock", {"name": "attic door", "locked": True})],
            "Lock the \ue000 and the cellar door, 2 or 17.",
            "2 17",
        ),
        ([Call("cancel", {"number": 2})], "Lock the attic door and the cellar door, 2 or 17.", "17"),
        ([Call("cancel", {"number": 2}), Call("cancel", {"number": 17})], None, ""),
        ([Call("cancel", {"number": 99})], None, ""),
        (
            [Call("write", {"content": "attic door", "number": 17})],
            "Lock the attic door and the cellar door, 2 or 17.",
            "2",
        ),
    ],
)
def test_what_is_left_over_is_told_apart_by_names_or_else_by_numbers(
    calls: list[Call], left: str | None, numbers: str
) -> None:
    found = left_over("Lock the attic door and the cellar door, 2 or 17.", calls, ("content",))
    assert (None if found is None else found.texts[0]) == left
    assert " ".join(found.numbers if found else ()) == numbers


def test_a_call_that_met_a_busy_service_may_be_made_again() -> None:
    home = toolsets.get("home")
    task = toolsets.make_task(home, number=1, side="train")
    room = next(iter(task.state.climate))
    again = call("heat", room=room, celsius=20)
    session = toolsets.Session(home, task.state.copied(), busy={"heat": 1})
    outcome = Agent(Watched(again, again, "Done."), session, Options(constrained=False)).run("Heat it.")
    assert [step.results[0].status for step in outcome.trace.steps if isinstance(step, Iterate)] == ["error", "ok"]
