"""Sessions of Claude Code: one JSON line per event, linked by ``parentUuid``.

In: a session file, or one object with ``loglines``. One model message spreads over several lines with the
same ``message.id``, with results of its first calls in between, or is told again and again as it grows; a message
is what its id says. The path from the last line to the root is the session; what hangs beside it (a branch that the
user rewound) and sidechains (subagents) become subtraces where somebody acted in them, else their prompts are kept
beside the session. What the harness wrote (command lines, caveats, attached files) is environment, a prompt that was
queued is the user's. Lines of hooks, snapshots and titles are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from sxl_data.files.json_text import dump
from sxl_data.formats.anthropic_blocks import read_assistant, read_user
from sxl_data.formats.claude_code_messages import grown, messages
from sxl_data.formats.claude_code_paths import Located, is_message, is_queued, paths, unique
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.harness import is_harness, settle_task
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics

NAME = "claude_code"
_SESSION = ("sessionId", "cwd", "gitBranch", "slug", "agentId", "entrypoint")
_TITLES = ("summary", "aiTitle", "customTitle", "agentName", "title", "tag", "prUrl")
# Attachments whose text stands before the model as it is; lists of tools, skills and reminders are the harness's.
_SHOWN = (
    "file",
    "edited_text_file",
    "directory",
    "hook_additional_context",
    "nested_memory",
    "selected_lines_in_ide",
    "compact_file_reference",
    "memory",
)
_LINE = ("uuid", "requestId", "isMeta", "isCompactSummary", "isVisibleInTranscriptOnly")


class ClaudeCode:
    """Format of Claude Code sessions."""

    name = NAME
    title = "Claude Code sessions"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """Lines with `parentUuid`, or `loglines` of such events."""
        records = sample if isinstance(sample, list) else []
        if any(_is_line(r) for r in records):
            return "has lines with `uuid` and `sessionId`"
        first = records[0] if records else None
        return "has `loglines`" if isinstance(first, dict) and isinstance(first.get("loglines"), list) else None

    leaves_out = (
        LeftOut("snapshot", "copies of files for the harness to go back to", when="file-history-snapshot"),
        LeftOut("data", "interim output of a tool, whose result tells what the model saw", when="progress"),
        LeftOut("lastPrompt", "the latest prompt again", when="last-prompt"),
        LeftOut("/message/usage", "token counts beside those that are summed"),
        LeftOut("/version", "of the harness, told by other lines"),
        LeftOut("/cwd", "folders that the session changed to"),
        LeftOut("/slug", "name that the harness gave the session"),
        LeftOut("/gitBranch", "branches that the session changed to"),
        LeftOut("/thinkingMetadata", "how the harness chose to think"),
        LeftOut("/sourceToolAssistantUUID", "a link"),
        LeftOut("/sourceToolUseID", "a link"),
    )

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        lines = list(located(document, "loglines"))
        said = unique(lines)
        if not any(is_message(item[0]) for item in said):
            raise RowError("no message", "lines of type user or assistant")
        main, asides = paths(said)
        builder = build_lines(main)
        ext: dict[str, Any] = {key: next((r[key] for r, _, _ in main if r.get(key)), None) for key in _SESSION}
        ext = {key: value for key, value in ext.items() if value is not None}
        session = ext.get("sessionId")
        ext |= _beside(said, main)
        rewound = [aside for aside in asides if not any(r.get("type") == "assistant" for r, _, _ in aside)]
        if rewound:
            ext["rewound"] = [r.get("message", r) for aside in rewound for r, _, _ in aside]
        if ext:
            builder.ext[NAME] = ext
        acted = [aside for aside in asides if aside not in rewound]
        for part, aside in enumerate(acted, 1):
            inner = build_lines(aside).build(document, origin, NAME, part=part, source_id=str(session or ""))
            builder.subtraces.append(inner.trace)
        settle_task(builder)
        yield builder.build(
            document, origin, NAME, source_id=str(session) if session else None, group=str(session) if session else None
        )


FORMAT = ClaudeCode()


def _is_line(record: Any) -> bool:
    """Whether ``record`` is a line of Claude Code: other agents write lines that are linked alike, with ``parts``."""
    if not isinstance(record, dict) or not is_message(record) or "parts" in record["message"]:
        return False
    return "parentUuid" in record or ("uuid" in record and "sessionId" in record)


def _beside(lines: list[Located], main: list[Located]) -> dict[str, Any]:
    """What stands beside the messages: titles, notes of the harness, prompts that were queued and never sent, and
    how many lines of other types there were."""
    titles = [r[key] for r, _, _ in lines for key in _TITLES if isinstance(r.get(key), str) and not is_message(r)]
    notes = [
        r["content"]
        for r, _, _ in lines
        if r.get("type") == "system" and isinstance(r.get("content"), str) and not _is_command(r)
    ]
    held = [
        r["attachment"]
        for r, _, _ in main
        if isinstance(r.get("attachment"), dict) and not (is_queued(r) or _shown(r["attachment"]))
    ]
    told = {_prompt(r) for r, _, _ in lines if is_message(r) or is_queued(r)}
    queued = [
        r["content"]
        for r, _, _ in lines
        if r.get("type") == "queue-operation" and isinstance(r.get("content"), str) and r["content"] not in told
    ]
    skipped = Counter(_kind(r) for r, _, _ in lines if not is_message(r) and not is_queued(r))
    found = {
        "titles": titles,
        "notes": notes,
        "attachments": held,
        "queued": queued,
        "skipped": dict(sorted(skipped.items())),
    }
    return {key: value for key, value in found.items() if value}


def _prompt(line: dict[str, Any]) -> str:
    """The words of a prompt, queued or not."""
    held = line["attachment"].get("prompt") if is_queued(line) else line["message"].get("content")
    return task_of(parts_of(held))


def _is_command(line: dict[str, Any]) -> bool:
    return line.get("subtype") == "local_command"


def _shown(attachment: dict[str, Any]) -> str | None:
    """The text that an attachment put before the model; None for what the harness only remembers."""
    for key in ("content", "snippet"):
        held = attachment.get(key)
        if isinstance(held, dict):
            held = held.get("file", held)
            held = held.get("content") if isinstance(held, dict) else None
        if isinstance(held, str) and held and attachment.get("type") in _SHOWN:
            return held
    return None


def _kind(line: dict[str, Any]) -> str:
    return "/".join(str(line[key]) for key in ("type", "subtype") if line.get(key)) or "unknown"


def build_lines(lines: list[Located]) -> Builder:
    """A builder that has been told ``lines``; parts of one model message are told together."""
    builder = Builder("agent")
    usage = []
    for group in messages(lines):
        line = group[0][0]
        if not is_message(line) or line["type"] != "assistant":
            _tell_other(builder, *group[0])
            continue
        builder.end_turn()
        for (part, at, number), content in zip(group, grown(group)):
            if part.get("isApiErrorMessage") or part["message"].get("model") == "<synthetic>":
                read_user(builder, content, f"{at}/message/content", number, origin="environment", **_common(part))
            else:
                read_assistant(builder, content, f"{at}/message/content", number, **_common(part))
        usage.append(group[-1][0]["message"].get("usage"))
    version = next((str(r["version"]) for r, _, _ in lines if r.get("version")), None)
    models = [r["message"].get("model") for r, _, _ in lines if is_message(r) and r["type"] == "assistant"]
    model = next((m for m in models if isinstance(m, str) and m != "<synthetic>"), None)
    session = next((r["sessionId"] for r, _, _ in lines if isinstance(r.get("sessionId"), str)), "")
    # iFlow CLI writes the same lines; its session ids say what they are.
    name = "iflow-cli" if session.startswith("session-") else "claude-code"
    builder.agent = Agent(name=name, version=version, model=model)
    builder.metrics = sum_usage([item for item in usage if isinstance(item, dict)])
    builder.task = builder.task or next(filter(None, (_command(r) for r, _, _ in lines if is_message(r))), "")
    builder.executed = True
    return builder


def _tell_other(builder: Builder, line: dict[str, Any], at: str, number: int) -> None:
    """A line of the user, of a queued prompt, or of what the harness put before the model."""
    time = line.get("timestamp")
    common: dict[str, Any] = {"timestamp": time if isinstance(time, str) else None, "line": number}
    if is_message(line):
        content = line["message"].get("content")
        harness = line.get("isMeta") is True or line.get("isCompactSummary") is True or is_harness(content)
        read_user(
            builder,
            content,
            f"{at}/message/content",
            number,
            origin="environment" if harness else "user",
            structured=line.get("toolUseResult"),
            **_common(line),
        )
    elif is_queued(line):
        parts = parts_of(line["attachment"].get("prompt"))
        mode = line["attachment"].get("commandMode")
        builder.observe(
            parts, "user" if mode in (None, "prompt") else "environment", at=f"{at}/attachment/prompt", **common
        )
        builder.task = builder.task or task_of(parts)
    elif _is_command(line) and isinstance(line.get("content"), str):
        builder.observe(line["content"], "environment", at=f"{at}/content", **common)
    elif isinstance(line.get("attachment"), dict) and (text := _shown(line["attachment"])) is not None:
        kept = {key: value for key, value in line["attachment"].items() if key not in ("content", "snippet")}
        builder.observe(
            text, "environment", at=f"{at}/attachment", ext_json=dump({NAME: {"attachment": kept}}), **common
        )


def _command(line: dict[str, Any]) -> str | None:
    """What the user gave a slash command, the task of a session in which nothing else was asked."""
    content = line["message"].get("content")
    if not isinstance(content, str) or "<command-args>" not in content:
        return None
    return content.partition("<command-args>")[2].partition("</command-args>")[0].strip() or None


def _common(line: dict[str, Any]) -> dict[str, Any]:
    ext = {key: line[key] for key in _LINE if line.get(key)}
    for key in ("id", "stop_reason"):
        if line["message"].get(key):
            ext["message_id" if key == "id" else key] = line["message"][key]
    time = line.get("timestamp")
    return {"timestamp": time if isinstance(time, str) else None, "ext_json": dump({NAME: ext}) if ext else None}


def sum_usage(usages: list[dict[str, Any]]) -> Metrics | None:
    """Token counts of Anthropic's ``usage`` objects, one per model message, as totals."""
    if not usages:
        return None

    def total(*keys: str) -> int:
        return sum(u[k] for u in usages for k in keys if isinstance(u.get(k), int))

    return msgspec.structs.replace(
        Metrics(),
        prompt_tokens=total("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
        completion_tokens=total("output_tokens"),
        cached_tokens=total("cache_read_input_tokens"),
    )
