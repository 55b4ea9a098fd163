"""Commands that make, publish and tidy builds: build, init, clean, publish, sandbox."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from sxl_data.contract.arguments import whole


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    _add_build(command)
    _add_samples(command)
    _add_init(command)
    _add_clean(command)
    _add_publish(command)
    _add_sandbox(command)


def _add_build(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "build",
        _build,
        "Build a dataset from a recipe.",
        "examples:\n  sxl-data build demo -o out\n  sxl-data build my.yaml -o out dedup.threshold=0.8 --limit 100\n\n"
        "A build that was stopped goes on where it was when the same command is run again.",
    )
    sub.add_argument("recipe", help="path of a recipe, or the name of one that ships, such as demo or sheikh-sxl")
    sub.add_argument("overrides", nargs="*", metavar="key=value", help="recipe keys to change")
    sub.add_argument("-o", "--out", help="folder or s3://… to build into; --dry-run needs none")
    sub.add_argument("--work", metavar="FOLDER", help="where a build for s3://… works (default: the user's cache)")
    sub.add_argument("--limit", type=whole(), help="take at most this many rows of each file")
    sub.add_argument("--from", dest="from_stage", metavar="STAGE", help="run this stage and later ones again")
    sub.add_argument("--engine", choices=("process", "inline", "ray"), help="where the work is done")
    sub.add_argument("--rank", type=whole(0), default=0, help="number of this process among --of, from 0")
    sub.add_argument("--of", type=whole(), default=1, help="processes that build into the same shared folder")
    sub.add_argument("--force", action="store_true", help="replace the finished build of another recipe")
    sub.add_argument("--extend", metavar="BUILD", help="a finished build whose rows stay in the splits where they are")
    sub.add_argument("--dry-run", action="store_true", help="say what would be built; forecast rows, time and disk")
    sub.add_argument(
        "--all", action="store_true", help="with --dry-run: every value of the recipe and where it is from"
    )


def _add_samples(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "samples",
        _samples,
        "Write a small file of every kind that sxl reads, to try commands on.",
        "example:\n  sxl-data samples samples && sxl-data validate samples/chat.jsonl",
    )
    sub.add_argument("folder", help="folder to make")


def _add_init(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "init",
        _init,
        "Write a starter recipe and an adapter with its test.",
        "examples:\n  sxl-data init my-source\n  sxl-data init my-tools --toolset pantry\n"
        "  sxl-data init my-source --from odd.jsonl    an adapter drafted from the file's own shape",
    )
    sub.add_argument("folder", help="folder to write into; made if it is not there")
    sub.add_argument("--toolset", metavar="NAME", help="write a tool set of that name, its test and its recipe instead")
    sub.add_argument("--from", dest="source", metavar="FILE", help="draft the adapter and its test from this file")


def _add_clean(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "clean",
        _clean,
        "Remove what a build needed while it ran: its folder .work.",
        "example:\n  sxl-data clean out\n\nThe dataset stays as it is. A later build into the same folder, or one with "
        "another threshold, starts anew.",
    )
    sub.add_argument("build", help="folder of a finished build")


def _add_publish(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "publish",
        _publish,
        "Send a finished build to the Hugging Face Hub: private, in one commit, and only with --yes.",
        "examples:\n  sxl-data publish out --repo me/traces            check it, list every file and the card\n"
        "  sxl-data publish out --repo me/traces --yes      send it to a private repository\n"
        "  sxl-data publish out --repo me/traces --yes --exclude swe:0123456789abcdef    take a row down\n\n"
        "Checked before: the digest of every file, the card against the files, what the Hub's viewer can show, and\n"
        "the licence of every row. A run that was stopped is finished by running it again. The token is that of\n"
        "`hf auth login`, or HF_TOKEN. Rows that were taken down stay away in later publications, and the\n"
        "repository's history is rewritten without them.",
    )
    sub.add_argument("build", help="folder of a finished build, or its s3://…")
    sub.add_argument("--repo", required=True, metavar="OWNER/NAME", help="the dataset on the Hub; made if not there")
    sub.add_argument("--yes", action="store_true", help="send it; without this nothing leaves the machine")
    sub.add_argument("--public", action="store_true", help="let everybody see it, once it is whole")
    sub.add_argument(
        "--exclude", action="append", default=[], metavar="ID|FILE", help="a row to take down, or a file of ids"
    )
    sub.add_argument(
        "--accept", action="append", default=[], metavar="CODE", help="a check's finding that is known and meant: L603"
    )
    sub.add_argument("--ratings", metavar="ROUND", help="a round after `review agree`, whose ratings the card shows")


def _add_sandbox(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "sandbox",
        _sandbox,
        "Say what programs of the data can and cannot do on this machine.",
        "example:\n  sxl-data sandbox doctor",
    )
    sub.add_argument("what", choices=("doctor",), help="doctor: try it out, one danger after the other")


def _build(options: argparse.Namespace) -> int:
    overrides = list(options.overrides)
    if options.engine:
        overrides.append(f"engine.kind={options.engine}")
    if options.dry_run:
        from sxl_data.build.recipe import describe, read
        from sxl_data.contract.console import point, tell

        tell(describe(*read(options.recipe, overrides), every=options.all))
        return _forecast(options, overrides)
    from sxl_data.contract.console import format_count, point, say, tell, word
    from sxl_data.contract.errors import error
    from sxl_data.contract.without_pandas import keep_arrow_from_pandas
    from sxl_data.pipeline import build

    if not options.out:
        raise error("U401", found="no place for the dataset", expected="-o DIR, or --dry-run, which writes nothing")
    keep_arrow_from_pandas()
    manifest = build(
        options.recipe,
        options.out,
        overrides,
        limit=options.limit,
        from_stage=options.from_stage,
        rank=options.rank,
        of=options.of,
        work=options.work,
        force=options.force,
        extend=options.extend,
    )
    rows = ", ".join(f"{name} {format_count(numbers['rows'])}" for name, numbers in manifest.splits.items())
    say(f"\n{manifest.name}: {rows} rows, content hash {manifest.content_hash[:16]}")
    page = options.out.rstrip("/") + "/report.html"
    shown = f"open {page}, or " if "://" in page or Path(page).is_file() else ""
    point(f"{shown}`sxl-data ledger {word(options.out)} --by code`")
    tell(options.out)
    return 1 if manifest.missing else 0


def _forecast(options: argparse.Namespace, overrides: list[str]) -> int:
    from sxl_data.contract.console import say, tell
    from sxl_data.contract.errors import UserError
    from sxl_data.pipeline import foresee

    say("reading a sample of each source …")
    try:
        tell("\n" + foresee(options.recipe, overrides, limit=options.limit).text())
    except UserError as problem:
        say(f"no forecast: a build would end with\n{problem}")
    return 0


def _clean(options: argparse.Namespace) -> int:
    from sxl_data.build.tidy import clean
    from sxl_data.contract.console import format_bytes, tell

    tell(f"{options.build}: {format_bytes(clean(options.build))} of .work removed")
    return 0


def _publish(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import say, tell
    from sxl_data.publish.command import publish

    done = publish(
        options.build,
        options.repo,
        yes=options.yes,
        public=options.public,
        exclude=options.exclude,
        accept=options.accept,
        ratings=options.ratings,
    )
    if done.url:
        say(f"{done.repo} holds these {len(done.files)} files, tag {done.tag}")
        tell(done.url)
    else:
        tell(done.text())
        say("nothing was sent: the same command with --yes does")
    return 0


def _init(options: argparse.Namespace) -> int:
    from sxl_data.build.init import init
    from sxl_data.contract.console import point, tell, word

    for path in init(options.folder, options.toolset, options.source):
        tell(str(path))
    point(f"sxl-data build {word(Path(options.folder) / 'recipe.yaml')} -o {word(Path(options.folder) / 'out')}")
    return 0


def _samples(options: argparse.Namespace) -> int:
    from sxl_data.build.sample_files import samples
    from sxl_data.contract.console import point, say, tell, word

    say(f"{len(samples(options.folder))} files")
    tell(options.folder)
    point(f"sxl-data validate {word(Path(options.folder) / 'chat.jsonl')}")
    return 0


def _sandbox(options: argparse.Namespace) -> int:
    from sxl_data.contract.console import tell
    from sxl_data.sandbox.doctor import report

    text, held = report()
    tell(text)
    return 0 if held else 1
