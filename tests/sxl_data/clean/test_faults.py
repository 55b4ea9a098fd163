from __future__ import annotations

import pytest

from sxl_data.clean.faults import failing, looks
from sxl_data.rules.content import _wanted, check
from sxl_data.trace.table import to_traces
from tests.sxl_data import toys

BAITS = [
    "<think>hm</think>",
    "</reasoning>",
    "<thinking>",
    "<tool_call>{}</tool_call>",
    "<function_calls>",
    "<functioncall>",
    "<function=add>",
    "[TOOL_CALLS] x",
    "<|python_tag|>",
    "<|im_start|>user",
    "<start_of_turn>",
    "[/INST]",
    "<<SYS>>",
    "<｜User｜>",
    "data:image/png;base64,AAAA",
    "A" * 1000,
    "[output Truncated]",
    "<3 lines omitted>",
    "(12 chars CLIPPED)",
]


@pytest.mark.parametrize("bait", BAITS)
def test_a_text_that_may_hold_a_fault_is_looked_at(bait: str) -> None:
    batch = toys.pairs(("ask", "plain words"), ("ask", f"before {bait} after"))
    plain, suspect = looks(batch)
    assert plain == "" != suspect


def test_no_fault_hides_in_rows_that_are_not_looked_at() -> None:
    batch = toys.pairs(*((f"ask {n}", f"so: {bait}") for n, bait in enumerate(BAITS)), ("a", "b < c [d]"))
    for trace, wanted in zip(to_traces(batch), looks(batch)):
        assert list(check(trace)) == list(check(trace, wanted))
    assert any(list(check(trace)) for trace in to_traces(batch))


def test_a_run_is_found_in_the_text_that_holds_it_and_not_in_its_neighbours() -> None:
    batch = toys.pairs(("a b", "c d"), ("e f", "g " + "h" * 1500), ("i j", "k l"))
    assert ["", "b", ""] == looks(batch)
    assert ["", "b"] == looks(batch.slice(0, 2))
    assert "b" == _wanted(list(to_traces(batch))[1])


def test_rows_of_an_empty_batch_have_no_faults() -> None:
    empty = toys.pairs(("a", "b")).slice(0, 0)
    assert [] == failing(empty, "train").to_pylist() == looks(empty)
