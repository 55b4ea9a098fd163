"""Commands that ask a finished build: report, serve, questions, why, ledger, diff."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from sxl_data.contract.arguments import whole


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    _add_report(command)
    _add_serve(command)
    _add_questions(command)
    _add_why(command)
    _add_ledger(command)
    _add_diff(command)


def _add_report(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "report",
        _report,
        "Write what is in a build, what was left out and why, as one page for a browser.",
        "examples:\n  sxl-data report out\n  sxl-data report out --tokenizer MODEL --max-length 4096 -o review.html",
    )
    sub.add_argument("build", help="folder of a finished build")
    sub.add_argument("-o", "--out", metavar="FILE", help="page to write (default: report.html in the build)")
    sub.add_argument("--tokenizer", help="tokenizer.json or folder: lengths in tokens instead of bytes")
    sub.add_argument("--max-length", type=whole(), metavar="TOKENS", help="training cut-off (default: 2048)")


def _add_serve(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "serve",
        _serve,
        "Look through a build in the browser: every row, what was left out and why, two builds side by side.",
        "examples:\n  sxl-data serve out\n  sxl-data serve new --against old\n"
        "  sxl-data serve out --template qwen3     what carries loss, marked\n\n"
        "Open the address that it prints. It answers on this machine alone, to who has the token in the address.",
    )
    sub.add_argument("build", help="folder of a finished build, of this machine or copied here")
    sub.add_argument("--against", metavar="BUILD", help="another build to compare it with")
    sub.add_argument("--template", help="chat template to show rows with: a name, a .jinja file or a model folder")
    sub.add_argument("--tokenizer", help="tokenizer.json or folder, for token counts with --template")
    sub.add_argument("--max-length", type=whole(), metavar="TOKENS", help="mark where training would cut")
    sub.add_argument("--port", type=whole(0, 65535), default=0, help="port to listen on (default: one that is free)")
    sub.add_argument("--open", action="store_true", help="open the browser")
    sub.add_argument(
        "--idle",
        type=whole(0, 100_000),
        default=120,
        metavar="MINUTES",
        help="end after so many minutes without a request (120); 0: open the build, and end",
    )


def _add_questions(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "questions",
        _questions,
        "Ask a build in SQL: its rows, its ledger, its funnel, its sources.",
        "examples:\n  sxl-data questions out        the tables and their columns\n"
        '  sxl-data questions out "select source, split, count(*) as n from rows group by source, split"',
    )
    sub.add_argument("build", help="folder of a finished build")
    sub.add_argument("sql", nargs="?", help="a question to the tables rows, ledger, funnel, sources; none lists them")
    sub.add_argument("--output", default="text", choices=("text", "json"), help="form of the answer; json has all rows")


def _add_why(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "why",
        _why,
        "Say what happened to one row of a build.",
        "examples:\n  sxl-data why swe:0123456789abcdef out\n"
        "  sxl-data why swe:0123456789abcdef out --html why.html     the row beside the one for which it left",
    )
    sub.add_argument("trace_id")
    sub.add_argument("build", help="folder of a finished build")
    sub.add_argument("--html", metavar="OUT", help="write a page for the browser instead, the texts with it")


def _add_ledger(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "ledger",
        _ledger,
        "List the rows that were dropped, edited, flagged or quarantined.",
        "examples:\n  sxl-data ledger out\n  sxl-data ledger out --by code",
    )
    sub.add_argument("build", help="folder of a finished build, or of an output of dedup")
    sub.add_argument("--by", metavar="COLUMN", help="count by code, stage, source, rule or action")


def _add_diff(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "diff",
        _diff,
        "Compare the rows of two builds.",
        "examples:\n  sxl-data diff old new\n"
        "  sxl-data diff old new --html diff.html     by split, source and code; keys that differ; changed rows",
    )
    sub.add_argument("left", help="folder of a finished build")
    sub.add_argument("right", help="folder of another")
    sub.add_argument("--html", metavar="OUT", help="write a page for the browser instead")


def _report(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import tell
    from sxl_data.report.report import MAX_LENGTH, report

    length = options.max_length or MAX_LENGTH
    tell(str(report(options.build, options.out, tokenizer=options.tokenizer, max_length=length)))
    return 0


def _serve(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import say, tell
    from sxl_data.serve.serve import serve

    def ready(address: str) -> None:
        tell(address)
        sys.stdout.flush()
        ends = f"Ctrl-C ends it, and so do {options.idle} minutes without a request"
        say(f"open it in a browser; {ends}" if options.idle else "it opens; with --idle 0 it ends here")
        if options.open:
            import webbrowser

            webbrowser.open(address)

    try:
        serve(
            options.build,
            options.against,
            template=options.template,
            tokenizer=options.tokenizer,
            max_length=options.max_length,
            port=options.port,
            idle_minutes=options.idle,
            ready=ready,
        )
    except KeyboardInterrupt:
        say("ended")
    return 0


def _questions(options: argparse.Namespace) -> int:
    from sxl_data.build.asking import as_text, questions, tables
    from sxl_data.contract.console import fit, tell, terminal_width
    from sxl_data.contract.printable import as_json

    if options.sql is None and options.output == "text":
        lines = [f"{row['table']:<8} {row['columns']}" for row in tables(options.build).to_dicts()]
        tell(fit("\n".join(lines), terminal_width()))
        return 0
    answer = tables(options.build) if options.sql is None else questions(options.build, options.sql)
    tell(as_text(answer) if options.output == "text" else as_json(answer.to_dicts()))
    return 0


def _why(options: argparse.Namespace) -> int:
    from sxl_data.build.questions import as_text, fate
    from sxl_data.contract.console import fit, point, tell, terminal_width, word

    if Path(options.trace_id).is_dir() and not Path(options.build).exists():
        options.trace_id, options.build = options.build, options.trace_id  # `ledger` and `show` have the build first
    found = fate(options.trace_id, options.build)
    if options.html:
        from sxl_data.report.fate import page

        tell(f"written to {page(found, options.build, options.html)}")
    else:
        tell(fit(as_text(found), terminal_width()))
    point("sxl-data " + found.next.replace("BUILD", word(options.build)))
    return 0


def _ledger(options: argparse.Namespace) -> int:
    from sxl_data.build.questions import ledger
    from sxl_data.contract.console import point, tell, word

    tell(ledger(options.build, options.by))
    build = word(options.build)
    more = f"sxl-data serve {build}, or sxl-data why TRACE_ID {build}"
    point(f"sxl-data explain CODE, or {more}" if options.by else f"sxl-data ledger {build} --by code, or {more}")
    return 0


def _diff(options: argparse.Namespace) -> int:
    from sxl_data.build.comparing import diff
    from sxl_data.contract.console import point, tell, word

    left, right = word(options.left), word(options.right)
    if options.html:
        from sxl_data.report.difference import page

        tell(f"written to {page(options.left, options.right, options.html)}")
        point(f"sxl-data serve {right} --against {left}")
        return 0
    tell(diff(options.left, options.right))
    point(f"sxl-data diff {left} {right} --html diff.html, or sxl-data serve {right} --against {left}")
    return 0
