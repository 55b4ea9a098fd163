"""sxl_data.clean.private"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.clean.private import redact
from sxl_data.clean.stage import CleanConfig, run
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Act, Observe, Part, Provenance, Trace


def clean(*texts: str | None) -> list[str | None]:
    """All texts as those of one row."""
    return redact(pa.array(texts, pa.string()), np.zeros(len(texts), dtype=np.int64)).to_pylist()


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("cd /home/user/shop", "cd /home/ann/shop"),
        ("/Users/user", "/Users/ann"),
        (r"C:\Users\user\x", r"C:\Users\ann\x"),
        ('{"p":"C:\\\\Users\\\\user\\\\x"}', '{"p":"C:\\\\Users\\\\ann\\\\x"}'),
        ("-Users-user-shop and user", "-Users-ann-shop and ann"),
        ("user@example.com wrote", "ann.lee+x@mail.corp.co.uk wrote"),
        (r'{"t":"\nuser@example.com"}', r'{"t":"\nann@corp.io"}'),
        (r'{"t":"see /home/user\nuser 1"}', r'{"t":"see /home/ann\nann 1"}'),
        ("git@github.com:o/r.git", "git@github.com:o/r.git"),
        ("bob@example.org", "bob@example.org"),
        ("/home/user/x ubuntu", "/home/ubuntu/x ubuntu"),
        ("a @decorator and x@y", "a @decorator and x@y"),
    ],
)
def test_what_names_a_person_is_taken_out(expected, text):
    assert clean(text) == [expected]


def test_a_name_that_a_home_folder_gives_away_is_taken_out_of_the_whole_row():
    assert clean("ls /home/annlee", "-rw-r--r-- 1 annlee staff", "annleesen stays", None) == [
        "ls /home/user",
        "-rw-r--r-- 1 user staff",
        "annleesen stays",
        None,
    ]


def test_other_rows_keep_the_word():
    texts = pa.array(["ls /home/river", "the river bank"])
    assert redact(texts, np.array([0, 1])).to_pylist() == ["ls /home/user", "the river bank"]


def test_redacting_twice_changes_nothing_more():
    once = clean("ann@corp.io /home/ann ann")
    assert clean(*once) == once


def test_long_hostile_text_comes_back():
    # Quadratic work on these would take minutes.
    hostile = ["a@" * 500_000, "/home/" * 200_000, "x." * 300_000 + "@" + "y." * 300_000, "a" * 1_000_000 + "@"]
    assert [len(text or "") > 0 for text in clean(*hostile)] == [True] * 4


def trace(kind: str) -> Trace:
    return Trace(
        schema_version="1.0",
        trace_id=f"toy:{kind}",
        kind=kind,
        task="see /home/ann",  # type: ignore[arg-type]
        steps=(
            Observe(index=0, origin="user", content=(Part(text="see /home/ann"),)),
            Act(index=1, turn=1, kind="message", content=(Part(text="done"),), final=True),
        ),
        provenance=Provenance(source=kind),
    )


def test_agent_logs_are_redacted_unless_the_recipe_names_their_source():
    batch = to_table([trace("agent"), trace("instruction")])
    outcome, kept = run(batch, CleanConfig()), run(batch, CleanConfig(keep_private=("agent",)))
    assert outcome.kept["task"].to_pylist() == ["see /home/user", "see /home/ann"]
    assert outcome.ledger["code"].to_pylist() == ["C706"]
    assert kept.kept["task"].to_pylist() == ["see /home/ann", "see /home/ann"]
