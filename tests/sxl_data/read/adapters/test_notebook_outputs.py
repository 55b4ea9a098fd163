"""sxl_data.read.adapters.notebook_outputs"""

from __future__ import annotations

import pytest

from sxl_data.read.adapters.notebook_outputs import MAX_OUTPUT, result_of

TABLE = "<table><tr><td>7</td></tr></table>"


def shown(**data):
    return {"outputs": [{"output_type": "display_data", "data": {k.replace("__", "/"): v for k, v in data.items()}}]}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"text__html": [TABLE[:9], TABLE[9:]]}, [TABLE]),
        ({"text__html": TABLE, "text__plain": "   a\n0  7"}, ["   a\n0  7"]),
        (
            {"text__html": TABLE, "text__plain": "<IPython.core.display.HTML object>"},
            ["<IPython.core.display.HTML object>", TABLE],
        ),
        (
            {"text__html": TABLE, "text__plain": "<pandas.io.formats.style.Styler at 0x7f3a>"},
            ["<pandas.io.formats.style.Styler at 0x7f3a>", TABLE],
        ),
        ({"application__json": {"b": 1, "a": [2.0]}}, ['{"b":1,"a":[2.0]}']),
        ({"application__json": ["a", "b"]}, ['["a","b"]']),
        ({"text__markdown": "**b**", "text__latex": "$x$"}, ["**b**"]),
        ({"text__latex": "$x^2$"}, ["$x^2$"]),
        ({"application__vnd.plotly.v1+json": {"data": []}}, ['{"data":[]}']),
        (
            {"application__vnd.jupyter.widget-view+json": {"model_id": "x"}, "text__plain": "<a.B object>"},
            ["<a.B object>"],
        ),
        ({"text__plain": "<Figure size 640x480 with 1 Axes>"}, ["<Figure size 640x480 with 1 Axes>"]),
    ],
)
def test_a_result_is_its_plain_text_or_the_richest_other(data, expected):
    assert expected == [part.text for part in result_of("c", shown(**data)).content]


def test_bytes_of_no_text_are_a_part_of_their_type():
    result = result_of("c", shown(application__pdf="JVBERg=="))
    assert [("file", "application/pdf")] == [(part.type, part.media_type) for part in result.content]


def test_a_long_output_is_cut_and_says_so():
    result = result_of("c", {"outputs": [{"output_type": "stream", "text": "x" * (MAX_OUTPUT + 1)}]})
    assert (MAX_OUTPUT, True) == (len(result.content[0].text), result.truncated)


@pytest.mark.parametrize(
    "outputs", [None, "x", [1], [{"output_type": "stream"}], [{"output_type": "display_data", "data": 3}]]
)
def test_outputs_that_are_none_give_an_empty_result(outputs):
    assert () == result_of("c", {"outputs": outputs}).content
