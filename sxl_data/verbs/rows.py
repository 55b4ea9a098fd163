"""Commands about text, of whatever file: dedup, decontaminate, redact."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from sxl_data.contract.arguments import share

SHOWN = 3
"""Findings of each code that are shown unless all are asked for."""


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    _add_dedup(command)
    _add_decontaminate(command)
    _add_redact(command)


def _add_dedup(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "dedup",
        _dedup,
        "Remove exact and near duplicates from table files, naming the twin of every dropped row.",
        "examples:\n  sxl-data dedup rows.parquet --column text -o out\n"
        "  sxl-data dedup new.jsonl --column text --against out -o out2   (drop what is like an earlier run's rows)\n"
        "  sxl-data dedup --rethreshold out --threshold 0.8                (signatures are reused)\n"
        "  sxl-data dedup --compare out rows.parquet:17                    (a dropped row beside its twin)",
    )
    sub.add_argument("files", nargs="*", help="Parquet, JSONL, JSON or CSV files")
    sub.add_argument("--column", help="column whose text is compared")
    sub.add_argument("-o", "--out", help="folder for data/, ledger/ and signatures/")
    sub.add_argument("--threshold", type=share, default=0.7, help="similarity from which a row is dropped (0.7)")
    sub.add_argument("--id-column", help="column that names rows in the ledger (default: file and row number)")
    sub.add_argument("--rank-column", help="numeric column; of duplicates the row with the smallest value stays")
    sub.add_argument(
        "--prefer",
        action="append",
        default=[],
        metavar="FILE",
        help="file name without suffix whose rows are kept first; may be repeated, best first",
    )
    sub.add_argument(
        "--shingles",
        choices=("code", "words", "characters"),
        default="code",
        help="what is compared: runs of five tokens of code (default), of words, or of characters",
    )
    sub.add_argument(
        "--backend",
        choices=("native", "datasketch"),
        default="native",
        help="who finds candidates: the compiled kernels (native), or datasketch, slower, its own extra",
    )
    sub.add_argument("--against", action="append", default=[], metavar="STORE", help="output folder of an earlier run")
    sub.add_argument(
        "--store-shingles",
        action="store_true",
        help="keep shingle sets too, so that a later --against scores exactly (about the size of the texts)",
    )
    sub.add_argument(
        "--memory", default="4GB", help="bytes for texts, signatures and candidates; beyond it scratch files (4GB)"
    )
    sub.add_argument("--rethreshold", metavar="OUT", help="redo a finished output at --threshold")
    sub.add_argument("--compare", nargs="+", metavar=("OUT", "ROW"), help="show a dropped row beside its twin")


def _add_decontaminate(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "decontaminate",
        _decontaminate,
        "Find rows that hold text of a benchmark.",
        "example:\n  sxl-data decontaminate rows.jsonl --against humaneval mbpp",
    )
    sub.add_argument("files", nargs="+", help="JSONL, JSON, CSV or Parquet files")
    sub.add_argument(
        "--against",
        nargs="+",
        default=["humaneval", "mbpp"],
        metavar="NAME",
        help="shipped fingerprints, files that decontaminate.fingerprints made, or a benchmark's own file",
    )
    sub.add_argument(
        "--texts", nargs="+", default=[], metavar="FILE", help="benchmarks' own files, to show their texts"
    )
    sub.add_argument("--column", help="column that is compared (default: every text of the row)")
    sub.add_argument("--threshold", type=share, default=0.5, help="weighted share of a long item (0.5)")


def _add_redact(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "redact",
        _redact,
        "Take secrets and what names persons out of text, JSON, JSONL, sessions and Parquet.",
        "examples:\n  sxl-data redact session.jsonl -o clean.jsonl\n  sxl-data redact *.jsonl -o clean/\n"
        "  sxl-data redact sessions/ -o clean/       (every file in it, under the same names)\n"
        "  sxl-data redact session.jsonl --check     (writes nothing; exit code 1 where something has to go)",
    )
    sub.add_argument(
        "files", nargs="+", help="files or folders, - for stdin; by suffix .jsonl, .json, .parquet, else text"
    )
    sub.add_argument("-o", "--out", help="file to write, or folder for several or a folder (default: stdout)")
    sub.add_argument("--check", action="store_true", help="report what has to go and write nothing")
    sub.add_argument("--keep-private", action="store_true", help="secrets only; leave what names persons")
    sub.add_argument("--second", action="store_true", help="have detect-secrets look for what was taken out")
    sub.add_argument(
        "--output", default="text", choices=("text", "json", "sarif", "github"), help="form of the findings"
    )
    sub.add_argument("--all", action="store_true", help="show every finding, not three of each code")


def _dedup(options: argparse.Namespace) -> int:
    import pyarrow as pa

    from sxl_data.contract.without_pandas import without_pandas

    # Arrow's own allocators ask for huge pages. Where memory is fragmented, one that is fresh costs more than decoding
    # what goes into it; and they keep what is freed.
    pa.set_memory_pool(pa.system_memory_pool())
    with without_pandas():
        return _dedup_files(options)


def _dedup_files(options: argparse.Namespace) -> int:
    from sxl_data.contract.config import load
    from sxl_data.contract.console import point, say, tell, terminal_width, word
    from sxl_data.contract.errors import error
    from sxl_data.dedup.config import DedupConfig
    from sxl_data.dedup.tables.command import compare, rethreshold, run_files

    if options.compare:
        if len(options.compare) not in (2, 3):
            raise error("U401", found=f"{len(options.compare)} words", expected="--compare OUT ROW [OTHER]")
        folder, row, *other = options.compare
        tell(compare(folder, row, other[0] if other else None, width=terminal_width() or 120))
    elif options.rethreshold:
        tell(str(rethreshold(options.rethreshold, options.threshold)))
    else:
        if not (options.files and options.column and options.out):
            raise error(
                "U401",
                found="too little",
                expected="FILE… --column NAME -o OUT",
                fix="name the files, the column whose text is compared and a folder for the result",
            )
        values = {
            "threshold": options.threshold,
            "prefer": options.prefer,
            "memory": options.memory,
            "shingling": {"kind": options.shingles},
            "backend": options.backend,
        }
        config = load(DedupConfig, values).value
        tell(
            str(
                run_files(
                    options.files,
                    options.column,
                    options.out,
                    config,
                    id_column=options.id_column,
                    rank_column=options.rank_column,
                    against=options.against,
                    store_shingles=options.store_shingles,
                    say=say,
                )
            )
        )
        point(f"sxl-data ledger {word(options.out)}, which names each row's twin; kept rows are in its folder data/")
    return 0


def _decontaminate(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import format_table, tell, terminal_width
    from sxl_data.decontaminate.files import find, report

    rows, hits = find(options.files, options.against, options.threshold, options.column, options.texts)
    if hits:
        tell(report(hits, terminal_width() or 120) + "\n")
        tell(format_table(["row", "item", "coverage"], [[h.row, h.item, f"{h.coverage:.2f}"] for h in hits]))
    tell(f"{len(hits)} of {rows} rows hold text of {', '.join(options.against)}")
    return 1 if hits else 0


def _redact(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import fit, say, tell, terminal_width
    from sxl_data.contract.errors import render as render_finding
    from sxl_data.secrets.files import redact
    from sxl_data.validate.reporters.report import FileReport, Report

    done = redact(
        options.files, options.out, check=options.check, people=not options.keep_private, second=options.second
    )
    if options.check or done.findings:
        report = Report(files=[FileReport(file=str(path)) for path in options.files])
        report.add(done.findings)
        text = report.render(options.output)
        if options.output == "text":
            most = None if options.all else SHOWN
            by_code = ([item for item in done.findings if item.code == code] for code in report.counts)
            shown = [item for items in by_code for item in items[:most]]
            total = f"{done.secrets} secrets, {done.persons} names and addresses in {done.files} files"
            text = fit("\n".join([*map(render_finding, shown), total]), terminal_width())
        (tell if options.check else say)(text)
    if done.text:
        sys.stdout.buffer.write(done.text)
        sys.stdout.buffer.flush()
    for item in (*done.notes, *done.refused):
        say(render_finding(item))
    for path in done.written:
        tell(str(path))
    if not options.check:
        say(f"{done.secrets} secrets and {done.persons} names and addresses taken out")
    return 1 if done.findings or done.refused else 0
