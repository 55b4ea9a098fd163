"""sxl_data.read.adapters.commit_edit"""

from __future__ import annotations

import pytest

from sxl_data.read.adapters.commit_edit import FORMATS
from sxl_data.trace.format import RowError
from tests.sxl_data.read.readings import read_row, read_text, said

ROWS, FILES = FORMATS
PATCH = """From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: Ann <ann@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH 1/2] fix: count the last line
 as well

It was left out.
---
 x.py | 2 +-

diff --git a/x.py b/x.py
--- a/x.py
+++ b/x.py
@@ -1 +1 @@
-n
+n + 1
-- 
2.39.5
"""


def test_before_and_after_become_a_diff():
    row = {
        "message": "more",
        "old_contents": "a\n",
        "new_contents": "b\n",
        "new_file": "x.py",
        "license": "bsd-3-clause",
    }
    reading = read_row(ROWS, row)
    assert reading.trace.steps[1].calls[0].arguments_json == "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
    assert (reading.language, reading.trace.provenance.licence) == ("python", "bsd-3-clause")


def test_a_patch_file_gives_subject_and_body_and_leaves_the_mail_out():
    (reading,) = read_text(FILES, PATCH, "0001.patch")
    assert said(reading.trace)[0] == "fix: count the last line as well\n\nIt was left out."
    patch = reading.trace.steps[1].calls[0].arguments_json
    assert patch.startswith("diff --git") and patch.endswith("+n + 1\n")
    assert "example.org" not in str(reading.trace)


def test_equal_files_are_refused():
    with pytest.raises(RowError):
        read_row(ROWS, {"message": "nothing", "old_contents": "a", "new_contents": "a"})
