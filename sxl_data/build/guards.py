"""What a build refuses, or warns of: to replace what is not its own, and to publish a dataset that nobody meant.

In: the output folder and the recipe before anything is read, the funnel and the sizes of the splits before anything
is published. A refusal leaves what lies in the folder as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.build.recipe import Recipe
from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_count, say
from sxl_data.contract.errors import error
from sxl_data.dedup.parts.shards import MOST_ROWS
from sxl_data.split.assign import SplitConfig
from sxl_data.write.manifest import SourceSummary, StageSummary

MADE_BY = "recipe"
"""The file of the work folder that says which recipe file the finished build came from; never published."""


def refuse_folder(out: Path, work: Path, recipe: Recipe, path: Path, force: bool = False) -> None:
    """Raises U306 where ``out`` holds things that no build made, U312 where it holds the finished build of a recipe
    other than ``recipe``, which was read from ``path``, unless ``force``."""
    names = sorted(item.name for item in out.iterdir()) if out.is_dir() else []
    manifest = out / "manifest.json"
    found = read_summary(manifest.read_bytes()) if manifest.is_file() else None
    if names and found is None and not work.is_dir():
        raise error("U306", file=str(out), found=", ".join(names[:5]), expected="a new or empty folder")
    made_by = work / MADE_BY
    same_file = made_by.is_file() and made_by.read_bytes() == str(path).encode()
    if not same_file or (found is not None and found.get("name") != recipe.name):
        refuse_other(found, str(out), recipe, force, alike=not made_by.is_file())


def refuse_other(found: dict[str, Any] | None, place: str, recipe: Recipe, force: bool, alike: bool = True) -> None:
    """Raises U312 where the manifest ``found`` at ``place`` is of another recipe, unless ``force``: of another name, or
    of other sources. ``alike``: one source of the same name is enough."""
    if found is None or force:
        return
    before, now = found.get("recipe", {}).get("sources", []), msgspec.to_builtins(recipe.sources)
    names, old = {source["name"] for source in now}, {source.get("name") for source in before}
    same = names & old if alike else [_place(s) for s in now] == [_place(s) for s in before]
    if found.get("name") != recipe.name or not same:
        raise error(
            "U312",
            file=place,
            expected=f"a build of {recipe.name!r} from {', '.join(sorted(names)[:5])}",
            found=f"{found.get('name')!r}, built from {', '.join(sorted(map(str, old))[:5])}",
        )


def read_summary(data: bytes) -> dict[str, Any] | None:
    """The values of a manifest of ours of whatever version; None for a file of another program."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) and "content_hash" in found else None


def refuse_empty(rows: int, funnel: Sequence[StageSummary]) -> None:
    """Raises U213 where no row is left to publish."""
    if rows:
        return
    reasons = [
        f"{stage.stage} {code} {CODES[code].rule} ×{format_count(count)}"
        for stage in funnel
        for code, count in stage.dropped.items()
    ]
    raise error(
        "U213",
        found=f"0 of {format_count(funnel[0].rows_in)} documents left: {', '.join(reasons)}",
        expected="at least one row",
    )


def refuse_too_many(rows: int) -> None:
    """More rows than 32 bits number are not started with. Raises U311."""
    if rows > MOST_ROWS:
        raise error("U311", found=f"{rows:,} rows", expected=f"at most {MOST_ROWS:,}, what 32 bits number")


def warn_of_emptied(sources: Sequence[SourceSummary], recipe: Recipe) -> None:
    """Say of which sources rows were read and none is in the dataset, with the share that the recipe gives them."""
    shares = {s.name: f"rows {s.rows}" if s.rows is not None else f"weight {s.weight:g}" for s in recipe.sources}
    empty = [
        f"{source.name} ({format_count(source.traces)} read, {shares[source.name]})"
        for source in sources
        if source.traces and not sum(source.kept.values())
    ]
    if empty:
        say(f"warning: sources without a row in the dataset: {', '.join(empty)}; the ledger says where each row went")


def refuse_no_train(sizes: dict[str, int], config: SplitConfig) -> None:
    """Raises U214 where train has a share and no row, while other splits have some."""
    if config.train > 0 and not sizes["train"] and any(sizes.values()):
        raise error(
            "U214",
            pointer="/split/train",
            expected=f"rows for train, whose share is {config.train:g}",
            found=", ".join(f"{name} {format_count(count)}" for name, count in sizes.items()),
        )


def _place(source: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(source.get(key) for key in ("name", "path", "hub", "subset", "split"))
