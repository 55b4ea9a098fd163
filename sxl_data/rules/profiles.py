"""What a validation is for: which families of codes are run, and from which level on it fails.

``ingest``: can it be read. ``train``: can a model be trained on it. ``mix``: is that worth it. ``publish``: may it be
given away, with provenance and licence.
"""

from __future__ import annotations

import msgspec

from sxl_data.contract.codes import Level
from sxl_data.contract.errors import error

RANKS: dict[Level, int] = {"note": 0, "warning": 1, "error": 2}


class Profile(msgspec.Struct, frozen=True):
    """``families`` are letters of codes; ``fails_at`` is the lowest level that makes the exit code 1."""

    name: str
    families: str
    fails_at: Level


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("ingest", "S", "error"),
        Profile("train", "SPOACRMD", "error"),
        Profile("mix", "SPOACRMDQ", "error"),
        Profile("publish", "SPOACRMLD", "warning"),
    )
}


def get(name: str) -> Profile:
    """The profile called ``name``; raises `UserError` U401."""
    if name not in PROFILES:
        raise error("U401", found=f"profile {name!r}", expected="one of " + ", ".join(PROFILES))
    return PROFILES[name]
