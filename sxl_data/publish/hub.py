"""The dataset's repository on the Hub: one commit, one tag, and no history where rows were taken down.

In: the folder to send. Out: the address of what was published. What every repository has is in `repository.py`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from huggingface_hub.errors import HfHubHTTPError

from sxl_data.contract.errors import error
from sxl_data.publish.folder import OURS, Folder
from sxl_data.publish.repository import Head, Kind, Repository
from sxl_data.publish.takedown import TAKEDOWN, parse_ids

KIND: Kind = "dataset"
MARKS = frozenset({"manifest.json", "croissant.json"})
"""What every publication has."""
TAG = "sxl-"


class Hub(Repository):
    """One dataset repository."""

    def __init__(self, repo: str, public: bool) -> None:
        super().__init__(repo, KIND, public)
        self.gone: frozenset[str] = frozenset()

    def taken_down(self, folder: Path) -> frozenset[str]:
        """The ids that earlier publications took down. Raises U503 where the repository is open and that was not
        asked for, U509 where it holds somebody else's files."""
        head = self.require_ours(MARKS)
        self.gone = self.trying(lambda: self._gone(head, folder))
        return self.gone

    def send(self, folder: Folder) -> str:
        """Make the repository hold ``folder`` and nothing else of ours. Raises U504 to U506."""
        oid = self.trying(lambda: self._commit(folder))
        if folder.gone:
            oid = self.trying(lambda: self._forget(folder)) or oid
        self.trying(lambda: self.tag(folder.tag, oid))
        self.open()
        return f"{self.address}/tree/{folder.tag}"

    def _gone(self, head: Head | None, folder: Path) -> frozenset[str]:
        if head is None or TAKEDOWN not in head.names:
            return frozenset()
        path = self.api.hf_hub_download(
            self.repo, TAKEDOWN, repo_type=KIND, revision=head.sha, local_dir=folder, force_download=True
        )
        return parse_ids(Path(path).read_text(encoding="utf-8"), f"{self.repo}/{TAKEDOWN}")

    def _commit(self, folder: Folder) -> str:
        head = self.need_head()
        if TAKEDOWN in head.names and TAKEDOWN not in folder.files:
            raise error("U505", file=self.repo, found="rows were taken down meanwhile", expected="no other publication")
        return self.commit(
            head,
            folder.files,
            lambda name: name.startswith(OURS),
            f"{folder.manifest.name}: content {folder.manifest.content_hash[:16]}",
            f"Built by sxl {folder.manifest.sxl_version}, build {folder.build_hash}.",
        )

    def _forget(self, folder: Folder) -> str | None:
        """Leave one commit, no older tag and no file of an older one: a row that is taken down must not be a click
        away. The new head, or None where there was no history."""
        sent = {str(info["sha256"]) for info in folder.manifest.files.values()}
        for tag in self.api.list_repo_refs(self.repo, repo_type=KIND).tags:
            if tag.name.startswith(TAG) and tag.name != folder.tag:
                self.api.delete_tag(self.repo, tag=tag.name, repo_type=KIND)
        if len(self.api.list_repo_commits(self.repo, repo_type=KIND)) > 1:
            with contextlib.suppress(HfHubHTTPError):  # of this content, before the history was rewritten
                self.api.delete_tag(self.repo, tag=folder.tag, repo_type=KIND)
            self.api.super_squash_history(self.repo, repo_type=KIND, commit_message=folder.manifest.name)
        old = [item for item in self.api.list_lfs_files(self.repo, repo_type=KIND) if item.oid not in sent]
        ours = [item for item in old if item.filename.startswith(OURS)]
        self.api.permanently_delete_lfs_files(self.repo, ours, repo_type=KIND, rewrite_history=False)
        head = self.head()
        return head.sha if head else None
