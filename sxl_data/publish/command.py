"""`publish`: assemble, check, show; and only with ``yes`` send.

In: a finished build, wherever it was built, and the id of a repository. Out: what would be or was published. Nothing
is asked of the network without ``yes``, so that a dry run needs neither token nor connection.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sxl_data.contract.console import format_bytes, format_count, format_table, say
from sxl_data.contract.errors import GateMissed, error
from sxl_data.engine.objects import here
from sxl_data.publish.checks import ACCEPTABLE, check
from sxl_data.publish.croissant import validate
from sxl_data.publish.folder import Folder, assemble
from sxl_data.publish.takedown import read_ids
from sxl_data.write.ratings import Ratings, read_ratings


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What was published, or would be."""

    repo: str
    tag: str
    build_hash: str
    files: dict[str, int]
    """Bytes of every file by its name in the repository."""
    rows: dict[str, int]
    taken_down: int
    card: str
    url: str = ""
    """Where the Hub shows it; empty after a dry run."""

    def text(self) -> str:
        """Every file and the card, for people."""
        lines = [(name, format_bytes(size)) for name, size in sorted(self.files.items())]
        lines.append((f"{len(self.files)} files", format_bytes(sum(self.files.values()))))
        rows = ", ".join(f"{name} {format_count(count)}" for name, count in self.rows.items())
        head = f"{self.repo}: {rows} rows, tag {self.tag}, build {self.build_hash[:16]}"
        if self.taken_down:
            head += f", {self.taken_down} ids taken down"
        return f"{head}\n\n{format_table(('file', 'size'), lines)}\n\n{self.card}"


def publish(
    build: str | Path,
    repo: str,
    *,
    yes: bool = False,
    public: bool = False,
    exclude: Sequence[str] = (),
    accept: Sequence[str] = (),
    ratings: str | Path | None = None,
) -> Publication:
    """Send the finished ``build`` to the dataset ``repo`` on the Hub, in one commit; without ``yes`` only check and
    show. ``exclude`` takes rows down: ids, or files with one on each line. ``accept`` has codes of checks that are
    known and meant, such as L603. ``ratings`` is a round of review whose ratings the card shows: persons' and models'
    apart.

    Raises `GateMissed` with everything that speaks against it, `UserError` for a build that is damaged or none, and
    U503 to U506 for what the Hub says."""
    _require_id(repo)
    if unknown := set(accept) - ACCEPTABLE:
        raise error("U401", found=f"--accept {min(unknown)}", expected="one of " + ", ".join(sorted(ACCEPTABLE)))
    asked = read_ids(exclude)
    rated = read_ratings(ratings) if ratings is not None else None
    place = here(build)
    with tempfile.TemporaryDirectory(prefix="sxl-publish-") as scratch:
        if not yes:
            return _said(repo, _ready(place, repo, Path(scratch), asked, frozenset(), accept, rated))
        from sxl_data.publish.hub import Hub

        hub = Hub(repo, public)
        gone = hub.taken_down(Path(scratch) / "there")
        folder = _ready(place, repo, Path(scratch) / "sent", asked, gone, accept, rated)
        return msgspec.structs.replace(_said(repo, folder), url=hub.send(folder))


def _ready(
    place: Path,
    repo: str,
    scratch: Path,
    asked: frozenset[str],
    gone: frozenset[str],
    accept: Sequence[str],
    rated: Ratings | None,
) -> Folder:
    folder = assemble(place, repo, scratch, asked, gone, rated)
    if found := check(folder, accept) + validate(folder.files["croissant.json"]):
        say(f"nothing was sent: {len(found)} findings speak against it; --accept CODE says that one is known and meant")
        raise GateMissed(*found)
    return folder


def _said(repo: str, folder: Folder) -> Publication:
    return Publication(
        repo=repo,
        tag=folder.tag,
        build_hash=folder.build_hash,
        files={name: path.stat().st_size for name, path in folder.files.items()},
        rows={name: numbers["rows"] for name, numbers in folder.manifest.splits.items()},
        taken_down=len(folder.gone),
        card=folder.files["README.md"].read_text(encoding="utf-8"),
    )


def _require_id(repo: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as problem:
        raise error("U401", found=problem, expected="--repo OWNER/NAME") from None
