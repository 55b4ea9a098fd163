"""The data recipe: which sources, and what happens to them. Every field's string is its documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from sxl_data.build.worth import WorthConfig
from sxl_data.clean.sift import SiftConfig
from sxl_data.clean.stage import CleanConfig
from sxl_data.contract.config import Loaded, load
from sxl_data.contract.errors import error
from sxl_data.contract.nearest import meant
from sxl_data.contract.resources import recipes_folder
from sxl_data.decontaminate.stage import DecontaminateConfig
from sxl_data.dedup.bands import choose_bands
from sxl_data.dedup.stage import DedupStage
from sxl_data.ground.stage import GroundConfig
from sxl_data.read.sources import Source, own_code
from sxl_data.rules.spdx import CLASSES, is_spdx
from sxl_data.split.assign import SplitConfig

MOST_WORKERS = 1024


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the work is done. Nothing here changes a byte of the result."""

    kind: Literal["process", "inline", "ray"] = "process"
    """process: workers on this machine; inline: one task after the other in this process; ray: a Ray
    cluster that shares the output folder."""
    workers: int | None = None
    """Number of worker processes; null takes one for each core."""
    address: str | None = None
    """Address of a running Ray cluster, `auto` for the one of this machine; null starts one for the build."""
    task_seconds: float = 600
    """A task that gives no sign of life for so many seconds is killed and tried again; the row or document
    it stood at is set aside the second time."""
    patience_seconds: float = 900
    """Of several ranks: how long one waits for parts of the others before it makes them itself."""
    worker_bytes: int | None = None
    """Memory that one worker process may allocate. Null takes four fifths of the memory of the machine, or of the
    container, shared among the workers; all of that for tasks that compare rows of all shards, which plan theirs. Not
    enforced on Windows, by Ray or inline."""
    task_bytes: int | None = None
    """Memory that a task plans for which compares rows of all shards. More rows make more such tasks, none of which
    takes more: 96 bytes for each row whose key it sorts, 32 for each row and band of its hashes. On top come 8 bytes
    for each pair that it finds, and in the one that chooses who stays 190 for each row of a verified pair. Null takes
    `dedup.memory`; never more than half of `worker_bytes`. `split` plans for the same, but never cuts rows that a
    chain of links holds together: the largest such set takes 150 bytes for each of its rows."""
    chunk_bytes: int = 16_000_000
    """Input bytes of one reading task, about. Archives, Parquet and compressed files are not cut: a worker holds some
    eight times what one unpacks to."""

    def __post_init__(self) -> None:
        sizes = [self.chunk_bytes] if self.task_bytes is None else [self.chunk_bytes, self.task_bytes]
        if (self.workers or 1) < 1 or self.task_seconds <= 0 or min(sizes) < 1:
            raise ValueError("workers, task_seconds, task_bytes and chunk_bytes above zero")
        if (self.workers or 1) > MOST_WORKERS:
            raise ValueError(f"at most {MOST_WORKERS} workers: each is a process of this machine")


class WriteConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the result is cut into files."""

    shard_bytes: int = 250_000_000
    """Text bytes of a published shard, about; the worker that writes it holds some eight times as many."""
    order: Literal["shuffled", "lengths", "sources"] = "shuffled"
    """Rows of a split. shuffled: by hashes of their texts and the seed, among eight files of parts of all sources;
    lengths: so too, and sorted in each file by buckets of length (1, 4, 16 and 64 kB of text), short ones first;
    sources: one source after the other."""
    arrow: bool = True
    """Also write `arrow/`, which `datasets.load_from_disk` opens."""

    def __post_init__(self) -> None:
        if self.shard_bytes < 1:
            raise ValueError(f"shard_bytes above zero, not {self.shard_bytes}")


class ReportConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page about the build for people, `report.html`."""

    write: bool = True
    """Write it at the end of the build; `sxl-data report BUILD` does at any time."""
    tokenizer: str | None = None
    """tokenizer.json or a folder with one, to count lengths in its tokens; null counts bytes."""
    max_length: int = 2048
    """Tokens of a row that training keeps: where the cut-off is drawn."""

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise ValueError(f"max_length of 1 or more, not {self.max_length}")


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dataset build."""

    COSTS: ClassVar = ("engine", "report")
    name: str
    """Name of the dataset."""
    sources: tuple[Source, ...]
    """Where rows come from."""
    description: str = ""
    """What the dataset is for, in a sentence or two; goes into the card."""
    seed: int = 0
    """Decides the splits; the permutations of MinHash have `dedup.seed`."""
    skip_unreadable: bool = False
    """Whether a source that cannot be read is left out. The others are built, the exit code is 1, and manifest, card
    and ledger name what is missing; without it the build stops after the list of all of them."""
    media: Literal["mark", "drop-row", "keep"] = "mark"
    """Images, audio and files in rows. mark: a placeholder of the part's type, such as `[image: image/png]`, in its
    place, and rows whose answer rests on the part are dropped; drop-row: every row that has one is dropped; keep: the
    part stays in `steps`, inline bytes as a `data:` URI, and `messages` has the placeholder. Always in the ledger."""
    exclude: tuple[str, ...] = ()
    """Rows to take down: trace ids, or files with one on each line. They leave after duplicates did, so no copy that
    was dropped for one takes its place. A build that extends this one leaves them out too."""
    licences: Literal["any", "permissive"] | tuple[str, ...] = "any"
    """Rows of which licence may come in, each by its own: that of its file's header, of the licence file nearest above
    it, or of its source. any: all, with a warning that names those to look at; permissive: licences that allow every
    use and ask no more than to be named; a list: SPDX expressions, and of the words permissive, copyleft, restricted,
    non-commercial and unknown those whose licences may come in. Of a choice (OR) one is enough, of a sum (AND) all are
    needed."""
    profile: Literal["ingest", "train", "publish", "off"] | None = None
    """What the dataset is for, in place of `clean.profile`. publish: rows leave that `validate --profile publish` would
    refuse, those with warnings and those without a licence among them."""
    languages: tuple[str, ...] = ()
    """Languages that people speak in the rows, ISO 639-1 such as `en`; for the card, and checked by nothing."""
    clean: CleanConfig = CleanConfig()
    """Repair and drop."""
    worth: WorthConfig = WorthConfig()
    """Sound rows that are bad examples."""
    dedup: DedupStage = DedupStage()
    """Exact and near duplicates."""
    sift: SiftConfig = SiftConfig()
    """Bounds of the figures of code; a changed one computes nothing anew."""
    decontaminate: DecontaminateConfig = DecontaminateConfig()
    """Benchmarks to keep out."""
    ground: GroundConfig = GroundConfig()
    """Calls to run for real; off unless it names tools."""
    split: SplitConfig = SplitConfig()
    """Train, validation and test."""
    write: WriteConfig = WriteConfig()
    """Files of the result."""
    report: ReportConfig = ReportConfig()
    """The page about it."""
    engine: EngineConfig = EngineConfig()
    """Workers."""

    def __post_init__(self) -> None:
        names = [source.name for source in self.sources]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"each source name once, not {', '.join(sorted(repeated))} twice")
        if not names:
            raise ValueError("at least one source")
        if self.seed < 0:
            raise ValueError(f"a seed of 0 or more, not {self.seed}")
        if isinstance(self.licences, tuple):
            wrong = [item for item in self.licences if item not in CLASSES and not is_spdx(item)]
            if wrong or not self.licences:
                known = ", ".join(CLASSES[:5])
                raise ValueError(
                    f"licences: SPDX expressions or words such as {known}, not {', '.join(wrong) or 'none'}"
                )
        if unspoken := [name for name in self.languages if not (len(name) in (2, 3) and name.isalpha())]:
            raise ValueError(f"languages: ISO 639 codes such as en, not {unspoken[0]!r}")
        if not 0 < self.split.threshold <= 1:
            raise ValueError(f"split.threshold above 0 and at most 1, not {self.split.threshold}")
        choose_bands(self.split.threshold, self.dedup.permutations)
        named = {
            "clean.keep_private": set(self.clean.keep_private) - {"*"},
            "clean.take_private": set(self.clean.take_private) - {"*"},
            "dedup.prefer": set(self.dedup.prefer),
            "ground.sources": set(self.ground.sources),
        }
        for key, mentioned in named.items():
            if unknown := sorted(mentioned - set(names)):
                raise ValueError(f"names of sources in {key}, not {unknown[0]!r}: {meant(unknown[0], names)}")

    @property
    def cleaning(self) -> CleanConfig:
        """`clean` with the recipe's own profile, where it has one."""
        return self.clean if self.profile is None else msgspec.structs.replace(self.clean, profile=self.profile)


def find(name: str) -> Path:
    """The recipe file of ``name``: a path, or the name of a recipe that ships. Raises U104."""
    path = Path(name)
    if path.is_file():
        return path
    shipped = recipes_folder() / f"{name}.yaml"
    if path.suffix == "" and shipped.is_file():
        return shipped
    known = ", ".join(sorted(p.stem for p in recipes_folder().glob("*.yaml")))
    raise error("U104", file=name, found="no such file", expected=f"a path or one of {known}")


def read(name: str, overrides: Sequence[str] = ()) -> tuple[Loaded[Recipe], Path]:
    """The recipe of ``name`` with ``key=value`` overrides, and the folder its paths start from."""
    path = find(name)
    loaded = load(Recipe, path, overrides)
    if exempt := loaded.value.clean.keep_private:
        from sxl_data.contract.console import say

        names = ", ".join(exempt)
        say(f"warning: home folders, user names and addresses stay in the logs of {names} (clean.keep_private)")
    return loaded, path.resolve().parent


def describe(loaded: Loaded[Recipe], base: Path | None = None, every: bool = False) -> str:
    """The sources of a recipe and what it sets, or with ``every`` each value with its origin, as a table, and the files
    of the user's own whose code a build runs; relative ones start at ``base``."""
    from sxl_data.contract.console import format_table

    rows, unset = [], 0
    for key, origin in loaded.origins.items():
        if not every and (origin == "default" or key.startswith("sources.")):
            unset += origin == "default"
            continue
        value: object = msgspec.to_builtins(loaded.value)
        for part in key.split("."):
            value = value[int(part)] if isinstance(value, list | tuple) else value[part]  # type: ignore[index]
        rows.append([key, value, origin])
    code = [
        f"runs code: {(base or Path()) / name}, the {'adapter' if name == source.format else 'set'} of the source"
        f" {source.name}"
        for source in loaded.value.sources
        for name in own_code(source)
    ]
    table = format_table(["key", "value", "from"], rows)
    if every:
        return "\n".join([table, *([""] if code else []), *code])
    sources = [
        [
            source.name,
            source.path or source.hub or f"{source.tasks} tasks",
            source.format,
            source.licence or "not stated",
        ]
        for source in loaded.value.sources
    ]
    lines = [format_table(["source", "from", "format", "licence"], sources), "", table]
    return "\n".join([*lines, f"and {unset} values that nobody set (--all lists them)", *([""] if code else []), *code])
