"""The repository on the Hub: what lies there, one commit, one tag, and no history where rows were taken down.

In: the folder to send. Out: the address of what was published. The client of `huggingface_hub` uploads, and does not
send again what arrived before. A commit names the head it was made for, so the Hub refuses it when somebody else was
faster; files that were uploaded are seen by nobody before it. Every step may be repeated: a run that died anywhere is
finished by the next one. A repository is made private and opened, when that was asked, last.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError, RepositoryNotFoundError
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from sxl_data.contract.console import is_live, say
from sxl_data.contract.errors import UserError, error
from sxl_data.publish.folder import OURS, Folder
from sxl_data.publish.takedown import TAKEDOWN, parse_ids

PATIENCE_S = 120.0
"""Without a sign of life, after which an answer is no longer awaited; the client itself would wait for ever."""
WAITS_S = (2.0, 10.0)
"""Before a step that the Hub could not do just now is tried again."""
TRANSIENT = (408, 409, 429, 500, 502, 503, 504)
KIND = "dataset"
MARKS = frozenset({"manifest.json", "croissant.json"})
"""What every publication has."""
BARE = frozenset({".gitattributes", "README.md"})
"""What a repository has that was made by hand and never filled."""
TAG = "sxl-"
T = TypeVar("T")


class Head(msgspec.Struct, frozen=True):
    """The newest commit of the repository."""

    sha: str
    private: bool
    names: frozenset[str]


class Hub:
    """One dataset repository."""

    def __init__(self, repo: str, public: bool) -> None:
        self.repo, self.public = repo, public
        # The client of the Hub's own storage, which is another program, would try for many minutes without a word.
        os.environ.setdefault("HF_XET_CLIENT_RETRY_MAX_DURATION", f"{max(1, round(PATIENCE_S))}s")
        self.api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
        self.gone: frozenset[str] = frozenset()

    def taken_down(self, folder: Path) -> frozenset[str]:
        """The ids that earlier publications took down. Raises U503 where the repository is open and that was not
        asked for, U509 where it holds somebody else's files."""
        head = self._trying(self._head)
        if head and not head.private and not self.public:
            raise error("U503", file=self.repo, found="a public dataset", expected="a private one, or --public")
        if head and not MARKS <= head.names and (others := head.names - BARE):
            found = f"{len(others)} files, {min(others)} among them"
            raise error("U509", file=self.repo, found=found, expected="none, or an earlier publication")
        self.gone = self._trying(lambda: self._gone(head, folder))
        return self.gone

    def send(self, folder: Folder) -> str:
        """Make the repository hold ``folder`` and nothing else of ours. Raises U504 to U506."""
        oid = self._trying(lambda: self._commit(folder))
        if folder.gone:
            oid = self._trying(lambda: self._forget(folder)) or oid
        self._trying(lambda: self._tag(folder.tag, oid))
        if self.public:
            self._trying(lambda: self.api.update_repo_settings(self.repo, repo_type=KIND, private=False))
        return f"{self.api.endpoint}/datasets/{self.repo}/tree/{folder.tag}"

    def _head(self) -> Head | None:
        try:
            info = self.api.dataset_info(self.repo)
        except RepositoryNotFoundError as problem:
            if problem.response.status_code == 401:
                raise
            return None
        return Head(str(info.sha), bool(info.private), frozenset(s.rfilename for s in info.siblings or ()))

    def _gone(self, head: Head | None, folder: Path) -> frozenset[str]:
        if head is None or TAKEDOWN not in head.names:
            return frozenset()
        path = self.api.hf_hub_download(
            self.repo, TAKEDOWN, repo_type=KIND, revision=head.sha, local_dir=folder, force_download=True
        )
        return parse_ids(Path(path).read_text(encoding="utf-8"), f"{self.repo}/{TAKEDOWN}")

    def _commit(self, folder: Folder) -> str:
        """One commit on top of the head; none where it already holds these files, as after an answer that was lost."""
        head = self._head()
        if head is None:
            self.api.create_repo(self.repo, repo_type=KIND, private=True, exist_ok=True)
            head = self._head()
            assert head is not None, "a repository that was made is there"
        elif TAKEDOWN in head.names and TAKEDOWN not in folder.files:
            raise error("U505", file=self.repo, found="rows were taken down meanwhile", expected="no other publication")
        stale = sorted(name for name in head.names if name.startswith(OURS) and name not in folder.files)
        return self.api.create_commit(
            self.repo,
            [
                *(CommitOperationAdd(name, str(path)) for name, path in sorted(folder.files.items())),
                *(CommitOperationDelete(name) for name in stale),
            ],
            commit_message=f"{folder.manifest.name}: content {folder.manifest.content_hash[:16]}",
            commit_description=f"Built by sxl {folder.manifest.sxl_version}, build {folder.build_hash}.",
            repo_type=KIND,
            parent_commit=head.sha,
        ).oid

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
        head = self._head()
        return head.sha if head else None

    def _tag(self, tag: str, oid: str) -> None:
        # 409 says "is there already" and "not just now" alike, so what is there is asked first.
        if tag not in {found.name for found in self.api.list_repo_refs(self.repo, repo_type=KIND).tags}:
            self.api.create_tag(self.repo, tag=tag, revision=oid, repo_type=KIND)

    def _trying(self, step: Callable[[], T]) -> T:
        """The answer of ``step``, which is tried again where the Hub was busy. Raises `UserError`s, without a token."""
        for wait in (*WAITS_S, None):
            try:
                with _patient():
                    return step()
            except (HTTPError, HfHubHTTPError, RuntimeError, ValueError, OSError) as problem:
                cause = _cause(problem)
                if wait is None or not _is_transient(cause):
                    raise self._said(cause) from None
                say(f"{'publish':<14} the Hub did not answer as it should ({_short(cause)}); again in {wait:g} s")
                time.sleep(wait)
        raise AssertionError

    def _said(self, problem: BaseException) -> UserError:
        status = _status(problem)
        code = {401: "U506", 403: "U506", 412: "U505"}.get(status or 0, "U504")
        return error(code, file=self.repo, found=_short(problem))


