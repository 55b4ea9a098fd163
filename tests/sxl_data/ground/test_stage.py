"""sxl_data.ground.stage"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from sxl_data.contract.stage import check_conservation
from sxl_data.ground import api_bank
from sxl_data.ground.stage import GroundConfig, run
from sxl_data.read.adapters.gsm8k import FORMAT as GSM8K
from sxl_data.read.adapters.nl2bash import FORMATS as NL2BASH
from sxl_data.sandbox.limits import Limits
from sxl_data.sandbox.run import best, missing
from sxl_data.trace.format import Document, Format, Origin
from sxl_data.trace.table import to_table, to_traces
from sxl_data.trace.types import Iterate, Trace

needs_sandbox = pytest.mark.skipif(missing() is not None, reason=f"no sandbox: {missing()}")


def table(format: Format, *rows: Any, **options: Any) -> pa.Table:
    origin = Origin(source="toy", options=options)
    traces = [r.trace for i, row in enumerate(rows) for r in format.read(Document(file="t", value=row, row=i), origin)]
    return to_table(traces)


def ground(batch: pa.Table, **config: Any) -> tuple[list[Trace], list[tuple[str, str]]]:
    outcome = run(batch, GroundConfig(**config))
    check_conservation("ground", batch, outcome)
    return list(to_traces(outcome.kept)), list(
        zip(outcome.ledger["code"].to_pylist(), outcome.ledger["action"].to_pylist())
    )


def sums(*steps: str) -> dict[str, str]:
    return {"question": "How many?", "answer": " ".join(f"so <<{step}>>" for step in steps) + "\n#### 1"}


def results(trace: Trace) -> list[tuple[str, str]]:
    found = [result for step in trace.steps if isinstance(step, Iterate) for result in step.results]
    return [(result.status, "".join(part.text or "" for part in result.content)) for result in found]


def test_nothing_runs_unless_the_recipe_asks():
    batch = table(GSM8K, sums("1+1=3"))
    assert run(batch, GroundConfig()).kept.equals(batch)


def test_results_of_the_source_are_left_alone_unless_they_are_to_be_replaced():
    traces, lines = ground(table(GSM8K, sums("1+1=3")), tools=("calculator",))
    assert (results(traces[0]), lines, traces[0].provenance.executed) == ([("ok", "3")], [], False)


def test_a_wrong_annotation_is_replaced_and_written_down():
    traces, lines = ground(table(GSM8K, sums("1+1=3", "2*3=6")), tools=("calculator",), results="replace")
    assert results(traces[0]) == [("ok", "2"), ("ok", "6")]
    assert lines == [("D501", "edited"), ("D502", "edited")]
    assert traces[0].provenance.executed is True


def test_equal_numbers_keep_the_sources_way_of_writing():
    traces, lines = ground(table(GSM8K, sums("1/4=.25")), tools=("calculator",), results="replace")
    assert (results(traces[0]), lines) == ([("ok", ".25")], [("D501", "edited")])


def test_a_failed_call_stays_as_a_failure_or_drops_its_row():
    batch = table(GSM8K, sums("1/0=1"), sums("1+1=2"))
    kept, _ = ground(batch, tools=("calculator",), results="replace")
    left, lines = ground(batch, tools=("calculator",), results="replace", failures="drop")
    assert results(kept[0]) == [("error", "")]
    assert ([t.trace_id for t in left], lines[0]) == ([batch["trace_id"][1].as_py()], ("D503", "dropped"))


def test_only_named_sources_are_grounded_and_other_columns_are_carried_along():
    batch = table(GSM8K, sums("1+1=3")).append_column("extra", pa.array([7]))
    assert run(batch, GroundConfig(tools=("calculator",), results="replace", sources=("other",))).kept.equals(batch)
    assert run(batch, GroundConfig(tools=("calculator",), results="replace")).kept["extra"].to_pylist() == [7]


@needs_sandbox
def test_a_command_without_a_result_gets_one():
    batch = table(
        NL2BASH[0], {"nl": "count", "bash": "printf '1\\n2\\n' | wc -l"}, {"nl": "fail", "bash": "false"}, call=True
    )
    traces, _ = ground(batch, tools=("shell",))
    assert [results(trace) for trace in traces] == [[("ok", "2\n")], [("error", "")]]
    said = run(batch, GroundConfig(tools=("shell",))).ledger["detail"].to_pylist()
    assert said == [f"1 of 1 calls, 0 failed, in {best()}", f"1 of 1 calls, 1 failed, in {best()}"]
    result = traces[1].steps[2].results[0]
    assert (result.exit_code, result.duration_ms > 0, traces[1].provenance.executed) == (1, True, True)


@needs_sandbox
def test_a_command_that_hangs_ends_as_a_timeout():
    batch = table(NL2BASH[0], {"nl": "wait", "bash": "sleep 60"}, call=True)
    traces, _ = ground(batch, tools=("shell",), limits=Limits(seconds=0.3))
    assert results(traces[0]) == [("timeout", "")]


@needs_sandbox
def test_api_bank_calls_are_replayed_in_its_own_tools(shared):
    from sxl_data.read.adapters.api_bank_folder import FORMAT
    from tests.sxl_data.read.readings import read_path

    bank = shared / "data/api_bank/api_bank.tar.gz"
    readings, _ = read_path(FORMAT, bank)
    batch = to_table([reading.trace for reading in readings])
    outcome = run(batch, GroundConfig(tools=("api_bank",), results="replace", api_bank=str(bank)))
    check_conservation("ground", batch, outcome)
    details = outcome.ledger.filter(pa.compute.equal(outcome.ledger["code"], "D501"))["detail"].to_pylist()
    ran = sum(int(detail.split(" of ")[0]) for detail in details)
    differing = outcome.ledger.filter(pa.compute.equal(outcome.ledger["code"], "D502"))["detail"].to_pylist()
    assert (ran, sum(int(detail.split(" of ")[0]) for detail in differing)) == (453, 28)


@needs_sandbox
def test_a_tool_that_wants_to_be_right_is_not_told_the_answer(tmp_path):
    for folder in ("apis", "init_database"):
        (tmp_path / folder).mkdir()
    (tmp_path / "apis" / "liar.py").write_text(LIAR, encoding="utf-8")
    answers, tier = api_bank.replay([[{"name": "Liar", "arguments": {}}]], tmp_path, Limits())
    stated = api_bank.Answer(output="the stated result")
    assert (answers, tier) == ([[api_bank.Answer(output="no answer seen")]], best())
    assert not api_bank.agrees(stated, answers[0][0])


LIAR = """
import gc

