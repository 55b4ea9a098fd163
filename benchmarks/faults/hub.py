"""Publications on a Hub of this machine that fails: what the first run did, what lay there then, what the second did.

The client is huggingface_hub's own, over HTTP; only the waits between its attempts are left out. Faults and Hub are
those of the tests.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import huggingface_hub
from toy import make_recipe, report

import sxl_data
from sxl_data.contract.console import format_table
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from sxl_data.publish import hub

sys.path.append(str(Path(__file__).resolve().parents[2]))
from tests.sxl_data.publish.fake_hub import TOKEN, FakeHub, Fault
from tests.sxl_data.publish.faults import LASTING, PASSING, REPO, is_whole


def publications(folder: Path, quick: bool) -> list[dict[str, object]]:
    """A row for each fault, and the claims that no run left half a dataset and that every second run finished."""
    recipe = make_recipe(folder / "in")
    build(str(recipe), folder / "out", ["decontaminate.against=[]"])
    huggingface_hub.constants.HF_HUB_DISABLE_XET = True
    hub.PATIENCE_S = 0.5
    time.sleep, waited = lambda seconds: None, time.sleep
    try:
        faults = [*PASSING, *(fault for fault, _ in LASTING)]
        rows = [_row(folder, fault) for fault in (faults[::5] if quick else faults)]
    finally:
        time.sleep = waited
    print(
        format_table(("request", "fault", "times", "first run", "then there", "second run"), [row[:6] for row in rows])
    )
    whole, finished = (
        sum(row[at] in good for row in rows) for at, good in ((4, ("nothing", "whole")), (5, ("whole",)))
    )
    of = len(rows)
    return [
        report("publications that failed and left nothing or a whole dataset", f"{of} of {of}", whole, whole == of),
        report("second runs that finished", f"{of} of {of}", finished, finished == of),
    ]


def _row(folder: Path, fault: Fault) -> tuple[str, ...]:
    with FakeHub() as fake:
        os.environ |= {"HF_ENDPOINT": fake.url, "HF_TOKEN": TOKEN}
        fake.faults = [Fault(fault.method, fault.part, fault.kind, fault.times)]
        first = _said(folder)
        then = _there(fake)
        fake.faults = []
        _said(folder)
        times = "always" if fault.times > 9 else str(fault.times)
        return (f"{fault.method} …{fault.part}", str(fault.kind), times, first, then, _there(fake))


def _said(folder: Path) -> str:
    try:
        sxl_data.publish(folder / "out", REPO, yes=True)
    except UserError as problem:
        return problem.findings[0].code
    return "published"


def _there(fake: FakeHub) -> str:
    repo = fake.repos.get(REPO)
    if repo is None or set(repo.at("main")) == {".gitattributes"}:
        return "nothing"
    with tempfile.TemporaryDirectory() as folder:
        return "whole" if is_whole(fake, Path(folder)) else "HALF"
