"""Hub datasets → files on this disk.

In: a source with a `hub` id. Out: the same source with a `path`, the files of its split as they were
published, and the commit that they are of. `datasets` says which files make a split (it reads the
configuration that the dataset's card states), `huggingface_hub` fetches them; rows are then read by our own
streaming readers, so no corpus is ever held whole. A pinned revision that is on this disk needs no network.
"""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.console import say
from sxl_data.contract.errors import UserError, error
from sxl_data.contract.names import is_inner
from sxl_data.engine.commit import commit_bytes
from sxl_data.read.files import expand
from sxl_data.read.sources import Source

_ODD = patterns.compile(r"[^A-Za-z0-9_.-]")
_COMMIT = patterns.compile(r"[0-9a-f]{40}")
_URL = patterns.compile(r"hf://datasets/(?P<id>[^@]+)@(?P<commit>[0-9a-f]{40})/(?P<path>.+)")
_DONE = ".sxl-complete.json"


def fetch(source: Source, base: Path) -> Source:
    """``source`` with its files on this disk; a `path` that the source prefers comes first where something is
    there, and is of no revision; relative ones start at ``base``. Which of the two it is, is said.

    Raises `UserError`: U206 when the network or the Hub does not answer, U201 when the Hub has no such
    dataset, subset, split or revision.
    """
    assert source.hub is not None
    if source.prefer == "path" and _is_here(source, base):
        say(f"{source.name}: the files at {source.path}; {source.hub} is not asked")
        # The revision says what the Hub would have given.
        return msgspec.structs.replace(source, hub=None, prefer=None, revision="")
    if source.path is not None:
        say(f"{source.name}: nothing at {source.path}; {source.hub} is asked")
    if _COMMIT.fullmatch(source.revision) and (files := _complete(source, source.revision)) is not None:
        return _local(source, source.revision, files)
    urls = _files_of_split(source)
    places = [place for place in map(_URL.fullmatch, urls) if place is not None]
    if odd := [place["path"] for place in places if not is_inner(place["path"])]:
        raise error(
            "U201",
            file=f"hub: {source.hub}",
            found=f"a file called {odd[0]!r}",
            expected="names below the dataset's own folder",
            why="another name would be written elsewhere",
            fix="ask whoever published it",
        )
    if not places:
        raise error(
            "U201",
            file=f"hub: {source.hub}",
            found=f"no file for split {source.split!r}",
            expected="a split of files that lie in the dataset",
        )
    commit = places[0]["commit"]
    if (files := _complete(source, commit)) is None:
        files = [place["path"] for place in places]
        _download(source, commit, files)
    if not source.revision:
        say(f"{source.name}: {source.hub} is at {commit}; pin it with `revision:` to build the same again")
    return _local(source, commit, files)


def _is_here(source: Source, base: Path) -> bool:
    try:
        return bool(expand(source, base).files)
    except UserError:
        return False


def cache_folder() -> Path:
    """Where fetched files are kept: $SXL_CACHE, else below the user's cache folder."""
    given = os.environ.get("SXL_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sxl"


def _folder(source: Source, commit: str) -> Path:
    assert source.hub is not None
    return cache_folder() / "hub" / source.hub.replace("/", "--") / commit


def _marker(source: Source, commit: str) -> Path:
    name = "-".join(filter(None, (source.subset, source.split)))
    return _folder(source, commit) / f"{_ODD.sub('_', name)}{_DONE}"


def _complete(source: Source, commit: str) -> list[str] | None:
    """Files of the split if an earlier run fetched them all."""
    marker = _marker(source, commit)
    if not marker.is_file():
        return None
    try:
        files = msgspec.json.decode(marker.read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):  # cut off: fetched once more
        return None
    there = all(is_inner(name) and (_folder(source, commit) / name).is_file() for name in files)
    return files if there else None


def _local(source: Source, commit: str, files: list[str]) -> Source:
    folder = _folder(source, commit)
    # Names, not patterns: a file may be called `part[1].jsonl`.
    names = tuple(map(glob.escape, sorted(files)))
    return msgspec.structs.replace(source, hub=None, prefer=None, path=str(folder), include=names, revision=commit)


def _files_of_split(source: Source) -> list[str]:
    """Addresses (hf://…) of the split's files at the source's revision."""
    import datasets

    try:
        builder = datasets.load_dataset_builder(source.hub, source.subset, revision=source.revision or None)
    except Exception as problem:
        raise _explain(source, problem) from None
    files: dict[Any, list[str]] = dict(builder.config.data_files or {})
    names = [str(name) for name in files]
    if source.split not in names:
        raise error(
            "U201",
            file=f"hub: {source.hub}",
            found=f"no split {source.split!r}",
            expected="one of " + ", ".join(names) if names else "a dataset made of data files",
        )
    return [str(url) for name, urls in files.items() if str(name) == source.split for url in urls]


def _download(source: Source, commit: str, files: list[str]) -> None:
    from huggingface_hub import hf_hub_download

    folder = _folder(source, commit)
    for name in files:
        try:
            hf_hub_download(source.hub or "", name, repo_type="dataset", revision=commit, local_dir=folder)
        except Exception as problem:
            raise _explain(source, problem) from None
    # The marker comes last: a fetch that was cut off is taken up again.
    commit_bytes(_marker(source, commit), msgspec.json.encode(files))


def _explain(source: Source, problem: Exception) -> UserError:
    """What went wrong at the Hub, as an error of the user's: no network, or no such thing."""
    place = f"hub: {source.hub}"
    revision = f" --revision {source.revision}" if source.revision else ""
    where = " ".join(str(problem).split())[:200]
    # By name: the classes have moved between versions of the libraries, their names have not.
    kinds = {kind.__name__ for link in _chain(problem) for kind in type(link).__mro__}
    missing = {"RepositoryNotFoundError", "RevisionNotFoundError", "EntryNotFoundError", "GatedRepoError"}
    offline = {
        "LocalEntryNotFoundError",
        "OfflineModeIsEnabled",
        "ConnectionError",
        "ConnectError",
        "TransportError",
        "TimeoutError",
        "Timeout",
        "HfHubHTTPError",
        "HTTPError",
        "ConnectionRefusedError",
    }
    if "LocalEntryNotFoundError" in kinds or (kinds & offline and not kinds & missing):
        fix = (
            f"connect; or fetch it elsewhere with `hf download {source.hub} --repo-type dataset{revision} "
            f"--local-dir DIR` and write `path: DIR` instead of `hub:`"
            + (f"; nothing is at the source's own path {source.path}" if source.path else "")
        )
        return error(
            "U206",
            file=place,
            found=f"{type(problem).__name__}: {where}",
            fix=fix,
            expected=f"{source.hub} from the Hub, or its files in {cache_folder()}",
        )
    return error(
        "U201",
        file=place,
        found=f"{type(problem).__name__}: {where}",
        expected="a dataset, subset and revision that the Hub has",
        why=f"the source {source.name!r} reads it",
        fix="check the id; a gated dataset needs `hf auth login`",
    )


def _chain(problem: BaseException | None) -> list[BaseException]:
    links: list[BaseException] = []
    while problem is not None and len(links) < 10:
        links.append(problem)
        problem = problem.__cause__ or problem.__context__
    return links
