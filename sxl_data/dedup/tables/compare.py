"""Two texts side by side in a terminal, lines that differ marked.

In: two texts and a width in columns. Out: lines of text: left, a mark, right. `=` lines are equal, `|` changed, `<`
only left, `>` only right. The alignment is difflib's; equal stretches longer than `CONTEXT` lines on either side of a
change are folded.
"""

from __future__ import annotations

from sxl_data.contract.alignment import align

CONTEXT = 3
"""Equal lines shown around a change."""


def side_by_side(left: str, right: str, width: int = 120, names: tuple[str, str] = ("kept", "dropped")) -> str:
    """Both texts in two columns of (width − 3) / 2 characters, for printing."""
    one, two = left.splitlines(), right.splitlines()
    column = max(10, (width - 3) // 2)
    out = [f"{_fit(names[0], column)}   {names[1]}", "─" * (2 * column + 3)]
    for action, a, b, c, d in align(one, two, autojunk=False):
        if action == "equal":
            out += _equal(one[a:b], two[c:d], column, first=a == 0, last=b == len(one))
            continue
        for k in range(max(b - a, d - c)):
            before = one[a + k] if a + k < b else None
            after = two[c + k] if c + k < d else None
            mark = ">" if before is None else "<" if after is None else "|"
            out.append(f"{_fit(before or '', column)} {mark} {_fit(after or '', column).rstrip()}")
    return "\n".join(out)


def _equal(one: list[str], two: list[str], column: int, *, first: bool, last: bool) -> list[str]:
    lines = [f"{_fit(a, column)} = {_fit(b, column).rstrip()}" for a, b in zip(one, two)]
    head, tail = (0 if first else CONTEXT), (0 if last else CONTEXT)
    if len(lines) <= head + tail + 1:
        return lines
    return [*lines[:head], f"… {len(lines) - head - tail} equal lines …", *lines[len(lines) - tail :]]


def _fit(text: str, column: int) -> str:
    text = "".join(c if c.isprintable() else " " for c in text.expandtabs(4))
    return (text if len(text) <= column else text[: column - 1] + "…").ljust(column)
