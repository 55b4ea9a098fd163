"""sxl_data.sandbox, against the family of escapes in escapes/*.yaml.

Each combination of who runs it, which tier holds it and who counts the totals goes through the whole family in one
process of its own (attack.py), which must get to its end. As root the family runs as nobody too.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import sxl_data

HERE = Path(__file__).parent
ROOT = Path(sxl_data.__file__).parents[1]  # a checkout, or where the wheel was installed
FAMILIES: dict[str, list[dict[str, Any]]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((HERE / "escapes").glob("*.yaml"))
}
FAMILY = [item for items in FAMILIES.values() for item in items]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")]


def test_the_family_is_large_and_each_has_its_name():
    assert len(FAMILY) >= 60
    assert len({item["name"] for item in FAMILY}) == len(FAMILY)


def attack(tmp_path: Path, who: str, tier: str, counted: str) -> list[dict[str, Any]]:
    command = [sys.executable]
    path = [str(ROOT)]
    if who == "nobody":
        if os.geteuid() != 0:
            pytest.skip("only root can become nobody")
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed")
        path = [str(copied(tmp_path))]
        command = [*NOBODY, readable_python()]
    # Who counts the totals matters to those who overrun them, and to nobody else.
    items = FAMILIES["limits"] if counted == "watched" else FAMILY
    given = json.dumps([item for item in items if item.get("needs", platform.machine()) == platform.machine()])
    done = subprocess.run(
        [*command, f"{path[0]}/attack.py" if who == "nobody" else str(HERE / "attack.py"), tier, counted],
        input=given,
        capture_output=True,
        text=True,
        timeout=600,
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if lines and "missing" in lines[0]:
        pytest.skip(f"no {tier} here: {lines[0]['missing']}")
    assert lines and "finished" in lines[-1], f"the caller ended with {done.returncode}: {done.stderr[-2000:]}"
    assert lines[-1]["left"] == []
    return lines[:-1]


def copied(tmp_path: Path) -> Path:
    """What the sandbox needs of this checkout and of its environment, where nobody can read it."""
    import msgspec

    folder = Path("/var/tmp") / f"sxl-nobody-{os.getpid()}-{tmp_path.name}"
    shutil.copytree(ROOT / "sxl_data" / "sandbox", folder / "sxl_data" / "sandbox")
    shutil.copytree(ROOT / "sxl_data" / "contract", folder / "sxl_data" / "contract")
    shutil.copytree(Path(msgspec.__file__).parent, folder / "msgspec")
    for path in (ROOT / "sxl_data" / "__init__.py", HERE / "attack.py"):
        shutil.copy(path, folder / path.relative_to(ROOT if path.name == "__init__.py" else HERE))
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
    return folder


def readable_python() -> str:
    """An interpreter of this version that nobody may run; setpriv itself would also start one that nobody may not."""
    for name in (getattr(sys, "_base_executable", sys.executable), "/usr/local/bin/python3", "/usr/bin/python3"):
        asked = subprocess.run(
            [*NOBODY, name, "-c", "import os, sys; os.access(sys.executable, os.X_OK) and print(sys.version_info[:2])"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.stdout.strip() == str(tuple(sys.version_info[:2])):
            return name
    pytest.skip("no interpreter of this version that nobody can read")


@pytest.mark.parametrize("counted", ["bounded", "watched"])
@pytest.mark.parametrize("tier", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("who", ["me", "nobody"])
def test_no_program_escapes_or_overruns_or_hangs_or_ends_its_caller(tmp_path, request, who, tier, counted):
    request.addfinalizer(lambda: [shutil.rmtree(path) for path in Path("/var/tmp").glob(f"sxl-nobody-{os.getpid()}-*")])
    met = attack(tmp_path, who, tier, counted)
    allowed = {item["name"]: item.get("statuses", ["ok", "failed"]) for item in FAMILY}
    harmed = {item["name"]: item["harm"] for item in met if item["harm"]}
    surprising = {
        item["name"]: (item["status"], item["said"]) for item in met if item["status"] not in allowed[item["name"]]
    }
    assert (harmed, surprising) == ({}, {})
    assert len(met) >= (60 if counted == "bounded" else 30)
