"""A repository on the Hub, of whatever kind: its head, one commit, one tag, and faults in words.

The client of `huggingface_hub` uploads, and does not send again what arrived before. A commit names the head it was
made for, so the Hub refuses it when somebody else was faster; files that were uploaded are seen by nobody before it.
Every step may be repeated: a run that died anywhere is finished by the next one. A repository is made private and
opened, when that was asked, last.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError, RepositoryNotFoundError
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from sxl_data.contract.console import is_live, say
from sxl_data.contract.errors import UserError, error

Kind = Literal["dataset", "model"]
PATIENCE_S = 120.0
"""Without a sign of life, after which an answer is no longer awaited; the client itself would wait for ever."""
WAITS_S = (2.0, 10.0)
"""Before a step that the Hub could not do just now is tried again."""
TRANSIENT = (408, 409, 429, 500, 502, 503, 504)
BARE = frozenset({".gitattributes", "README.md"})
"""What a repository has that was made by hand and never filled."""
T = TypeVar("T")


class Head(msgspec.Struct, frozen=True):
    """The newest commit of the repository."""

    sha: str
    private: bool
    names: frozenset[str]


class Repository:
    """One repository of ``kind``."""

    def __init__(self, repo: str, kind: Kind, public: bool) -> None:
        self.repo, self.kind, self.public = repo, kind, public
        # The client of the Hub's own storage, which is another program, would try for many minutes without a word.
        os.environ.setdefault("HF_XET_CLIENT_RETRY_MAX_DURATION", f"{max(1, round(PATIENCE_S))}s")
        self.api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))

    @property
    def address(self) -> str:
        """Where the Hub shows it."""
        return f"{self.api.endpoint}/{'datasets/' if self.kind == 'dataset' else ''}{self.repo}"

    def require_ours(self, marks: Collection[str]) -> Head | None:
        """The head, or None where there is no repository. Raises U503 where it is open and that was not asked for,
        U509 where it holds somebody else's files: every publication has ``marks``."""
        head = self.trying(self.head)
        if head and not head.private and not self.public:
            raise error("U503", file=self.repo, found=f"a public {self.kind}", expected="a private one, or --public")
        if head and not set(marks) <= head.names and (others := head.names - BARE):
            found = f"{len(others)} files, {min(others)} among them"
            raise error("U509", file=self.repo, found=found, expected="none, or an earlier publication")
        return head

    def head(self) -> Head | None:
        """The newest commit, asked anew."""
        try:
            ask = self.api.dataset_info if self.kind == "dataset" else self.api.model_info
            info = ask(self.repo)
        except RepositoryNotFoundError as problem:
            if problem.response.status_code == 401:
                raise
            return None
        return Head(str(info.sha), bool(info.private), frozenset(s.rfilename for s in info.siblings or ()))

    def need_head(self) -> Head:
        """The newest commit; a private repository is made where there is none."""
        head = self.head()
        if head is None:
            self.api.create_repo(self.repo, repo_type=self.kind, private=True, exist_ok=True)
            head = self.head()
            assert head is not None, "a repository that was made is there"
        return head

    def commit(
        self, head: Head, files: Mapping[str, Path], ours: Callable[[str], bool], message: str, description: str
    ) -> str:
        """One commit on top of ``head`` with ``files``, without what is ``ours`` there and is none of them; none where
        it already holds these files, as after an answer that was lost."""
        stale = sorted(name for name in head.names if ours(name) and name not in files)
        return self.api.create_commit(
            self.repo,
            [
                *(CommitOperationAdd(name, str(path)) for name, path in sorted(files.items())),
                *(CommitOperationDelete(name) for name in stale),
            ],
            commit_message=message,
            commit_description=description,
            repo_type=self.kind,
            parent_commit=head.sha,
        ).oid

    def tag(self, tag: str, oid: str) -> None:
        """Name a commit, unless the name is there."""
        # 409 says "is there already" and "not just now" alike, so what is there is asked first.
        if tag not in {found.name for found in self.api.list_repo_refs(self.repo, repo_type=self.kind).tags}:
            self.api.create_tag(self.repo, tag=tag, revision=oid, repo_type=self.kind)

    def publish(
        self, files: Mapping[str, Path], ours: Callable[[str], bool], message: str, description: str, tag: str
    ) -> None:
        """One commit on top of the newest, and its name. Raises U504 to U506."""
        oid = self.trying(lambda: self.commit(self.need_head(), files, ours, message, description))
        self.trying(lambda: self.tag(tag, oid))

    def open(self) -> None:
        """Let everybody see it, where that was asked."""
        if self.public:
            self.trying(lambda: self.api.update_repo_settings(self.repo, repo_type=self.kind, private=False))

    def trying(self, step: Callable[[], T]) -> T:
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
