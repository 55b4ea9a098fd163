"""The card's section of benchmarks says n, interval, protocol, and what is only a part."""

from __future__ import annotations

from sxl_train.release.benchmarks import benchmarks


def records(limit):
    measure = {"value": 0.1, "n": 30, "unit": "items", "low": 0.035, "high": 0.256}
    suite = {
        "title": "MBPP",
        "protocol": "stop '\n#'",
        "main": "pass@1",
        "items": 30,
        "options": {"limit": limit},
        "measured": {"measures": {"runs": measure, "pass@1": measure, "nothing": measure | {"n": 0, "value": None}}},
    }
    return {"evaluate": {"measured": {"suites": {"mbpp": suite}}}}


def test_the_section_of_the_card():
    text = benchmarks(records(30))
    assert text.splitlines()[4:8] == [
        "| suite | measure | value | 95 % | n |",
        "|---|---|---:|---|---|",
        "| mbpp | pass@1 | 10.0 % | 3.5 – 25.6 | 30 items |",
        "|  | runs | 10.0 % | 3.5 – 25.6 | 30 items |",
    ]
    assert "A part: 30 items." in text and "stop '\\n#'" in text and "nothing" not in text
    assert "A part" not in benchmarks(records(0))


def test_no_section_without_benchmarks():
    assert benchmarks({}) == "" and benchmarks({"evaluate": {"measured": {"models": {}}}}) == ""
