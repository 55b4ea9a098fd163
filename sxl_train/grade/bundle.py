"""One program of several of our files: inside a box there is nothing to import them from."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def bundle(*names: str, last: Path | None = None) -> str:
    """The files of this folder called ``names``, then ``last``, as one text."""
    lines = ["from __future__ import annotations"]
    for path in [*(_HERE / f"{name}.py" for name in names), *([last] if last else [])]:
        text = path.read_text(encoding="utf-8")
        lines += [
            line for line in text.splitlines() if not line.startswith(("from __future__", "from sxl_train.grade"))
        ]
    return "\n".join(lines) + "\n"
