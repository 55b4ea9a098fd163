"""The composite action: its bash steps, run as a runner runs them, with the inputs as environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ACTION = ROOT / ".github" / "actions" / "validate" / "action.yml"
EXAMPLES = ROOT / "schemas" / "examples"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(
    ("files", "code", "shown"),
    [
        ("valid/agent.json valid/tool_use.json", 0, "2 traces checked"),
        ("invalid/P103-*.json", 1, "::error file="),
        ("valid/agent.json nowhere.json", 2, "U201"),
    ],
)
def test_the_step_reports_and_fails_as_the_command_does(tmp_path: Path, files: str, code: int, shown: str):
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    (step,) = [step for step in action["runs"]["steps"] if step.get("name") == "Validate"]
    inputs = {name: str(item.get("default", "")) for name, item in action["inputs"].items()} | {"files": files}
    given = {
        key: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], text)
        for key, text in step["env"].items()
    }
    summary = tmp_path / "summary.md"
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    script = tmp_path / "step.sh"
    script.write_text(step["run"], encoding="utf-8", newline="\n")
    # A runner's own call for `shell: bash`.
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=EXAMPLES,
        env={**os.environ, **given, "GITHUB_STEP_SUMMARY": str(summary), "PATH": path},
        capture_output=True,
        text=True,
        timeout=900,
    )
    said = summary.read_text(encoding="utf-8")
    assert (code, True) == (done.returncode, said.startswith("```\n") and said.endswith("```\n")), done.stderr
    assert shown in done.stdout + done.stderr + said
