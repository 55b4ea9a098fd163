"""The review page in a real browser: what was taken out is nowhere, keys work, decisions survive and are taken."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import sxl_data
from tests.sxl_data.share.planted import PLANTED, everything

BROWSER, NODE = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("node")


@pytest.mark.slow
@pytest.mark.skipif(not (BROWSER and NODE), reason="needs chromium and node")
def test_a_person_can_decide_and_never_sees_what_was_taken_out(tmp_path: Path):
    done = sxl_data.share(everything(tmp_path / "logs"), tmp_path / "mine")
    driver = Path(__file__).with_name("browser.mjs")
    command = [NODE, "--experimental-websocket", driver, BROWSER, done.page, tmp_path / "profile"]
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert 0 == ran.returncode, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    texts = found["texts"].lower()
    assert [] == [word for word in PLANTED if word.lower() in texts]
    assert "whoami" in texts and "secret_github_token" in texts and found["marked"] > 5
    assert {found["id"]: [2]} == found["dropped"]
    assert found["request"] > 5 and [found["id"]] == found["out"]
    assert "checkbox" == found["focused"] or 0 == found["open"]
    assert (0, True, 0, "undefined", []) == tuple(found[key] for key in ("open", "kept", "made", "pwned", "asked"))
    assert "other sessions" in found["other"]
    (tmp_path / "decisions.json").write_text(found["saved"])
    taken = sxl_data.share((), tmp_path / "mine", decisions=tmp_path / "decisions.json")
    assert 1 == taken.dropped and not any(
        b"zebra" in p.read_bytes() for p in (tmp_path / "mine/dataset").rglob("*.jsonl")
    )
