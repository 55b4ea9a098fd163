"""BFCL's multi-turn tasks, on a class written here in the shape of its own: who leads the conversation, what is right."""

from __future__ import annotations

import json
import os
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.sandbox.run import missing
from sxl_train.answers.markup import Call
from sxl_train.evaluate.ask import Ask
from sxl_train.evaluate.known import KnownAnswers
from sxl_train.suites import bfcl_backend, bfcl_talk
from sxl_train.suites.bfcl_talk import golden
from sxl_train.suites.registry import get
from sxl_train.suites.types import Options

DATA = Path(os.environ.get("SXL_EVAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
pytestmark = pytest.mark.skipif(missing() is not None, reason="no sandbox here")
PLACE = "bfcl_eval/eval_checker/multi_turn_eval/func_source_code"
CLASS = """
class TicketAPI:
    def _load_scenario(self, scenario, long_context=False):
        self.tickets, self._looked = dict(scenario.get("tickets", {})), 0
        if long_context:
            self.tickets["old"] = "x" * 1000
    def open_ticket(self, title):
        self.tickets[str(len(self.tickets))] = title
        return {"id": len(self.tickets) - 1}
    def read_ticket(self, id):
        self._looked += 1
        return self.tickets[id]
    def read_slowly(self, id):
        import time
        time.sleep(60)
"""
CONFIG = """
CLASS_FILE_PATH_MAPPING = {"TicketAPI": "bfcl_eval.eval_checker.multi_turn_eval.func_source_code.ticket_api"}
STATELESS_CLASSES = []
"""


def function(name, key):
    parameters = {"type": "dict", "properties": {key: {"type": "string"}}, "required": [key]}
    return {"name": name, "description": name, "parameters": parameters}


def write(path: Path, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bfcl")
    with zipfile.ZipFile(folder / "bfcl_eval-0-py3-none-any.whl", "w") as wheel:
        inner = ("bfcl_eval", "bfcl_eval/constants", "bfcl_eval/eval_checker", PLACE.rpartition("/")[0], PLACE)
        for name in inner:
            wheel.writestr(f"{name}/__init__.py", "")
        wheel.writestr("bfcl_eval/constants/executable_backend_config.py", CONFIG)
        wheel.writestr(f"{PLACE}/ticket_api.py", CLASS)
    for file in bfcl_talk.DOCS.values():
        write(folder / "multi_turn_func_doc" / f"{file}.json", [])
    shown = [function("open_ticket", "title"), function("read_ticket", "id")]
    write(folder / "multi_turn_func_doc" / "ticket_api.json", shown)
    say = [[{"role": "user", "content": text}] for text in ("Open a ticket: paper.", "Read ticket 0.")]
    gold = [["open_ticket('paper')"], ["read_ticket(id='0')"]]
    for category, question, wanted, more in (
        ("base", say, gold, {}),
        ("miss_func", [*say, []], [gold[0], [], gold[1]], {"missed_function": {"2": ["read_ticket"]}}),
        ("long_context", say, gold, {}),
    ):
        rows = [
            {
                "id": f"multi_turn_{category}_{number}",
                "question": question,
                "initial_config": {},
                "involved_classes": ["TicketAPI"],
            }
            | more
            for number in range(9)
        ]
        answers = [{"id": row["id"], "ground_truth": wanted} for row in rows]
        write(folder / f"BFCL_v4_multi_turn_{category}.json", rows)
        write(folder / "possible_answer" / f"BFCL_v4_multi_turn_{category}.json", answers)
    return folder


def said(*calls):
    return "\n".join(f"<tool_call>{json.dumps({'name': n, 'arguments': a})}</tool_call>" for n, a in calls)


OPEN = said(("open_ticket", {"title": "paper"}))
READ = said(("read_ticket", {"id": "0"}))


def answers(name, *texts):
    return {f"{name}#{number}": [text] for number, text in enumerate(texts)}


def test_a_conversation_is_right_when_state_and_results_are_those_of_the_golden_calls(data, monkeypatch):
    monkeypatch.setattr(bfcl_talk, "STEPS", 2)
    name = "multi_turn_base_{}".format
    known = (
        answers(name(0), OPEN, "Done.", READ, "It says paper.")
        | answers(name(1), OPEN, "Done.", "It says paper.")
        | answers(name(2), said(("open_ticket", {"title": "pens"})), "Done.", READ, "So.")
        | answers(name(3), OPEN, "Done.", said(("str", {"object": "paper"})), "So.")
        | answers(name(4), OPEN, READ, "Both.", said(("read_ticket", {"id": "7"})), "No such ticket.")
        | answers(name(5), OPEN + "<tool_call>{</tool_call>", "So.")
        | answers(name(6), *[READ] * (3))
        | answers(name(7), OPEN, "Done.", *[READ] * (3))
        | answers(name(8), OPEN.replace("</tool_call>", ""), "Done.", READ, "So.")
    )
    found = get("bfcl-multi-turn-base").measure(Ask(KnownAnswers(known)), Options(data=data))
    reasons = [outcome.detail for outcome in found]
    assert [outcome.scores["right"] for outcome in found] == [1, 0, 0, 0, 1, 0, 0, 1, 0]
    assert reasons[1] == "no call in turn 1"
    assert reasons[2] == "another state after turn 0: TicketAPI.tickets"
    assert reasons[3] == "not looked up in turn 1: paper"
    assert reasons[5] == "no call in turn 0"
    assert reasons[6] == "more than 2 answers with calls in one turn"
    assert found[8].scores == {"right": 0.0, "right, repaired": 1.0}
    heard = [message for message in json.loads(found[0].text) if message["role"] == "tool"]
    assert [message["content"] for message in heard] == ['{"id": 0}', "paper"]
    assert found[0].counts["calls valid"] == (2, 2) and found[3].counts["calls valid"] == (1, 2)


def test_a_function_that_is_held_back_is_shown_later_and_a_longer_context_is_loaded(data):
    asked = []

    class Backend(KnownAnswers):
        def generate(self, requests, progress=None):
            asked.extend(requests)
            return super().generate(requests, progress)

    known = answers("multi_turn_miss_func_0", OPEN, "Done.", "I cannot.", READ, "So.")
    (outcome,) = get("bfcl-multi-turn-miss-func").measure(Ask(Backend(known)), Options(data=data, limit=1))
    assert outcome.scores["right"] == 1.0
    shown = [[tool["function"]["name"] for tool in request.tools] for request in asked]
    assert shown[0] == shown[2] == ["open_ticket"] and shown[3] == ["open_ticket", "read_ticket"]
    assert asked[3].messages[-1]["content"] == bfcl_talk.MORE_FUNCTIONS
    (task,) = bfcl_talk.tasks("multi_turn_long_context", Options(data=data, limit=1))[:1]
    with bfcl_backend.Backend(data) as backend:
        (played,) = backend.play([task.talk([[[("read_ticket", [], {"id": "old"})]]], False)])
    assert played.steps == [["x" * 1000]]


def test_several_categories_stand_side_by_side(data):
    found = get("bfcl-multi-turn").main
    assert found == "multi_turn_base: right"
    with pytest.raises(UserError) as problem:
        get("bfcl-multi-turn").measure(Ask(KnownAnswers({})), Options(data=data, limit=1))
    assert problem.value.findings[0].code == "T301" and "multi_turn_miss_param" in str(problem.value)


@pytest.mark.skipif(find_spec("bfcl_eval") is not None, reason="bfcl-eval is installed")
def test_without_the_classes_the_line_that_installs_them_is_said(tmp_path):
    with pytest.raises(UserError) as problem:
        get("bfcl-multi-turn-base").needs(tmp_path)
    assert problem.value.findings[0].code == "U402" and "pip install --no-deps bfcl-eval mpmath" in str(problem.value)


def test_a_call_that_takes_too_long_costs_only_its_conversation(data, monkeypatch):
    monkeypatch.setattr(bfcl_backend, "SECONDS", 0.5)
    (task,) = bfcl_talk.tasks("multi_turn_base", Options(data=data))[:1]
    slow = task.talk([[[("read_slowly", [], {"id": "0"})]]], False)
    quick = task.talk([[bfcl_backend.as_calls([Call("open_ticket", {"title": "x"})])]], False)
    with bfcl_backend.Backend(data) as backend:
        found = backend.play([slow, quick])
    assert found[0].status == "timeout" and found[1].steps == [['{"id": 0}']]


def test_golden_calls_are_plain_calls():
    assert golden("sort('a.txt', reverse=True)") == ("sort", ["a.txt"], {"reverse": True})
    for text in ("__import__('os').getcwd()", "sort(open('x'))", "sort", "sort(*x)"):
        with pytest.raises((ValueError, SyntaxError)):
            golden(text)


@pytest.mark.skipif(not (DATA / "gorilla_bfcl").is_dir(), reason="the benchmarks' files are not here")
def test_golden_calls_of_the_real_files_can_be_read():
    options = Options(data=DATA / "gorilla_bfcl")
    found = bfcl_talk.tasks("multi_turn_miss_func", options)
    assert len(found) == 200 and sum(len(turn) for task in found for turn in task.gold) > 1000
    assert all(task.more for task in found)
