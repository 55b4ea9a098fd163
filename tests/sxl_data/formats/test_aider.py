"""Histories of Aider."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import Document, Origin, RowError

TWO = """# aider chat started at 2026-01-01 10:00:00

> Aider v0.80
> Main model: m with diff edit format

#### do this
#### and that

Here:

```md
> a quote in a fence
#### a heading in a fence
```

> Applied edit to a.md

#### thanks

You are welcome.

# aider chat started at 2026-01-02 10:00:00

#### nobody answered
"""


def traces(reader, text):
    return [item.trace for item in reader.format.read(Document(file="h.md", text=text), Origin(source="toy"))]


def test_a_session_is_a_trace_and_one_without_an_answer_is_none(reader, shape) -> None:
    (trace,) = traces(reader, TWO)
    assert "user act environment user act." == shape(trace)
    assert ("do this\nand that", "m", "0.80") == (trace.task, trace.agent.model, trace.agent.version)


def test_a_fence_of_the_answer_stays_whole(reader) -> None:
    (trace,) = traces(reader, TWO)
    assert "> a quote in a fence\n#### a heading in a fence" in trace.steps[1].content[0].text


def test_other_markdown_is_refused(reader) -> None:
    with pytest.raises(RowError):
        traces(reader, "# Title\n")
