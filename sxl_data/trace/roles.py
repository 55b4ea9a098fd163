"""Who speaks in a message: the roles that chats state, under the names that third parties give them.

In: the roles of one conversation. Out: for each the one that the readers know. What a name means is certain only where
it is alone: a `customer` beside a `user`, or an `agent` beside an `assistant`, may be anybody. Such a role, and one
that nobody knows, is read as the environment's, and S212 says so.
"""

from __future__ import annotations

from collections.abc import Iterable

from sxl_data.contract.errors import Finding, finding

KNOWN = {role: role for role in ("system", "developer", "user", "assistant", "tool", "environment")} | {
    "function": "tool"
}
_MEANT = {
    "assistant": ("gpt", "chatgpt", "ai", "model", "bot", "chatbot", "agent", "llm", "bing", "bard"),
    "user": ("human", "customer", "client", "end_user", "enduser"),
    "tool": ("tool_response", "tool_result", "function_response", "observation", "ipython"),
}
_LONG = 30
ALIASES = {alias: role for role, aliases in _MEANT.items() for alias in aliases}


class Roles:
    """The roles of one conversation."""

    def __init__(self) -> None:
        self._meant: dict[str, str] = {}
        self._unknown: dict[str, tuple[int, str, int | None]] = {}

    def meet(self, stated: Iterable[object]) -> None:
        """Hear which roles a conversation states; without it no name but the known ones means anything."""
        names = {role for role in stated if isinstance(role, str)}
        if others := names - KNOWN.keys():
            there = {role.lower() for role in names}
            self._meant |= {role: found for role in others if (found := _meaning(role.lower(), there))}

    def of(self, role: object, at: str = "", line: int | None = None) -> str:
        """The known role that ``role``, of the message at ``at``, means; "environment" where none does, which is kept
        for `findings`."""
        name = role if isinstance(role, str) else ""
        known = KNOWN.get(name) or self._meant.get(name)
        if known is not None:
            return known
        count, first, where = self._unknown.get(name, (0, at, line))
        self._unknown[name] = count + 1, first, where
        return "environment"

    def findings(self) -> list[Finding]:
        """S212 for each role that nobody knows, at its first message."""
        return [
            finding(
                "S212",
                pointer=at,
                line=line,
                found=f"{_shown(name)} in {count} message{'s' * (count > 1)}, the first here; read as environment",
                expected="user, assistant, system, developer or tool",
            )
            for name, (count, at, line) in self._unknown.items()
        ]


def _shown(name: str) -> str:
    """A role as it is quoted; a long one is none, and may hold what nobody should quote a piece of."""
    return f"role {name!r}" if 0 < len(name) <= _LONG else "a role of no known name" if name else "no role"


def _meaning(role: str, there: set[str]) -> str | None:
    """The known role that ``role`` means among those that are ``there``; None where it may be anybody's."""
    meant = KNOWN.get(role) or ALIASES.get(role)
    if role in KNOWN or meant in (None, "tool"):
        return meant
    return meant if there.isdisjoint({meant, *_MEANT[str(meant)]} - {role}) else None
