"""Whether an answer needs the picture that came with its question."""

from __future__ import annotations

from typing import Any

import pytest

from sxl_data.clean.reliance import rests_on


def observe(text: str, kind: str | None = "image", origin: str = "user") -> dict[str, Any]:
    parts = [{"type": "text", "text": text, "data_json": None}] if text else []
    return {
        "phase": "observe",
        "origin": origin,
        "content": [*parts, *([{"type": kind, "text": None, "data_json": None}] if kind else [])],
    }


def act(text: str = "A cat.", calls: int = 0) -> dict[str, Any]:
    return {"phase": "act", "content": [{"type": "text", "text": text}] if text else [], "calls": [{}] * calls}


def result(text: str | None, kind: str | None = None) -> dict[str, Any]:
    parts = [{"type": "text", "text": text, "data_json": None}] if text else []
    parts += [{"type": kind, "text": None, "data_json": None}] if kind else []
    return {"phase": "iterate", "results": [{"content": parts}]}


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "what?",
        "What is this?",
        "and?",
        "Describe it.",
        "describe the picture in one sentence",
        "What colour is the cat?",
        "How many people are there?",
        "Transcribe",
        "Please fix the layout bug you see in the attached screenshot.",
        "Translate the text",
        "What is in image 1?",
        "这是什么?",
        "Что на картинке?",
    ],
)
def test_an_answer_to_a_question_about_the_part_rests_on_it(asked: str):
    assert "image" == rests_on([observe(asked), act()])


@pytest.mark.parametrize(
    "asked",
    [
        "What is the capital of Norway?",
        "What is 2+2?",
        "Write a function that reverses a list.",
        "Why does `sorted(x)` copy?",
        "Explain recursion to a beginner.",
        "Сервис переезжает на очередь, и каждый работник берёт по одной задаче. " * 5,
        " ".join(["We move the service to a queue and every worker takes one job at a time."] * 4)
        + " Is the picture right?",
    ],
)
def test_an_answer_to_a_question_of_its_own_does_not(asked: str):
    assert rests_on([observe(asked), act()]) is None


def test_the_question_may_follow_the_part_and_the_answer_come_after_calls():
    assert "audio" == rests_on([observe("", "audio"), observe("what is said?", None), act("", 1), result("ok"), act()])
    assert rests_on([observe(""), observe("Name the capital of Norway.", None), act("Oslo")]) is None


def test_a_part_of_an_earlier_question_that_nobody_answered_in_words_counts_for_nobody():
    assert rests_on([observe("what?"), act("", 1), observe("Name the capital of Norway.", None), act("Oslo")]) is None


def test_a_screenshot_right_before_the_last_answer_is_what_it_rests_on():
    start = [observe("Open the page of the project and tell me its state.", None), act("", 1)]
    assert "image" == rests_on([*start, result(None, "image"), act("It is green.")])
    assert rests_on([*start, result("state: green", "image"), act("It is green.")]) is None
    assert rests_on([*start, result(None, "image"), act("", 1), result("state: green"), act("It is green.")]) is None


def test_words_of_the_harness_do_not_make_a_question_of_its_own():
    context = observe("You are in /srv/app on Linux 6.1, with Python 3.12.", None, "environment")
    assert "image" == rests_on([context, observe("what is it?"), act()])
