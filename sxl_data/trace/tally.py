"""What of a document, and of a file, was read: the outcome of the coverage law.

In: texts that no trace holds and texts that no document has, as `coverage` finds them. Out: shares, and whether they
are worth a finding.
"""

from __future__ import annotations

import msgspec

# Unread text is a finding from this share of a document on, or from so many characters.
SHARE, CHARACTERS = 0.01, 400
_PLACES = 1000


class Unread(msgspec.Struct, frozen=True):
    """One text of a document that no trace holds: where, and how many characters of it."""

    pointer: str
    characters: int
    text: str


class Coverage(msgspec.Struct):
    """What of a document was read. ``characters`` are those of the texts that were looked for, which are not those
    below what is declared; `left_out` counts them."""

    characters: int = 0
    declared: int = 0
    """Characters that the format says it leaves out."""
    unread: list[Unread] = msgspec.field(default_factory=list)
    invented: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """(role, text) of what stands in a trace and not in the document."""
    media: bool = False
    """Whether the traces hold an image, a sound or a file."""

    @property
    def lost(self) -> int:
        """Characters that were neither read nor declared."""
        return sum(item.characters for item in self.unread)

    @property
    def share(self) -> float:
        """Share of the characters that were read or declared, from 0 to 1."""
        return 1.0 - self.lost / self.characters if self.characters else 1.0

    @property
    def told(self) -> bool:
        """Whether so much is unread that it is a finding."""
        return self.lost > min(CHARACTERS, SHARE * self.characters)


class Tally(msgspec.Struct):
    """What was read of a file. ``unread`` counts the texts by place, with ``*`` for positions in lists."""

    characters: int = 0
    declared: int = 0
    lost: int = 0
    unread: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def share(self) -> float:
        """Share of the characters that were read or declared, from 0 to 1."""
        return 1.0 - self.lost / self.characters if self.characters else 1.0

    def add(self, found: Coverage) -> None:
        """Count one document."""
        self.characters += found.characters
        self.declared += found.declared
        self.lost += found.lost
        for item in found.unread:
            self._note("/".join("*" if key.isdecimal() else key for key in item.pointer.split("/")), 1)

    def merge(self, other: Tally) -> None:
        """Count another part of the file."""
        self.characters += other.characters
        self.declared += other.declared
        self.lost += other.lost
        for place, count in other.unread.items():
            self._note(place, count)

    def _note(self, place: str, count: int) -> None:
        if place in self.unread or len(self.unread) < _PLACES:
            self.unread[place] = self.unread.get(place, 0) + count
