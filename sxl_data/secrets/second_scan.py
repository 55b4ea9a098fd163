"""A second, independent look: what detect-secrets finds in a text that was redacted.

In: the bytes of a result, and the values that were taken out of it. Out: findings for those that detect-secrets still
sees there. It has rules and an engine of its own, so a fault of ours in replacing would show. What else it reports
(high entropy, keywords) is its own judgement and no claim of ours. Needs the extra `secrets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sxl_data.contract.errors import Finding, error, finding


def detections(data: bytes) -> Iterator[tuple[int, str, str]]:
    """Line from 1, kind and value of everything that detect-secrets sees in ``data``, with all of its plugins.
    Raises `UserError` U402 where it is not installed."""
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    except ImportError:
        raise error(
            "U402",
            found="no package detect-secrets",
            expected="it, for a second scan",
            fix="pip install 'sheikh-sxl[secrets]'",
        ) from None
    known: dict[str, Any] = get_mapping_from_secret_type_to_class()
    plugins = [make() for make in known.values()]
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        for plugin in plugins:
            for secret in plugin.analyze_line(filename="text", line=line, line_number=number):
                if secret.secret_value:
                    yield number, secret.type, secret.secret_value


def leftovers(data: bytes, removed: Iterable[bytes], file: str) -> list[Finding]:
    """Findings for values that are ``removed`` and that detect-secrets sees in ``data`` all the same."""
    values = [value.decode("utf-8", "replace") for value in removed]
    lines = data.decode("utf-8", "replace").splitlines()
    # For some kinds it reports a part of the token only, such as its prefix.
    return [
        finding("C411", file=file, line=line, found=f"{kind}, by detect-secrets", expected="a placeholder")
        for line, kind, seen in detections(data)
        if any(value in lines[line - 1] and (value in seen or seen in value) for value in values)
    ]
