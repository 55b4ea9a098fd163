"""sxl_data.clean.answers: what nobody should learn leaves, and what only looks like it stays."""

from __future__ import annotations

import pytest

from sxl_data.clean.answers import AnswerRules
from sxl_data.clean.stage import CleanConfig, run
from sxl_data.contract.stage import check_conservation
from tests.sxl_data import toys

WORDS = "The list is read from its end, and every value that was seen before is left out of the result. " * 3
BAD = [
    ("C740", "Sort a list", "Use this:\n\n```python\ndef f(a):\n    return sorted(a, key=lambda"),
    ("C740", "Explain it", WORDS + "After that the values are put into the"),
    ("C741", "List things", "Some things are:\n" + "- the same thing again\n" * 20),
    ("C741", "Say it", "It is " + "very " * 120),
    ("C742", "Draw a cat", "I'm sorry, but I cannot draw pictures."),
    ("C742", "Read my file", "As an AI language model, I am unable to open files on your computer."),
    ("C742", "Fix it", "I apologize, but no code was provided."),
    ("C742", "Book it", "Unfortunately, I don’t have access to that."),
    ("C744", "Write a function that adds two numbers.", "write a function that  adds two numbers"),
    ("C744", "Mend this code.\n\nfor i in range(10):\n  print(i)", "for i in range(10):\n  print(i)"),
    ("C745", "Print one", "<no output>"),
    ("C745", "Print one", "N/A"),
    ("C745", "Print one", "# TODO"),
    ("C745", "Print one", "[Your code here]"),
    ("C746", "Add them", "It is 4.\n\n### Instruction:\nNow add 5.\n\n### Response:\nIt is 9."),
    ("C746", "Add them", "It is 4.\n\nHuman: and 5?\n\nAssistant: It is 9."),
    ("C746", "{instruction}", "Certainly, tell me what you need."),
]
GOOD = [
    ("What does typeof x return?", "undefined"),
    ("Is it sorted?", "No."),
    ("How do I say sorry?", "Say: I'm sorry that I was late, and mean it."),
    ("Show an error handler", "Sorry, I cannot is what it prints:\n\n```python\nprint('Sorry, I cannot')\n```"),
    ("Why does it fail?", "Unfortunately, the loop starts at one, so the first item is never read. Start at zero."),
    ("Write a template of a prompt", "### Instruction:\n{instruction}\n\n### Response:\n```text\nx\n```"),
    ("Sort a list", "```python\ndef f(a):\n    return sorted(a)\n"),
    ("Print a table", "\n".join(f"| {n} | {n * n} |" for n in range(60))),
    ("Explain it", WORDS.strip()),
    ("Repeat: hello", "hello"),
    ("Document the API", "### Request\nGET /a\n\n### Response\n200"),
    ("Draw a line", "-" * 400),
]


def outcome(rows, **rules):
    batch = toys.pairs(*rows)
    found = run(batch, CleanConfig(answers=AnswerRules(**rules)))
    check_conservation("clean", batch, found)
    return found


@pytest.mark.parametrize(("code", "task", "answer"), BAD, ids=[f"{code}-{k}" for k, (code, _, _) in enumerate(BAD)])
def test_a_row_that_nobody_should_learn_leaves_with_its_reason(code, task, answer):
    found = outcome([(task, answer)])
    assert [(line["code"], line["action"]) for line in found.ledger.to_pylist()] == [(code, "dropped")]


@pytest.mark.parametrize(("task", "answer"), GOOD, ids=range(len(GOOD)))
def test_a_row_that_only_looks_like_it_stays(task, answer):
    found = outcome([(task, answer)])
    assert (len(found.kept), found.ledger.to_pylist()) == (1, [])


def test_a_rule_can_flag_or_be_off():
    row = ("Draw a cat", "I'm sorry, but I cannot draw pictures.")
    assert [line["action"] for line in outcome([row], refused="flag").ledger.to_pylist()] == ["flagged"]
    assert outcome([row], refused="keep").ledger.to_pylist() == []


def test_words_about_being_a_model_are_flagged():
    answer = "As an AI language model, my view is this:\n\n```python\nx = 1\n```"
    assert [(r["code"], r["action"]) for r in outcome([("Show x", answer)]).ledger.to_pylist()] == [("C743", "flagged")]


def test_what_a_template_left_at_the_ends_is_taken_away_and_noted():
    prompt = (
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
        "### Instruction:\nAdd them.\n\n### Input:\n2, 2\n\n### Response:"
    )
    found = outcome([(prompt, "### Response:\nIt is 4.</s>"), ("b", "fine<|im_end|>\n"), ("c", "no end</s> here")])
    rows = found.kept.select(["task", "steps"]).to_pylist()
    said = [(row["task"], *(step["content"][0]["text"] for step in row["steps"])) for row in rows]
    assert said == [
        ("Add them.\n\n2, 2", "Add them.\n\n2, 2", "It is 4."),
        ("b", "b", "fine"),
        ("c", "c", "no end</s> here"),
    ]
    noted = [(line["trace_id"], line["code"]) for line in found.ledger.to_pylist() if line["code"] == "C747"]
    assert sorted(noted) == [("toy:0000", "C747"), ("toy:0000", "C747"), ("toy:0001", "C747")]
