"""The sheet in a real browser: hotkeys, votes that survive a reload and a file, and texts that stay texts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import sxl_data
from tests.sxl_data.review.toys import traces

BROWSER, NODE = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("node")
ATTACK = "</script><script>globalThis.pwned=1</script><img src=https://x.invalid/ onerror=globalThis.pwned=2> \u202eb\u200b\x1b \u2764\ufe0f c\ufe0e"


@pytest.mark.slow
@pytest.mark.skipif(not (BROWSER and NODE), reason="needs chromium and node")
def test_a_rater_can_work_and_a_trace_can_do_nothing(tmp_path: Path):
    made = sxl_data.review(traces(tmp_path / "t.jsonl", [ATTACK, ATTACK]), tmp_path / "round")
    page = sxl_data.review.sheet(made.folder)
    driver = Path(__file__).with_name("browser.mjs")
    command = [NODE, "--experimental-websocket", driver, BROWSER, page, tmp_path / "profile"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert 0 == done.returncode, done.stderr[-2000:]
    found = json.loads(done.stdout)
    answers = {"observe": 3, "reflect": "cannot_judge", "act": 1, "overall": 2}
    assert answers == found["votes"]["r0001"]["answers"]
    assert 1 == found["item"]
    assert "name" in found["unnamed"]
    assert found["votes"] == found["reloaded"] == found["loaded"] != found["cleared"] == {}
    assert "another sample" in found["other"]
    assert {"U+202E", "U+200B", "U+001B", "U+FE0E"} == set(found["marks"])
    assert (0, "undefined", []) == (found["made"], found["pwned"], found["asked"])
    (tmp_path / "votes.json").write_text(found["saved"])
    taken = sxl_data.review.import_votes(made.folder, [tmp_path / "votes.json"], [tmp_path / "t.jsonl"])
    assert "person Ada: 1 of 2 items judged" == taken.text()
