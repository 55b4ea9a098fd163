"""The command `review`: sample, sheet, import, agree, export."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from sxl_data.contract.arguments import whole

_STEPS = """a round, from the first to the last step:
  sxl-data review sample out -n 50 -o round           a build, a file of traces, or model outputs
  sxl-data review sample a/samples.parquet b/samples.parquet -o round      A against B, order hidden
  sxl-data review sheet round                         round/sheet.html: give that file alone to each rater
  sxl-data review import round votes.json --of out    what a rater's sheet saved
  sxl-data review agree round                         agreement, disagreements, adjudication
  sxl-data review export round --to argilla -o DIR    or label-studio, potato"""
_VOTES = """a file of votes, as the sheet saves it (a model's run writes its own):
  {"format": "sxl-review-votes-1", "sample": HASH, "rater": {"name": "gpt-x 2026-01", "kind": "model"},
   "votes": {"r0001": {"answers": {"act": 3, "reflect": "cannot_judge"}, "note": "", "seconds": 31}}}"""


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    review = command(
        "review", _sample, "Have reasoning judged by persons or models, blind, and say how far they agree.", _STEPS
    )
    steps = review.add_subparsers(dest="step", required=True, metavar="sample|sheet|import|agree|export")

    def step(name: str, handler: object, help: str, epilog: str) -> argparse.ArgumentParser:
        sub = steps.add_parser(
            name, help=help, description=help, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.set_defaults(run=handler, parser=sub)
        return sub

    _add_sample(step)
    _add_sheet(step)
    _add_import(step)
    _add_agree(step)
    _add_export(step)


def _add_sample(step: Callable[..., argparse.ArgumentParser]) -> None:
    sub = step(
        "sample",
        _sample,
        "Draw a blind, stratified sample into a new folder, the round.",
        "examples:\n  sxl-data review sample out -n 50 -o round\n"
        "  sxl-data review sample base/samples.parquet tuned/samples.parquet -o round\n\n"
        "Raters get sheet.html alone: key.json says what they must not know.",
    )
    sub.add_argument(
        "places",
        nargs="+",
        help="a build or its s3://…, a file of traces, or one or two samples.parquet of evaluations",
    )
    sub.add_argument("-n", "--number", type=whole(1, 10_000), default=50, metavar="N", help="items to draw (50)")
    sub.add_argument(
        "--by", help="strata: source (default), kind or outcome of traces; suite (default) or group of outputs"
    )
    sub.add_argument("--seed", type=whole(0), default=0, help="another seed draws another sample (0)")
    sub.add_argument("--rubric", metavar="FILE", help="your own questions, as YAML (a round holds ours as rubric.yaml)")
    sub.add_argument("-o", "--out", required=True, help="folder of the round")


def _add_sheet(step: Callable[..., argparse.ArgumentParser]) -> None:
    sub = step(
        "sheet",
        _sheet,
        "Write the round's sheet.html: one file that works offline.",
        "example:\n  sxl-data review sheet round",
    )
    sub.add_argument("round", help="folder that `review sample` wrote")


def _add_import(step: Callable[..., argparse.ArgumentParser]) -> None:
    sub = step("import", _import, "Take votes into the round, checked against the build.", _VOTES)
    sub.add_argument("round", help="folder that `review sample` wrote")
    sub.add_argument("votes", nargs="+", help="files of votes, one for each rater")
    sub.add_argument(
        "--of",
        action="append",
        required=True,
        metavar="BUILD",
        help="what the sample was drawn from; twice for A and B",
    )
    sub.add_argument("--replace", action="store_true", help="a rater's new votes take the place of the old ones")


def _add_agree(step: Callable[..., argparse.ArgumentParser]) -> None:
    sub = step(
        "agree",
        _agree,
        "Say how far raters agree, persons and models apart, and list where they do not.",
        "example:\n  sxl-data review agree round\n\n"
        "Writes agreement.json, and adjudication-person.yaml and adjudication-model.yaml to be filled in:\n"
        "run it again when disagreements are decided. Needs the extra `review`.",
    )
    sub.add_argument("round", help="folder that `review sample` wrote")
    sub.add_argument("--seed", type=whole(0), default=0, help="seed of the bootstrap (0)")
    sub.add_argument("--output", default="text", choices=("text", "json"), help="form of the result")


def _add_export(step: Callable[..., argparse.ArgumentParser]) -> None:
    sub = step(
        "export",
        _export,
        "Write the round for Argilla, Label Studio or Potato.",
        "example:\n  sxl-data review export round --to label-studio -o tasks\n\n"
        "Persons' votes become responses or annotations, models' votes suggestions or predictions.",
    )
    sub.add_argument("round", help="folder that `review sample` wrote")
    sub.add_argument("--to", required=True, choices=("argilla", "label-studio", "potato"), help="the tool")
    sub.add_argument("-o", "--out", required=True, help="new folder for its files")


def _sample(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import format_table, tell
    from sxl_data.review.sampling import sample

    made = sample(options.places, options.out, options.number, by=options.by, seed=options.seed, rubric=options.rubric)
    rows = [[name or "(none)", str(s.rows), str(s.drawn)] for name, s in made.key.strata.items()]
    tell(format_table([made.key.by, "rows", "drawn"], rows))
    tell(f"{len(made.sample.items)} items in {options.out}; next: sxl-data review sheet {options.out}")
    return 0


def _sheet(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import tell
    from sxl_data.review.page import sheet

    tell(f"written to {sheet(options.round)}; give raters this file and not the folder")
    return 0


def _import(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import tell
    from sxl_data.review.importing import import_votes

    tell(import_votes(options.round, options.votes, options.of, replace=options.replace).text())
    return 0


def _agree(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import fit, tell, terminal_width
    from sxl_data.contract.printable import as_json
    from sxl_data.review.agreement import agree

    found = agree(options.round, seed=options.seed)
    tell(as_json(found) if options.output == "json" else fit(found.text(), terminal_width()))
    return 0


def _export(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import tell
    from sxl_data.review.exporting import export

    for path in export(options.round, options.to, options.out):
        tell(str(path))
    return 0