class Equal(dict):
    def __eq__(self, other): return True

class Liar:
    input_parameters = {}
    def call(self):
        seen = [item for item in gc.get_objects() if isinstance(item, dict) and "the stated result" in item.values()]
        return Equal(output="the stated result" if seen else "no answer seen", exception=None)
    def check_api_call_correctness(self, response, groundtruth): return True
"""


@needs_sandbox
@pytest.mark.parametrize(
    "said",
    [
        "[[]]",
        "[" * 100_000,
        '[[{"output": 1}], [',
        "null",
        '[[{"output": ' + "[" * 400 + "]" * 400 + "}]]",
        '[[{"output": 1}, {"output": 2}]]',
        "",
    ],
)
def test_tools_that_print_nonsense_leave_every_call_unavailable(tmp_path, said):
    for folder in ("apis", "init_database"):
        (tmp_path / folder).mkdir()
    forge = f"import os\nos.write(1, {said!r}.encode())\nos._exit(0)\n"
    (tmp_path / "apis" / "a.py").write_text(forge, encoding="utf-8")
    answers, _ = api_bank.replay([[{"name": "A", "arguments": {}}]], tmp_path, Limits(output=1_000_000))
    assert [[answer.unavailable is not None for answer in calls] for calls in answers] == [[True]]
