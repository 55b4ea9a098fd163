"""Commands about traces: validate."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    sub = command(
        "validate", _validate, "Check agent traces in the format they have.",
        "examples:\n  sxl-data validate traces.jsonl\n  sxl-data validate session.jsonl --profile publish --output sarif\n\n"
        "exit code: 0 clean · 1 findings at the profile's level · 2 unreadable file or usage",
    )  # fmt: skip
    sub.add_argument("files", nargs="+", help="files to check, - for stdin")
    sub.add_argument("--format", default="auto", help="name of the format (auto looks at the file)")
    sub.add_argument("--profile", default="train", help="ingest: can it be read · train (default) · publish")
    sub.add_argument("--output", default="text", choices=("text", "json", "sarif", "github"), help="form of the report")
    sub.add_argument("--all", action="store_true", help="show every finding, not three of each code")


def _validate(options: argparse.Namespace) -> int:
    from sxl_data.read.stage import known_formats
    from sxl_data.trace.validate import validate

    known = {name: item for name, item in known_formats().items() if item.unit != "text"}
    report = validate(options.files, options.format, options.profile, known=known)
    print(report.render(options.output, show_all=options.all))
    return report.exit_code
