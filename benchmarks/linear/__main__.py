"""Time against size: every pattern that meets foreign text, and every bomb, on a log-log line.

    python benchmarks/linear [--only WORD] [--json FILE]

Each case is run at doubling sizes; the exponent is the slope of time over size. 1 is linear, 2 the square; 1.1 leaves
room for noise, and what takes less than `QUIET` seconds at its largest has none. A pattern is asked for all its
matches, or for the first where its module asks for no more, in texts that are made against it: what its own literals
begin, repeated, with and without an end. The table gives the worst of them. CPU time, the best of three; exit code 1
where an exponent is above 1.1.
"""

from __future__ import annotations

import gc
import importlib
import math
import pkgutil
import string
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kinds import BOMBS

import sxl_data
import sxl_train
from sxl_data.contract.patterns import Pattern

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

LIMIT = 1.1
QUIET = 0.002
SIZES = (4_000, 8_000, 16_000, 32_000)
CLASSES = {"n": "\n", "t": "\t", "s": " ", "d": "1", "w": "a", "b": " "}
UNITS = ("a", " ", "\n", "a ", "a\n", "1", "A", "_", "-", "a.", "(", "[a", "<a", '"a', "aA", "``` a\n", "\t ", "é")


def main() -> int:
    """Run all cases and print them, worst first. Python's search for cycles is off, as it is in the tasks of a build:
    beside the libraries that are loaded here its time would hide all else."""
    parser = harness.options(__doc__, None)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    gc.disable()
    rows = []
    for name, pattern in sorted(patterns()):
        if arguments.only in name:
            rows.append(worst_text(name, *pattern))
    for name, (sizes, make) in BOMBS.items():
        if arguments.only in name:
            rows.append(measure(name, sizes, make))
    rows.sort(key=lambda row: -row["exponent"])
    print(f"{'exponent':>8}  {'sizes':>22}  {'seconds':>18}  what")
    for row in rows:
        span = f"{row['sizes'][0]:,}–{row['sizes'][-1]:,}"
        seconds = f"{row['seconds'][0]:.4f}–{row['seconds'][-1]:.4f}"
        print(f"{row['exponent']:8.2f}  {span:>22}  {seconds:>18}  {row['name']}")
    harness.finish(arguments.json, {}, rows=rows)
    above = [row["name"] for row in rows if row["exponent"] > LIMIT]
    print(f"{len(rows)} cases, {len(above)} above {LIMIT}")
    return 1 if above else 0


def patterns() -> Iterator[tuple[str, tuple[Pattern[Any], bool]]]:
    """Every pattern that a module of the packages holds, by its place, and whether all matches are asked for."""
    seen: set[int] = set()
    for package in (sxl_data, sxl_train):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            try:
                module = importlib.import_module(info.name)
            except ImportError:  # an extra that is not installed
                continue
            for key, value in vars(module).items():
                for at, pattern in _inside(value, key):
                    if id(pattern) not in seen:
                        seen.add(id(pattern))
                        yield f"{info.name}.{at}", (pattern, _asks_for_all(module, key))


def _asks_for_all(module: Any, name: str) -> bool:
    """Whether the source asks ``name`` for all matches, or hands it on so that nobody can tell."""
    source = Path(module.__file__).read_text(encoding="utf-8")
    asked = {part.split("(")[0] for part in source.split(f"{name}.")[1:]}
    return not asked or not asked <= {"search", "match", "fullmatch"}


def _inside(value: Any, at: str) -> Iterator[tuple[str, Pattern[Any]]]:
    if isinstance(value, Pattern):
        yield at, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _inside(inner, f"{at}[{key}]")
    elif isinstance(value, (tuple, list)):
        for k, inner in enumerate(value):
            yield from _inside(inner, f"{at}[{k}]")


def attacks(pattern: str) -> Iterator[str]:
    """Pieces to repeat: plain ones, what the pattern spells out, and beginnings of that."""
    yield from UNITS
    literal, pieces = "", []
    escaped = False
    for char in pattern:
        if escaped or char in string.ascii_letters + string.digits + " <>/#:`=\"'_-,;@&%!~😀👤":
            literal += CLASSES.get(char, char) if escaped else char
            escaped = False
        elif char == "\\":
            escaped = True
        elif literal:
            pieces.append(literal)
            literal = ""
    pieces += [literal] if literal else []
    whole = "".join(pieces)
    for piece in dict.fromkeys([*pieces[:12], whole, whole + "\n"]):
        yield from (piece, piece + " ", piece + "\n", piece + "a")


def worst_text(name: str, pattern: Pattern[Any], every: bool) -> dict[str, Any]:
    """The attack on ``pattern`` that grows fastest."""
    spelled = pattern.pattern
    is_bytes = isinstance(spelled, bytes)
    worst: dict[str, Any] = {}
    for unit in attacks(spelled.decode("latin-1") if is_bytes else spelled):
        if not unit:
            continue

        def make(size: int, unit: str = unit) -> Callable[[], object]:
            text: Any = unit * (size // len(unit))
            text = text.encode("utf-8") if is_bytes else text
            if not every:
                return lambda: (pattern.search(text), pattern.fullmatch(text))
            return lambda: sum(1 for _ in pattern.finditer(text))

        sizes = SIZES if every else tuple(8 * size for size in SIZES)
        row = measure(f"{name} on {unit!r} repeated", sizes, make)
        if not worst or (row["exponent"], row["seconds"][-1]) > (worst["exponent"], worst["seconds"][-1]):
            worst = row
    return worst


def measure(name: str, sizes: tuple[int, ...], make: Callable[[int], Callable[[], object]]) -> dict[str, Any]:
    """Seconds at each size, and the slope between the larger half of them."""
    seconds = []
    for size in sizes:
        work = make(size)
        seconds.append(min(_seconds(work) for _ in range(3 if not seconds or seconds[-1] < 0.05 else 1)))
    middle = len(sizes) // 2 - 1
    exponent = 0.0
    if seconds[-1] >= QUIET:
        exponent = math.log(seconds[-1] / max(seconds[middle], 1e-6)) / math.log(sizes[-1] / sizes[middle])
    return {"name": name, "sizes": list(sizes), "seconds": seconds, "exponent": round(exponent, 3)}


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
