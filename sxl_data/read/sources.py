"""One source line of a data recipe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from sxl_data.contract import patterns

HUB_ID = patterns.compile(r"[A-Za-z0-9_](?:[\w.-]{0,95})(?:/[A-Za-z0-9_][\w.-]{0,95})?")
NAME = patterns.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def is_file(name: str) -> bool:
    """Whether a source's `format` is the path of an adapter of the user's own, which is code that a build runs."""
    return name.endswith(".py")


def own_code(source: Source) -> tuple[str, ...]:
    """Python files of the user's own that reading ``source`` runs: its adapter, or the set that makes its rows."""
    named = (source.format, source.options.get("set") if source.tasks is not None else None)
    return tuple(name for name in named if isinstance(name, str) and is_file(name))


def take_rates(sources: Iterable[Source]) -> dict[str, float]:
    """The share of its rows that each source is taken with, of those that are not taken whole."""
    weights = {source.name: source.weight for source in sources}
    largest = max(1.0, *weights.values())
    return {name: weight / largest for name, weight in weights.items() if weight < largest}


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where rows come from and what is known of them."""

    name: str
    """Short name; the first half of every trace id. Lower case, digits, `_`, `-` and `.`."""
    path: str | None = None
    """File, folder, archive or glob; relative paths start at the recipe's folder. `{stdlib}` stands for
    the running interpreter's standard library, `{samples}` for the samples that sxl ships, `{data}` for the
    folder that the environment variable SXL_DATA names (`data` beside the recipe without it)."""
    hub: str | None = None
    """Id of a dataset on the Hugging Face Hub, for example `openai/gsm8k`."""
    tasks: int | None = None
    """How many rows to make, for a format that makes its rows and reads no file, such as `toolset`."""
    prefer: Literal["path"] | None = None
    """A source names a `path` or a `hub` id. Both together need `prefer: path`: the files at that path, and the
    Hub's only where nothing is there."""
    subset: str | None = None
    """Configuration of the hub dataset."""
    split: str = "train"
    """Split of the hub dataset."""
    format: str = "auto"
    """Name of the format or adapter; `auto` looks at the first rows. The path of a Python file is an adapter of one's
    own: its code runs with all rights of whoever builds, so read it before you build a recipe of somebody else."""
    columns: dict[str, str] = {}
    """What the columns of a table are for, by their names: `prompt` and `answer`, or `messages`; also `reasoning`,
    `system`, `input`, `tools`, `language`, `group` and `id`. A name that no column has is a path into one
    (`reply.text`). Such a source needs no `format`."""
    include: tuple[str, ...] = ()
    """Glob patterns of the files to take from a folder or archive; empty takes all that the format reads."""
    exclude: tuple[str, ...] = ()
    """Glob patterns of files to leave out."""
    licence: str = ""
    """SPDX expression, or `LicenseRef-…`; empty when unknown."""
    licence_url: str | None = None
    """Where the licence text is."""
    attribution: str | None = None
    """Who must be named."""
    revision: str = ""
    """Commit, tag or date of the files. Beside a `hub` id it pins what is fetched and says nothing of a `path`."""
    synthetic: bool | None = None
    """Whether a model wrote the text."""
    generator_model: str | None = None
    """Which model wrote it."""
    limit: int | None = None
    """Take at most this many rows of each file, this many files of a folder of text, or this many traces of a folder
    that is read as a whole."""
    weight: float = 1
    """How often a row of it is taken, beside those of other sources: of the source with the largest weight, or of
    weight 1 where none is larger, all are; of the others the share that their weight is of it, drawn by the rows' texts
    when all else is done. Rows that are held out for evaluation are not drawn."""
    rows: int | None = None
    """At most this many of its rows in the dataset, drawn by their texts when all else is done; rows that are held out
    for evaluation come on top."""
    use: Literal["train", "held-out", "divide"] | None = None
    """What its rows are for. train: they are divided into the splits; held-out: all are in test; divide: some of its
    tools, or of the groups its format states, are held out, and rows of these are in test. Null asks the table of what
    makers mark as a test, which is held out and refused by a recipe that trains, until this key says what is meant."""
    options: dict[str, Any] = {}
    """Keys of the adapter; `sxl-data explain FORMAT` lists them."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a name of lower case letters, digits, '_', '-' and '.', not {self.name!r}")
        if self.path is None and self.hub is None and self.tasks is None:
            raise ValueError(f"a `path` or a `hub` id for the source {self.name!r}, or `tasks` to make")
        if self.tasks is not None and (self.path is not None or self.hub is not None):
            raise ValueError(f"tasks: a source makes its rows or reads them, not both: {self.name!r}")
        if self.tasks is not None and self.tasks < 1:
            raise ValueError("tasks: 1 or more")
        both = self.path is not None and self.hub is not None
        if both and self.prefer is None:
            raise ValueError(f"hub: a `path` or a `hub` id, not both, for the source {self.name!r}; or `prefer: path`")
        if self.prefer is not None and not both:
            raise ValueError(f"prefer: a `path` and a `hub` id beside it, for the source {self.name!r}")
        if self.hub is not None and not HUB_ID.fullmatch(self.hub):
            raise ValueError(f"a hub id such as openai/gsm8k, not {self.hub!r}")  # it names a folder of the cache
        if not 0 < self.weight < float("inf"):
            raise ValueError(f"a weight above zero, not {self.weight}; leave the source {self.name!r} out for none")
        if self.rows is not None and self.rows < 1:
            raise ValueError("rows: 1 or more")
        if self.columns:
            if self.format not in ("auto", "columns"):
                raise ValueError(f"columns: they are a format of their own, so no `format: {self.format}` beside them")
            msgspec.structs.force_setattr(self, "format", "columns")
        if self.limit is not None and self.limit < 1:
            raise ValueError("a limit of 1 or more")
