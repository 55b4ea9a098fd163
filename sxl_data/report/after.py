"""The report as the last thing that a build does.

In: the folder of the build, and what its recipe says of the report. Out: `report.html` and a line on stderr. The
dataset is finished before, so what is wrong with a tokenizer is said and costs nobody the build.
"""

from __future__ import annotations

import time
from pathlib import Path

from sxl_data.build.recipe import ReportConfig
from sxl_data.contract.console import format_bytes, format_seconds, say
from sxl_data.contract.errors import UserError


def report_build(out: Path, config: ReportConfig) -> None:
    """Write the report of the finished build in ``out``."""
    from sxl_data.report.report import report

    started = time.monotonic()
    try:
        path = report(out, tokenizer=config.tokenizer, max_length=config.max_length)
    except UserError as problem:
        say(f"{problem}\nwarning: the dataset is finished, and has no report.html")
        return
    taken = format_seconds(time.monotonic() - started)
    say(f"{'report':<14} {path.name}, {format_bytes(path.stat().st_size)}   {taken}")