@contextlib.contextmanager
def _patient() -> Iterator[None]:
    """Answers are awaited for `PATIENCE_S`; the client's own lines about its attempts are not shown, and its bars only
    where somebody looks."""
    session, logger = get_session(), logging.getLogger("huggingface_hub")
    timeout, level, hide = session.timeout, logger.level, not (is_live() or are_progress_bars_disabled())
    session.timeout = PATIENCE_S
    logger.setLevel(logging.ERROR)
    if hide:
        disable_progress_bars()
    try:
        yield
    finally:
        if hide:
            enable_progress_bars()
        session.timeout = timeout
        logger.setLevel(level)


def _cause(problem: BaseException) -> BaseException:
    """The answer of the Hub, where the client put an error of its own around it."""
    inner: BaseException | None = problem
    while inner is not None:
        if isinstance(inner, HTTPError):
            return inner
        inner = inner.__cause__ or inner.__context__
    return problem


def _status(problem: BaseException) -> int | None:
    return problem.response.status_code if isinstance(problem, HfHubHTTPError) else None


def _is_transient(problem: BaseException) -> bool:
    """Whether the same request may succeed a moment later. A line that broke has no status."""
    if not isinstance(problem, HTTPError):
        return False
    status = _status(problem)
    return status is None or status in TRANSIENT


def _short(problem: BaseException) -> str:
    """What the Hub said, on one line and without the token, should it ever be in there."""
    said = str(getattr(problem, "server_message", None) or problem) or type(problem).__name__
    status = _status(problem)
    said = said if status is None else f"{status}: {said.splitlines()[0]}"
    token = get_token()
    return said.replace(token, "…") if token else said
