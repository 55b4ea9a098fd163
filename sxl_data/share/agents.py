"""Which agents are known, and where each keeps its sessions on Linux, macOS and Windows.

In: a home folder, an environment, the name of a system. Out: places with the names that session files have below
them. Sources: the Hub's table of session folders (https://huggingface.co/docs/hub/agent-traces), and the documentation
of the agents that the modules of `sxl_data.formats` name. What an agent keeps in a database is read where its form is
known (`opencode`); for the others `advice` says which command of theirs writes a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Agent(NamedTuple):
    """One agent. ``format`` reads its files; ``native`` says that the Hub shows them as they are."""

    name: str
    title: str
    format: str
    native: bool
    roots: tuple[str, ...]
    """Folders: ``~`` is the home, ``$NAME`` of the environment, ``{code}`` every editor's storage of extensions,
    ``{data}`` where programs keep data."""
    files: tuple[str, ...]
    """Names below a root, as `Path.glob` takes them."""
    advice: str = ""


AGENTS = (
    Agent(
        "claude_code",
        "Claude Code",
        "claude_code",
        True,
        ("$CLAUDE_CONFIG_DIR/projects", "~/.claude/projects", "~/.config/claude/projects"),
        ("**/*.jsonl",),
    ),
    Agent(
        "codex",
        "Codex",
        "codex_rollout",
        True,
        ("$CODEX_HOME/sessions", "~/.codex/sessions", "$CODEX_HOME/archived_sessions", "~/.codex/archived_sessions"),
        ("**/rollout-*.jsonl", "**/rollout-*.jsonl.zst"),
    ),
    Agent("pi", "Pi", "pi_session", True, ("$PI_CODING_AGENT_DIR/sessions", "~/.pi/agent/sessions"), ("**/*.jsonl",)),
    Agent("gemini", "Gemini CLI", "gemini_cli", False, ("~/.gemini/tmp",), ("*/chats/**/*.json", "*/chats/**/*.jsonl")),
    Agent("qwen", "Qwen Code", "qwen_code", False, ("~/.qwen/projects", "~/.qwen/tmp"), ("*/chats/**/*.jsonl",)),
    Agent(
        "cline",
        "Cline, Roo Code and Kilo Code",
        "cline",
        False,
        (
            "{code}/saoudrizwan.claude-dev/tasks",
            "{code}/rooveterinaryinc.roo-cline/tasks",
            "{code}/kilocode.kilo-code/tasks",
            "~/.cline/data/tasks",
        ),
        ("*/api_conversation_history.json",),
    ),
    Agent(
        "opencode", "OpenCode", "opencode", False, ("{data}/opencode",), ("storage/session/*/ses_*.json", "opencode.db")
    ),
    Agent(
        "copilot",
        "GitHub Copilot CLI",
        "copilot_cli",
        False,
        ("~/.copilot/session-state",),
        ("*/events.jsonl", "*.jsonl"),
    ),
    Agent("kimi", "Kimi CLI", "kimi_cli", False, ("~/.kimi/sessions",), ("**/wire.jsonl",)),
    Agent(
        "goose",
        "Goose",
        "goose",
        False,
        ("{data}/goose/sessions", "$APPDATA/Block/goose/data/sessions"),
        ("*.jsonl", "sessions.db"),
        "goose session export --format json",
    ),
    Agent("gptme", "gptme", "gptme", False, ("{data}/gptme/logs",), ("*/conversation.jsonl",)),
    Agent("cursor", "Cursor", "cursor", False, ("~/.cursor/projects",), ("*/agent-transcripts/**/*.jsonl",)),
)
BY_NAME = {agent.name: agent for agent in AGENTS}
BY_FORMAT = {agent.format: agent for agent in AGENTS}
_EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")
_SERVERS = ("~/.vscode-server/data", "~/.vscode-server-insiders/data", "~/.cursor-server/data")


def roots(agent: Agent, home: Path, environment: Mapping[str, str], system: str) -> Iterator[Path]:
    """The folders in which ``agent`` may keep sessions; ``system`` is a value of `platform.system`."""
    for root in agent.roots:
        head, _, rest = root.partition("/")
        if head == "~":
            yield home / rest
        elif head.startswith("$"):
            if said := environment.get(head[1:]):
                yield Path(said) / rest
        else:
            folders = _extensions(home, environment, system) if head == "{code}" else _data(home, environment, system)
            yield from (folder / rest for folder in folders)


def _extensions(home: Path, environment: Mapping[str, str], system: str) -> Iterator[Path]:
    if system == "Windows":
        base = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    elif system == "Darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    yield from (base / editor / "User" / "globalStorage" for editor in _EDITORS)
    yield from (home / server.removeprefix("~/") / "User" / "globalStorage" for server in _SERVERS)


def _data(home: Path, environment: Mapping[str, str], system: str) -> Iterator[Path]:
    if said := environment.get("XDG_DATA_HOME"):
        yield Path(said)
    yield home / ".local" / "share"
    if system == "Darwin":
        yield home / "Library" / "Application Support"
    if system == "Windows":
        yield from (Path(environment[name]) for name in ("APPDATA", "LOCALAPPDATA") if environment.get(name))
