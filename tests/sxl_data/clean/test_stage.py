from __future__ import annotations

from sxl_data.clean.code import code_blocks
from sxl_data.clean.stage import CleanConfig, run
from sxl_data.contract.stage import check_conservation
from sxl_data.trace.table import to_traces
from tests.sxl_data import toys


def codes(outcome) -> list[tuple[str, str, str]]:
    return [(row["trace_id"], row["action"], row["code"]) for row in outcome.ledger.to_pylist()]


def test_code_that_does_not_parse_is_dropped_with_a_ledger_line():
    batch = toys.pairs(("add", "def f(x):\n    return x"), ("sub", "def f(x:\n  return"), languages=["python"] * 2)
    outcome = run(batch, CleanConfig())
    assert outcome.kept["trace_id"].to_pylist() == ["toy:0000"]
    assert codes(outcome) == [("toy:0001", "dropped", "C702")]
    check_conservation("clean", batch, outcome)


def test_code_of_a_language_without_a_parser_is_kept():
    batch = toys.pairs(("add", "PROCEDURE (("), languages=["cobol"])
    assert len(run(batch, CleanConfig()).kept) == 1


def test_only_fenced_code_is_looked_at_where_there_are_fences():
    batch = toys.pairs(("add", "Here ( it is:\n```python\nx = 1\n```\n"), languages=["python"])
    assert len(run(batch, CleanConfig()).kept) == 1
    assert code_blocks("a\n```py\nx = 1\n```\n", None) == [("python", "x = 1\n", True)]


def test_blocks_without_a_label_are_not_judged_and_those_with_one_are():
    good = "```python\nprint('hi')\n```\nIt prints:\n```\nhi ((\n```\n"
    batch = toys.pairs(("a", good), ("b", "``` python\nf((\n```\n"), ("c", "1. x\n   ```py\n   y = 1\n   ```"))
    assert codes(run(batch, CleanConfig())) == [("toy:0001", "dropped", "C702")]


def test_bare_code_is_judged_up_to_where_it_goes_on_in_words():
    answer = "def f(x):\n    return x\n\nOutput:\nf(1) -> ((\n"
    assert len(run(toys.pairs(("a", answer), languages=["python"]), CleanConfig()).kept) == 1


def test_an_answer_that_says_nothing_is_dropped():
    outcome = run(toys.pairs(("add", ""), ("sub", " \n"), ("mul", "x")), CleanConfig())
    assert outcome.kept["trace_id"].to_pylist() == ["toy:0002"]
    assert {"C704"} == {code for _, _, code in codes(outcome)}


def test_rows_without_an_answer_stay_where_the_recipe_says_so_whatever_the_profile():
    batch = toys.pairs(("add", ""), ("sub", "1"))
    assert 2 == len(run(batch, CleanConfig(empty="keep")).kept)
    assert 2 == len(run(batch, CleanConfig(empty="keep", profile="publish")).kept)


def test_a_repair_is_kept_and_noted():
    outcome = run(toys.pairs(("add\x00", "1\r\n2"), ("sub", "3")), CleanConfig())
    assert codes(outcome) == [("toy:0000", "edited", "C701")]
    first = next(to_traces(outcome.kept))
    assert (first.task, first.steps[0].content[0].text, first.steps[1].content[0].text) == ("add", "add", "1\n2")


def test_a_licence_that_is_not_allowed_is_dropped():
    outcome = run(toys.pairs(("add", "1")), CleanConfig(licences=("Apache-2.0",)))
    assert codes(outcome) == [("toy:0000", "dropped", "C705")]


def test_an_empty_batch_goes_through():
    assert len(run(toys.pairs(("a", "b")).slice(0, 0), CleanConfig()).kept) == 0


def test_a_trace_that_fails_validation_is_dropped_with_the_codes():
    import msgspec

    from sxl_data.trace.table import to_table
    from sxl_data.trace.types import Iterate, Result

    sound = toys.pair(0, "add", "1")
    stray = Iterate(index=1, results=(Result(call_id="none"),))
    steps = (sound.steps[0], stray, msgspec.structs.replace(sound.steps[1], index=2))
    batch = to_table([msgspec.structs.replace(sound, trace_id="toy:stray", steps=steps), sound])
    outcome = run(batch, CleanConfig())
    assert [("toy:stray", "dropped", "C707")] == codes(outcome)
    assert "O203" in outcome.ledger["detail"].to_pylist()[0]
    assert 2 == len(run(batch, CleanConfig(profile="off")).kept)
