"""What a person sees while work goes on, which goes to stderr, and how wide results may be, which go to stdout.

Bars are drawn only on a terminal and never in CI (``FORCE_COLOR`` makes rich flood logs otherwise);
elsewhere a plain line is printed at the start, at most every ten seconds, and at the end.
"""

from __future__ import annotations

import os
import shlex
import sys
import textwrap
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sxl_data.contract.printable import printable, printable_line
from sxl_data.contract.tables import format_table, terminal_width

__all__ = [
    "Progress",
    "fit",
    "format_bytes",
    "format_count",
    "format_seconds",
    "format_table",
    "is_live",
    "say",
    "tell",
    "terminal_width",
    "word",
]

PLAIN_INTERVAL_S = 10.0


def is_live() -> bool:
    """Whether a live display is welcome: stderr is a terminal and no CI is running."""
    return sys.stderr.isatty() and not os.environ.get("CI")


def say(text: str) -> None:
    """Print one line for the person at the keyboard; what does not print is escaped."""
    print(printable(text), file=sys.stderr, flush=True)


def point(text: str) -> None:
    """Name the next command, on one line whatever the names in it hold."""
    say(f"next: {printable_line(text)}")


def word(name: str | Path) -> str:
    """``name`` as one word of a command line that is shown, quoted where a shell would read it as several."""
    text = str(name)
    if os.name != "nt":
        return shlex.quote(text)
    return f'"{text}"' if set(text) & set(" &()^;,=") else text


def tell(text: str) -> None:
    """Print a result; what does not print is escaped, so that nothing of a stranger's text acts on the terminal."""
    print(printable(text))


def fit(text: str, width: int | None) -> str:
    """``text`` with lines beyond ``width`` wrapped below the column in which their last field begins. Words stay
    whole, so that a path can still be copied."""
    if width is None or width < 40:
        return text
    lines = []
    for line in text.split("\n"):
        if len(line) <= width:
            lines.append(line)
            continue
        head = line[: width * 2 // 3].rstrip()
        gap = head.rfind("  ")  # before the last field; a line's own indent is one too
        indent = " " * (gap + 2 if gap >= 0 else 0)
        lines += textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [line]
    return "\n".join(lines)


def format_count(number: int) -> str:
    """``12480`` as ``12 480``, with a narrow no-break space so that lines do not break inside."""
    return f"{number:,}".replace(",", " ")


def format_share(part: int, whole: int) -> str:
    """``"3 of 4"``; a dash where there was nothing to count."""
    return f"{part} of {whole}" if whole else "–"


def format_seconds(seconds: float) -> str:
    """``6.1 s`` or ``3 min 05 s``."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def format_bytes(size: float) -> str:
    """Decimal units: ``12.3 MB``."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


class Progress:
    """Progress of one long piece of work; a context manager.

    ``total`` may be unknown (``None``); ``unit`` names what is counted.
    """

    def __init__(self, name: str, total: int | None = None, unit: str = "rows") -> None:
        self.name, self.total, self.unit = name, total, unit
        self.done = 0
        self.started = time.monotonic()
        self._last = self.started
        self._bar: Any = None
        self._task: Any = None
        if is_live():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description:<14}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[unit]}  {task.fields[rate]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(name, total=total, unit=unit, rate="")
            self._bar.start()

    def advance(self, count: int = 1) -> None:
        """``count`` more units are done."""
        self.done += count
        now = time.monotonic()
        rate = self.done / max(now - self.started, 1e-9)
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, rate=f"{rate:,.0f}/s")
        elif now - self._last >= PLAIN_INTERVAL_S:
            self._last = now
            of = f" of {format_count(self.total)}" if self.total else ""
            left = (self.total - self.done) / rate if self.total and rate else None
            ahead = "" if left is None else f", {format_seconds(left)} left"
            say(f"{self.name:<14} {format_count(self.done)}{of} {self.unit}, {rate:,.0f}/s{ahead}")

    def close(self) -> None:
        """Remove the live display."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
