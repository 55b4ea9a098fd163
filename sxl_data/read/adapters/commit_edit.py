"""Commits as edit tasks: the message asks, the difference answers.

In: rows with a message and either the file before and after (CommitPack's columns) or the diff; or patch
files as ``git format-patch`` writes them. Out: the message, and where the row has it the file before, are
observed; the diff is a call of ``apply_patch``. A licence named by the row comes before the recipe's
(Muennighoff et al. 2023, https://huggingface.co/datasets/bigcode/commitpack).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.read.adapters.edits import APPLY_PATCH, changed_files, diff, language_of_patch
from sxl_data.read.adapters.instruction_pair import first_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError, Unit

MESSAGES = ("message", "commit_message", "subject")
DIFFS = ("diff", "patch")
BEFORE, AFTER = ("old_contents", "old_content", "before"), ("new_contents", "new_content", "after")
PATHS, LICENCES = ("new_file", "old_file", "path", "file"), ("license", "licence")

_MAIL = patterns.compile(r"\AFrom ([0-9a-f]{7,40}) .*\n")
_SUBJECT = patterns.compile(r"(?m)^Subject: (?:\[[^\]]*\] )?(.*(?:\n[ \t].*)*)")
_FOLD = patterns.compile(r"\n[ \t]+")


class CommitRows:
    """Rows of a message with a diff, or with a file before and after."""

    name = "commit_edit"
    title = "rows of a commit message and its change"
    unit: Unit = "row"
    composes = (
        ("observe", "the message, with the file before it in a fence"),
        ("arguments", "the difference of the file before and after"),
    )

    def detect(self, sample: Any) -> str | None:
        if not isinstance(sample, dict) or "problem_statement" in sample or first_of(sample, MESSAGES) is None:
            return None
        pair = (first_of(sample, BEFORE), first_of(sample, AFTER))
        found = first_of(sample, DIFFS) or (pair[1] if all(pair) else None)
        return f"has `{first_of(sample, MESSAGES)}` and `{found}`" if found else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        message = first_of(row, MESSAGES) if isinstance(row, dict) else None
        if message is None or not isinstance(row[message], str) or not row[message].strip():
            raise RowError("no message", f"one of {', '.join(MESSAGES)}", "/message")
        before, after, given = first_of(row, BEFORE), first_of(row, AFTER), first_of(row, DIFFS)
        path = str(row.get(first_of(row, PATHS) or "") or "file")
        shown = None
        if given is not None:
            change = str(row[given])
        elif before is not None and after is not None:
            shown, change = str(row[before]), diff(path, str(row[before]), str(row[after]))
        else:
            raise RowError(f"columns {', '.join(row)}", "a diff, or the file before and after")
        licence = first_of(row, LICENCES)
        if licence is not None and isinstance(row[licence], str):
            origin = msgspec.structs.replace(origin, licence=row[licence], licence_url=None)
        repository = str(row.get("repos") or row.get("repo") or origin.source).split(",")[0]
        yield _edit(document, origin, row[message], change, shown, path, repository, str(row.get("commit") or ""))


class PatchFiles:
    """Files of `git format-patch`."""

    name = "patch_file"
    title = "patches as git format-patch writes them"
    unit: Unit = "text"
    suffixes = (".patch",)
    leaves_out = (LeftOut("*", "heads and signature of the mail around message and change"),)

    def detect(self, sample: Any) -> str | None:
        return None  # text files are not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        text = (document.text or "").replace("\r\n", "\n")
        mail, subject = _MAIL.match(text), _SUBJECT.search(text)
        start = text.find("\ndiff --git ")
        if mail is None or subject is None or start < 0:
            raise RowError(repr(text[:60]), "From, Subject and a diff, as git format-patch writes them")
        body = text[text.find("\n\n", subject.end()) : start].split("\n---\n")[0].strip()
        message = _FOLD.sub(" ", subject[1]).strip() + (f"\n\n{body}" if body else "")
        change = text[start + 1 :].rsplit("\n-- \n", 1)[0] + "\n"
        yield _edit(document, origin, message, change, None, "", origin.source, mail[1])


def _edit(
    document: Document,
    origin: Origin,
    message: str,
    change: str,
    before: str | None,
    path: str,
    repository: str,
    commit: str,
) -> Reading:
    if not changed_files(change):
        raise RowError(repr(change[:60]), "a unified diff that changes something")
    language = language_of_patch(change)
    builder = Builder("code", message)
    builder.tool(APPLY_PATCH)
    shown = f"{message}\n\n```{language or ''}\n{before.rstrip()}\n```" if before else message
    builder.observe(shown)
    builder.call(APPLY_PATCH.name, change, "call_0", kind="custom", form="raw", language="diff")
    builder.ext = {"commit": {"repository": repository, "commit": commit, "files": changed_files(change)}}
    return builder.build(
        document,
        origin,
        "commit_edit",
        source_id=commit or f"{document.file}#{document.row}",
        group=repository,
        language=language,
    )


FORMATS = (CommitRows(), PatchFiles())
