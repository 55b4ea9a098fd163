"""sxl_data.read.adapters.swebench_issue"""

from __future__ import annotations

import json

import pytest

from sxl_data.read.adapters.swebench_issue import FORMAT
from sxl_data.trace.format import RowError
from tests.sxl_data.read.readings import outline, read_path, read_row

PATCH = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
ROW = {"instance_id": "pallets__click-12", "problem_statement": "it fails", "patch": PATCH, "test_patch": "secret test"}


def test_the_patch_is_an_edit_call_without_a_result():
    reading = read_row(FORMAT, ROW)
    assert outline(reading.trace) == "OC"
    assert reading.trace.steps[1].calls[0].arguments_json == PATCH
    assert (reading.group, reading.language) == ("pallets/click", "python")


def test_the_tests_are_kept_out_of_sight():
    trace = read_row(FORMAT, ROW).trace
    assert json.loads(trace.ext_json)["swebench"]["test_patch"] == "secret test"
    assert "secret" not in str(trace.steps)


def test_text_that_is_no_diff_is_refused():
    with pytest.raises(RowError):
        read_row(FORMAT, {**ROW, "patch": "please change x"})


def test_all_real_issues_are_read(shared):
    readings, refused = read_path(
        FORMAT, shared / "data/github_issues/classification/swebench_lite_classifications.csv"
    )
    assert (len(readings), refused) == (300, [])
    assert "django/django" in {r.group for r in readings}
