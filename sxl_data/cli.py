"""The command line: parse, call one function, print. Results go to stdout, everything else to stderr.

Exit codes: 0 fine · 1 findings or a missed gate · 2 your input or recipe · 70 our bug · 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from sxl_data import __version__
from sxl_data.contract import about
from sxl_data.contract.arguments import Parser
from sxl_data.contract.entry import answer, require_memory
from sxl_data.verbs import asking, builds, reviews, rows, sharing, traces


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    # Nothing here multiplies matrices, and numpy's threads for it spin for a while at the start of every process.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return answer(lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> int:
    options, rest = make_parser().parse_known_args(arguments)
    # argparse takes no positional values after an option; `build R -o OUT key=value` is how people type.
    if hasattr(options, "overrides") and all("=" in word and not word.startswith("-") for word in rest):
        options.overrides += rest
    elif rest:
        options.parser.error("not understood: " + " ".join(rest))
    about.require_python()
    require_memory()
    return int(options.run(options) or 0)


def make_parser() -> Parser:
    """The parser of all commands; imports nothing heavy, so that --help is instant."""
    parser = Parser(
        prog="sxl-data",
        description="Sources → one clean, deduplicated, leak-free dataset of agent traces.",
        epilog="Begin with: sxl-data build demo -o out, or sxl-data samples DIR\n"
        'Completion: eval "$(sxl-data --completion bash)"; a report of a fault: sxl-data --env',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    about.add(parser, f"sxl-data {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, handler: object, help: str, epilog: str = "") -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=help, description=help, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.set_defaults(run=handler, parser=sub)
        return sub

    for door in (traces, builds, asking, rows, reviews, sharing):
        door.add(command)
    return parser
