"""WebArena episodes."""

from __future__ import annotations

import pytest

from sxl_data.files.json_text import load
from sxl_data.trace.format import RowError

CLICK = {"metadata": {"cot": "The link."}, "action": {"action_name": "click", "element_id": "7", "text": []}}
STOP = {"metadata": {}, "action": {"action_name": "stop", "answer": "42"}}
RUN = {
    "task_id": 3,
    "intent": "How many?",
    "source": "m",
    "trajectory": [
        {"url": "http://shop", "axtree": "[7] link", "screenshot_path": "0.png"},
        CLICK,
        {"url": "http://shop/7", "axtree": "42"},
        STOP,
    ],
}


def test_pages_after_actions_are_their_results_and_stop_is_the_answer(reader, shape) -> None:
    trace = reader(RUN)
    assert "user environment reflect act+1 unknown act." == shape(trace)
    assert ("How many?", "m", "42") == (trace.task, trace.agent.model, trace.steps[-1].content[0].text)
    call = trace.steps[3].calls[0]
    assert ("click", {"element_id": "7", "text": []}) == (call.name, load(call.arguments_json))
    assert "http://shop/7\n\n42" == trace.steps[4].results[0].content[0].text


@pytest.mark.parametrize("steps", [[], [3], [{"action": {}}], None])
def test_an_episode_of_which_nothing_can_be_made_is_refused(reader, steps) -> None:
    with pytest.raises(RowError):
        reader({**RUN, "trajectory": steps})


def test_only_this_format_recognises_it(reader) -> None:
    assert ["webarena"] == reader.detects(RUN)
