"""Commands about traces: validate, convert, stats, show, explain."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sxl_data.contract.arguments import whole

HANDED_OVER = ("scout", "docent")
OUTPUTS = ("text", "json", "sarif", "github", *HANDED_OVER)


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    _add_validate(command)
    _add_convert(command)
    _add_stats(command)
    _add_show(command)
    _add_explain(command)


def _add_validate(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "validate",
        _validate,
        "Check agent traces in the format they have.",
        "examples:\n  sxl-data validate traces.jsonl\n"
        "  sxl-data validate session.jsonl --profile publish --output sarif\n"
        "  sxl-data validate chat.jsonl --template qwen3 --tokenizer MODEL --max-length 4096\n"
        "  sxl-data validate chat.jsonl --fix -o mended.jsonl\n"
        "  sxl-data validate chat.jsonl --output scout -o transcripts/chat.parquet    (docent: runs.jsonl)\n\n"
        "exit code: 0 clean · 1 findings at the profile's level, --fix: those left · 2 unreadable file or usage",
    )
    sub.add_argument("files", nargs="*", help="files, folders, archives or builds to check, - for stdin")
    _format(sub, "; `--format list` says how each is recognised")
    sub.add_argument("--profile", default="train", help="ingest: can it be read · train (default) · mix · publish")
    sub.add_argument("--output", default="text", choices=OUTPUTS, help="form of the report; scout, docent: -o OUT")
    sub.add_argument("--all", action="store_true", help="show every finding, not three of each code")
    sub.add_argument(
        "--coverage", action="store_true", help="say how much of each file's text was read, and what was not"
    )
    _template(sub)
    sub.add_argument("--export", metavar="FORMAT", help="say what this format could not carry (R708)")
    sub.add_argument(
        "--jobs", type=whole(1, 1024), default=1, metavar="N", help="processes that share large JSONL files"
    )
    sub.add_argument("--fix", action="store_true", help="mend what is marked fixable; needs one file or folder, and -o")
    sub.add_argument(
        "-o", "--out", help="file (of a folder: new folder) for the mended traces, or file for those with findings"
    )


def _add_convert(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "convert",
        _convert,
        "Convert traces between formats, stating what the target cannot hold.",
        "example:\n  sxl-data convert session.jsonl --to openai_chat -o chat.jsonl",
    )
    sub.add_argument("file", help="file to convert, - for stdin")
    sub.add_argument("--to", required=True, help="openai_chat, atif, sts, sharegpt_tools or sxl_trace")
    _format(sub)
    sub.add_argument("--from", dest="format", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    sub.add_argument("-o", "--out", required=True, help="file to write")
    sub.add_argument("--bare", action="store_true", help="leave out the residual from which the trace can be restored")


def _add_stats(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "stats",
        _stats,
        "Count what is in trace files: turns, calls, errors, reasoning, licences, codes.",
        "example:\n  sxl-data stats chat.jsonl",
    )
    sub.add_argument("files", nargs="+", help="files of traces, - for stdin")
    _format(sub)
    sub.add_argument("--tokenizer", help="tokenizer.json or folder: shares in tokens instead of bytes")
    sub.add_argument("--output", default="text", choices=("text", "json"), help="form of the counts")
    sub.add_argument("--html", metavar="OUT", help="write a page for the browser instead")


def _add_show(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "show",
        _show,
        "Print one trace as Observe / Reflect / Act / Iterate blocks, or as it is trained.",
        "examples:\n  sxl-data show chat.jsonl --row 3\n"
        "  sxl-data show chat.jsonl --template qwen3     what carries loss, in ⟦ ⟧\n"
        "  sxl-data show chat.jsonl --html row.html      a page; with --template too, what carries loss marked",
    )
    sub.add_argument("file", help="file of traces, - for stdin")
    _format(sub)
    sub.add_argument("--row", help="number from 0, or a trace id (default: the first)")
    sub.add_argument("--all", action="store_true", help="show long texts whole")
    sub.add_argument("--html", metavar="OUT", help="write a page for the browser instead")
    _template(sub)


def _add_explain(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "explain",
        _explain,
        "Explain a code, a rule, a family of codes, a format or a key of a recipe; list the formats or the keys.",
        "examples:\n  sxl-data explain P105\n  sxl-data explain P\n  sxl-data explain formats\n"
        "  sxl-data explain code_repository\n  sxl-data explain dedup.threshold\n  sxl-data explain keys",
    )
    known = "P105, result-without-call, P for the whole family, a format, `formats`, clean.secrets, clean, or `keys`"
    sub.add_argument("code", nargs="?", default="", help=known)


def _format(sub: argparse.ArgumentParser, more: str = "") -> None:
    known = "name of the format (auto looks at the file; `sxl-data explain formats` lists them)"
    sub.add_argument("--format", default="auto", help=known + more)
    sub.add_argument(
        "--columns",
        metavar="ROLE=COLUMN,…",
        help="what a table's columns are for: prompt=…,answer=… or messages=…; also reasoning, system, tools, group",
    )


def _template(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--template", help="chat template to render with: a name, a .jinja file or a model folder")
    sub.add_argument("--tokenizer", help="tokenizer.json or folder, for token counts with --template")
    sub.add_argument("--max-length", type=whole(), metavar="TOKENS", help="say what is cut beyond so many tokens")


def _known() -> dict[str, Any]:
    """All formats that are read."""
    from sxl_data.read.known import known_formats

    return known_formats()


def _submissions(options: argparse.Namespace, paths: list[str]) -> list[Any]:
    """What the user named, opened: files, folders, archives, notebooks, patches, builds; tables by their columns."""
    from sxl_data.validate.submissions import each

    return [_by_columns(item, options) for item in each(paths, _chosen_format(options))]


def _one(options: argparse.Namespace) -> Any:
    """The one file that the user named, opened."""
    from sxl_data.validate.submissions import one

    return _by_columns(one(options.file, _chosen_format(options)), options)


def _chosen_format(options: argparse.Namespace) -> str:
    """The format that the user named; a table whose columns are named has its own."""
    return "columns" if options.columns else str(options.format)


def _by_columns(item: Any, options: argparse.Namespace) -> Any:
    """``item``, where it is a table to be read by the names of its columns."""
    if options.columns:
        import msgspec

        from sxl_data.read.adapters.columns import NAME, named

        item.origin = msgspec.structs.replace(item.origin, options={NAME: named(options.columns)})
    return item


def _validate(options: argparse.Namespace) -> int:
    if options.format == "list":
        return _list()
    from sxl_data.contract.errors import error

    if not options.files:
        raise error("U401", found="no file", expected="files to check, - for stdin, or --format list")
    from sxl_data.contract.console import Progress, fit, is_live, say, tell, terminal_width
    from sxl_data.validate.validate import validate

    if options.fix:
        from sxl_data.verbs.mending import mend

        return mend(options.files, options.out, options.format)
    if options.output in HANDED_OVER:
        from sxl_data.validate.handover import handover

        if not options.out:
            raise error("U401", found=f"--output {options.output}", expected="-o OUT, the file to write")
        if options.template:  # what a template loses is a finding about the rendered text, which is not handed over
            raise error("U401", found="--template", expected=f"an output other than {options.output}")
        items = _submissions(options, options.files)
        traces, findings = handover(items, options.output, options.out, options.profile)
        say(f"{traces} traces with {findings} findings")
        tell(options.out)
        return 0
    items = _submissions(options, options.files)
    with Progress("validate", unit="records") if is_live() else contextlib.nullcontext() as progress:
        report = validate(
            items,
            profile=options.profile,
            template=options.template,
            tokenizer=options.tokenizer,
            max_length=options.max_length,
            export=options.export,
            jobs=1 if options.columns else options.jobs,
            edits=options.output in ("sarif", "json"),
            watch=progress.advance if progress is not None else None,
        )
    text = report.render(options.output, show_all=options.all, coverage=options.coverage)
    tell(fit(text, terminal_width()) if options.output == "text" else text)
    return report.exit_code


def _list() -> int:
    from sxl_data.contract.console import fit, tell, terminal_width
    from sxl_data.view.pages import list_recognised

    tell(fit(list_recognised(_known()), terminal_width()))
    return 0


def _convert(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import fit, say, tell, terminal_width
    from sxl_data.contract.errors import render as render_finding
    from sxl_data.validate.convert import convert, render

    made = convert(_one(options), options.to, options.out, residual=not options.bare)
    tell(fit(render(made), terminal_width()))
    for item in made.findings:
        say(render_finding(item))
    return 1 if any(item.level == "error" for item in made.findings) else 0


def _stats(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import point, tell, word
    from sxl_data.view.stats import stats

    found = stats(_submissions(options, options.files), tokenizer=options.tokenizer)
    if options.html:
        from sxl_data.engine.commit import deliver
        from sxl_data.view.stats_page import page

        made = page(found, options.files).encode("utf-8", "backslashreplace")
        deliver(Path(options.html), lambda file: file.write(made))
        tell(f"written to {options.html}")
    else:
        tell(found.text() if options.output == "text" else found.json())
    name = word(options.files[0])
    point(f"sxl-data show {name} --html trace.html, or sxl-data validate {name}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import fit, tell, terminal_width
    from sxl_data.view.show import WIDTH, show

    width = terminal_width()
    if options.html:
        from sxl_data.engine.commit import deliver
        from sxl_data.trace.template import load
        from sxl_data.view.page import page
        from sxl_data.view.rendered import page_rendered
        from sxl_data.view.show import pick

        trace = pick(_one(options), options.row)
        if options.template:
            made = page_rendered(trace, load(options.template, options.tokenizer), options.max_length)
        else:
            made = page(trace)
        deliver(Path(options.html), lambda file: file.write(made.encode("utf-8", "backslashreplace")))
        tell(f"written to {options.html}")
        return 0
    if options.template:
        from sxl_data.trace.template import load
        from sxl_data.view.rendered import show_rendered
        from sxl_data.view.show import pick

        template = load(options.template, options.tokenizer)
        trace = pick(_one(options), options.row)
        tell(fit(show_rendered(trace, template, options.max_length), width))
        return 0
    extra: dict[str, Any] = {"max_lines": 0} if options.all else {}
    text = show(_one(options), options.row, width=width or WIDTH, **extra)
    tell(fit(text, width))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import fit, tell, terminal_width
    from sxl_data.view.explain import explain, explain_format, list_formats

    known = _known()
    if options.code in known:
        text = explain_format(known[options.code])
    else:
        text = list_formats(known) if options.code == "formats" else explain(options.code, known)
    tell(fit(text, terminal_width()))
    return 0
