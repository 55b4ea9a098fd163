"""Rows in, a table of plain text out that fits where it goes.

Columns are aligned, numbers to the right. Where the table is wider than the terminal its widest columns are wrapped,
and where that would leave slivers each row becomes a block of ``name  value`` lines. A file or another program gets
the lines whole.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from sxl_data.contract.printable import printable_line

NARROWEST = 10
"""Columns of the screen below which a column is not wrapped further."""
GAP = "  "


def terminal_width() -> int | None:
    """Columns of the terminal that results go to, or what COLUMNS says; None where they go to a file or another
    program."""
    if os.environ.get("COLUMNS", "").isdecimal() or (sys.stdout is not None and sys.stdout.isatty()):
        return shutil.get_terminal_size().columns
    return None


def format_table(headers: Sequence[str], rows: Sequence[Sequence[object]], width: int | None = None) -> str:
    """A plain table of at most ``width`` columns of the screen (default: the terminal's; unlimited in a file)."""
    names = [printable_line(header) for header in headers]
    cells = [[printable_line(str(cell)) for cell in row] for row in rows]
    widths = [max(_columns(row[i]) for row in (names, *cells)) for i in range(len(names))]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(names))]
    width = terminal_width() if width is None else width
    if width is not None and (narrow := _shrink(widths, names, right, width)) != widths:
        if narrow is None:
            return _blocks(names, cells, width)
        widths = narrow
    lines = [*_row(names, widths, right), GAP.join("─" * w for w in widths)]
    for row in cells:
        lines += _row(row, widths, right)
    return "\n".join(lines)


def wrap(text: str, width: int) -> list[str]:
    """``text`` in pieces of at most ``width`` columns of the screen, broken at spaces where there are some."""
    pieces, width = [], max(width, 2)  # a wide character takes two
    while _columns(text) > width:
        end, used = 0, 0
        while (used := used + _columns(text[end])) <= width:
            end += 1
        end = max(end, 1)
        space = text.rfind(" ", 1, end + 1)
        pieces.append(text[: space if space > 0 else end])
        text = text[space + 1 if space > 0 else end :]
    return [*pieces, text]


def _shrink(widths: list[int], names: list[str], right: list[bool], width: int) -> list[int] | None:
    """Widths that fit, the widest made smaller first; None where columns would become slivers."""
    widths = list(widths)
    least = [
        have if number else min(have, max(NARROWEST, *map(_columns, name.split(" "))))
        for have, number, name in zip(widths, right, names)
    ]
    room = width - len(GAP) * (len(widths) - 1)
    while (over := sum(widths) - room) > 0:
        spare = [have - floor for have, floor in zip(widths, least)]
        if not any(spare):
            return None
        widest = max(range(len(widths)), key=lambda i: (spare[i] > 0, widths[i]))
        below = max((have for have in widths if have < widths[widest]), default=0)
        widths[widest] -= min(over, spare[widest], max(1, widths[widest] - below))
    return widths


def _row(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    parts = [wrap(cell, width) for cell, width in zip(row, widths)]
    lines = []
    for number in range(max(map(len, parts))):
        line = []
        for pieces, width, to_right in zip(parts, widths, right):
            piece = pieces[number] if number < len(pieces) else ""
            space = " " * (width - _columns(piece))
            line.append(space + piece if to_right else piece + space)
        lines.append(GAP.join(line).rstrip())
    return lines


def _blocks(names: list[str], cells: list[list[str]], width: int) -> str:
    label = min(max(map(_columns, names)), width // 3)
    blocks = []
    for row in cells:
        lines: list[str] = []
        for name, cell in zip(names, row):
            if cell:
                lines += _row((name, cell), (label, width - label - len(GAP)), (False, False))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) if blocks else "\n".join(names)


def _columns(text: str) -> int:
    """Columns of the screen that ``text`` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _is_number(text: str) -> bool:
    bare = "".join(c for c in text if c not in "\u202f .−%").lstrip("+-")
    return text in ("", "–") or bare.isdigit()
