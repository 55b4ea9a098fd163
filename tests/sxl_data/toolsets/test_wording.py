"""What people and the agent say in tasks reads like language."""

from __future__ import annotations

import re

import pytest

from sxl_data import toolsets
from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.tasks import make_task
from sxl_data.toolsets.wording import dress
from sxl_data.trace.types import Act, Reflect
from tests.sxl_data.toolsets.runs import SETS

ODD = re.compile(r"  | [.,;?!](?:\s|$)|[.;?]\.|,[.,;?]|\b[Aa] [aeiou]|[{}|\0]|\b(\w{3,}) \1\b|^\s|\s$")
QUESTION = re.compile(r"^(?:What|Who|How|Which|Where|Is|Am|Are)\b[^.:;]*$")


@pytest.mark.parametrize("name", SETS)
def test_no_sentence_has_a_hole_a_doubled_word_or_a_lost_mark(name):
    toolset = toolsets.get(name)
    for number in range(20 if name == "shell" else 400):
        task = make_task(toolset, number, 3, "all")
        said = [task.request, *task.replies]
        for step in toolsets.run(toolset, task, slips=0.0).trace.steps:
            said += [part.text for part in step.content] if isinstance(step, Act) else []
            said += [step.text] if isinstance(step, Reflect) else []
        assert not [text for text in said if ODD.search(text)], task.pattern
        assert not [text for text in said if QUESTION.search(text) and "?" not in text], task.pattern


def test_an_opening_takes_the_capital_but_not_of_a_name():
    for n in range(300):
        pick = Pick(str(n), "all")
        pick.drawn.add("Müller")
        assert "müller" not in dress(pick, "Müller waits.")
        said = dress(pick, "Wait.")
        assert "wait." in said or not re.search(r"[,:] Wait", said)
