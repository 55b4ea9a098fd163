"""NL2Bash: what to do, in words, and the Bash command that does it.

In: the pair of files ``*.nl`` and ``*.cm``, line by line, or rows with both. Out: Observe → final Act
with the command as the answer; with the option ``call: true`` the command becomes a call of
``execute_bash``, which the ground stage can run (Lin et al. 2018, https://github.com/TellinaTool/nl2bash).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Option, Origin, Reading, RowError, Unit
from sxl_data.trace.types import Tool

COLUMNS = (("nl", "bash"), ("nl", "cmd"), ("nl", "cm"), ("invocation", "cmd"), ("nl_command", "bash_code"))

BASH = Tool(
    name="execute_bash",
    description="Runs a command in a Bash shell and returns its output.",
    origin="inferred",
    parameters_json='{"type":"object","properties":{"command":{"type":"string"}},"required":["command"]}',
)


OPTIONS = {"call": Option("the command is a call of `execute_bash` instead of the answer", bool)}


class Nl2BashRows:
    """Rows with one of the pairs of columns in `COLUMNS`."""

    name = "nl2bash"
    title = "rows of a request and a Bash command"
    options = OPTIONS
    unit: Unit = "row"

    def detect(self, sample: Any) -> str | None:
        pair = _pair(sample)
        return f"has `{pair[0]}` and `{pair[1]}`" if pair else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        pair = _pair(document.value)
        if pair is None:
            raise RowError(
                str(list(document.value)) if isinstance(document.value, dict) else "no object",
                "columns such as `nl` and `bash`",
            )
        yield _read(document, origin, document.value[pair[0]], document.value[pair[1]], f"/{pair[0]}", f"/{pair[1]}")


class Nl2BashFiles:
    """A folder with the parallel files; line n of one belongs to line n of the other."""

    name = "nl2bash_files"
    title = "parallel files *.nl and *.cm"
    options = OPTIONS
    unit: Unit = "folder"
    suffixes = (".nl", ".cm")

    def detect(self, sample: Any) -> str | None:
        return None  # a folder is not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        for path, text in sorted(document.value.items()):
            if not path.endswith(".nl"):
                continue
            twin = document.value.get(path.removesuffix(".nl") + ".cm")
            if twin is None:
                raise RowError(f"{path} alone", f"{path.removesuffix('.nl')}.cm beside it")
            asked, commands = text.rstrip("\n").split("\n"), twin.rstrip("\n").split("\n")
            if len(asked) != len(commands):
                raise RowError(f"{len(asked)} and {len(commands)} lines", "files of equal length")
            for row, (words, command) in enumerate(zip(asked, commands)):
                if words.strip() and command.strip():
                    line = Document(
                        file=path, value={"nl": words, "cm": command}, lines=(row + 1,), sha256=document.sha256, row=row
                    )
                    yield _read(line, origin, words, command, "/nl", "/cm")


def _pair(row: Any) -> tuple[str, str] | None:
    if not isinstance(row, dict):
        return None
    return next((p for p in COLUMNS if isinstance(row.get(p[0]), str) and isinstance(row.get(p[1]), str)), None)


def _read(document: Document, origin: Origin, words: str, command: str, at: str, answer_at: str) -> Reading:
    if not words.strip() or not command.strip():
        raise RowError("an empty text", "a request and a command")
    builder = Builder("instruction", words)
    if origin.options.get("call"):
        builder.kind = "tool_use"
        builder.tool(BASH)
        builder.observe(words, at=at)
        builder.call(BASH.name, dump({"command": command}), "call_0", language="bash", at=answer_at)
    else:
        builder.observe(words, at=at)
        builder.say(command, final=True, at=answer_at)
    return builder.build(document, origin, "nl2bash", language="bash")


FORMATS = (Nl2BashRows(), Nl2BashFiles())
