"""sxl_data.read.adapters.issue_thread"""

from __future__ import annotations

import pytest

from sxl_data.read.adapters.issue_thread import FORMAT
from sxl_data.trace.format import RowError
from tests.sxl_data.read.readings import outline, read_path, read_text, said

HEAD = """### 🐛 [#7](https://github.com/o/r/issues/7) - It fails

| **Author** | `ann` |
| :--- | :--- |
| **State** | ❌ **Closed** |

---

#### Description

With an empty list.

---

#### 💬 Conversation

"""
REPLY = "👤 **{who}** commented the **2025-01-02** at **03:04:05**:<br>\n\n{what}\n\n---\n\n"


def test_the_author_is_the_user_and_others_answer():
    text = HEAD + REPLY.format(who="ben", what="Which version?") + REPLY.format(who="ann", what="1.2")
    text += REPLY.format(who="ben", what="Fixed in 1.3.")
    (reading,) = read_text(FORMAT, text, "issues/7.md")
    assert outline(reading.trace) == "OAOF"
    assert said(reading.trace) == ["It fails\n\nWith an empty list.", "Which version?", "1.2", "Fixed in 1.3."]
    assert reading.trace.steps[1].timestamp == "2025-01-02T03:04:05Z"


def test_a_thread_nobody_answered_gives_no_trace():
    assert read_text(FORMAT, HEAD + REPLY.format(who="ann", what="Anyone?"), "7.md") == []


def test_other_markdown_is_refused():
    with pytest.raises(RowError):
        read_text(FORMAT, "# Read me\n", "README.md")


def test_real_threads_are_read(shared):
    readings, refused = read_path(FORMAT, shared / "data/github_issues/ik_llama_github-data.tar.gz")
    assert len(readings) > 300
    assert refused == ["NUL characters"]
    assert {outline(r.trace)[0] for r in readings} == {"O"}
