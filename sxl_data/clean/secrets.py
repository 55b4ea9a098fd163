"""Replaces obvious secrets: keys and tokens whose form alone gives them away.

In: an Arrow string array. Out: the array with every secret as ``<SECRET:kind>``. The patterns name
issuers' published prefixes; all run in RE2 (linear time, unlike Python's `re`). Passwords without a form
are beyond this module: a scanner with context is the tool for those.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

PATTERNS: dict[str, str] = {
    "private-key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z]+ )*PRIVATE KEY-----",
    "aws-access-key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "github-token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b",
    "gitlab-token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "slack-token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "google-api-key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "anthropic-key": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    "openai-key": r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}",
    "huggingface-token": r"\bhf_[A-Za-z0-9]{34,}\b",
    "npm-token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "pypi-token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    "stripe-key": r"\b[sr]k_live_[A-Za-z0-9]{20,}\b",
    "jwt": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "url-password": r"\b([a-z][a-z0-9+.-]*://[^\s:/@]+):[^\s:/@]{6,}@",
}

# What every pattern needs somewhere in the text; checked first because most texts hold none of it.
_HINT = r"PRIVATE KEY|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AIza|sk-|hf_|npm_|pypi-|k_live_|eyJ|://"


def redact(texts: pa.Array) -> pa.Array:
    """``texts`` with secrets replaced; same length, nulls stay null."""
    suspect = pc.fill_null(pc.match_substring_regex(texts, _HINT), False)
    if not pc.any(suspect).as_py():
        return texts
    some = texts.filter(suspect)
    for kind, pattern in PATTERNS.items():
        replacement = r"\1:<SECRET:url-password>@" if kind == "url-password" else f"<SECRET:{kind}>"
        some = pc.replace_substring_regex(some, pattern, replacement)
    return pc.replace_with_mask(texts, suspect, some)
