"""Takes out of agent logs what says who the user is: home folders, user names, e-mail addresses.

In: texts and, for each, the row it belongs to. Out: the texts with ``/home/ann`` as ``/home/user``, the name
``ann`` as ``user`` in the whole row wherever a home folder of the row gave it away, and addresses as
``user@example.com``. Addresses of the reserved example domains, of bots and of ``git@`` remotes name nobody
and stay. Keys and tokens are `clean.secrets`' work. The patterns run in RE2, which takes linear time; names
are looked for only in rows that have a home folder, by one alternation of literals.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

USER, ADDRESS = "user", "user@example.com"

_NAME = r"[^\s/\\\"'`<>|:*?(){}\[\],;$%&=+~]"
_BEFORE = r"(?:/home/|/Users/|/mnt/[a-z]/Users/|[A-Za-z]:(?:\\{1,4}|/)Users(?:\\{1,4}|/))"
# Agents encode a session's folder in names such as -Users-ann-project.
_ENCODED = r"-(?:home|Users)-"
_HINT = r"/home/|/Users/|\\Users\\|:/Users/|-home-|-Users-|@"
_MAIL = r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}"
# Some texts are JSON inside JSON: in `\nann` the letter n belongs to the line end, and a backslash that lost
# it would break the document.
_AFTER_ESCAPE = r"(?<=\\[nrt])"
_KEPT_MAIL = re.compile(
    r"(?i)^(?:git|hg|noreply|no-reply|.*\[bot\]|.*bot|.*noreply|user)@|@(?:.*\.)?(?:example\.(?:com|org|net)|test|invalid|localhost)$"
    r"|@users\.noreply\.github\.com$"
)

# Names of no person: accounts that systems, images and tutorials make, and words too common to replace.
NOBODY = frozenset(
    (
        "user",
        "users",
        "username",
        "root",
        "admin",
        "administrator",
        "ubuntu",
        "debian",
        "fedora",
        "centos",
        "runner",
        "app",
        "node",
        "dev",
        "test",
        "tests",
        "public",
        "shared",
        "default",
        "guest",
        "vscode",
        "codespace",
        "codespaces",
        "git",
        "www",
        "data",
        "work",
        "workspace",
        "workspaces",
        "project",
        "projects",
        "home",
        "me",
        "you",
        "name",
        "your-name",
        "yourname",
        "your_name",
        "your-username",
        "yourusername",
        "someone",
        "foo",
        "bar",
        "agent",
        "openhands",
        "jovyan",
        "ec2-user",
        "nobody",
        "linuxbrew",
        "pi",
        "all",
    )
)

_HOME = re.compile(_BEFORE + rf"({_NAME}{{2,64}})")
_HOME_ENCODED = re.compile(_ENCODED + r"([A-Za-z0-9_.]{2,64})")


def redact(texts: pa.Array, rows: np.ndarray) -> pa.Array:
    """``texts`` without private data; same length, nulls stay null. ``rows`` has one row number for each."""
    suspect = pc.fill_null(pc.match_substring_regex(texts, _HINT), False)
    if not pc.any(suspect).as_py():
        return texts
    owners = _names(texts.filter(suspect), rows[np.asarray(suspect)])
    some = texts.filter(suspect)
    some = pc.replace_substring_regex(some, rf"({_BEFORE}){_NAME}{{2,64}}", rf"\1{USER}")
    some = _redact_mails(some)
    texts = pc.replace_with_mask(texts, suspect, some)
    named = np.isin(rows, list(owners)) & np.asarray(texts.is_valid())
    if not named.any():
        return texts
    changed = [
        owners[row].sub(USER, text)
        for row, text in zip(rows[named].tolist(), texts.filter(pa.array(named)).to_pylist())
    ]
    return pc.replace_with_mask(texts, pa.array(named), pa.array(changed, pa.string()))


def _names(texts: pa.Array, rows: np.ndarray) -> dict[int, re.Pattern[str]]:
    """Row → pattern of the user names that its home folders give away."""
    found: dict[int, set[str]] = {}
    for row, text in zip(rows.tolist(), texts.to_pylist()):
        for pattern in (_HOME, _HOME_ENCODED):
            for match in pattern.finditer(text):
                name = match[1].rstrip(".")
                if len(name) > 2 and name.lower() not in NOBODY:
                    found.setdefault(row, set()).add(name)
    # Longest first, so that a name is not cut by another that it begins with.
    return {row: _words(names) for row, names in found.items()}


def _words(names: set[str]) -> re.Pattern[str]:
    literals = "|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name))))
    return re.compile(rf"(?:{_AFTER_ESCAPE}|(?<![A-Za-z0-9]))(?:{literals})(?![A-Za-z0-9])")


def _redact_mails(texts: pa.Array) -> pa.Array:
    """Addresses are few: those of each text that has any are looked at one by one."""
    has = pc.match_substring_regex(texts, _MAIL)
    if not pc.any(has).as_py():
        return texts
    # Every repetition is bounded, so `re` takes linear time as well.
    pattern = re.compile(rf"(?:{_AFTER_ESCAPE}|(?<![A-Za-z0-9._%+\\-])){_MAIL}")
    changed = [
        pattern.sub(lambda m: m[0] if _KEPT_MAIL.search(m[0]) else ADDRESS, text)
        for text in texts.filter(has).to_pylist()
    ]
    return pc.replace_with_mask(texts, has, pa.array(changed, pa.string()))
