"""The name or file of a training recipe in, its values and where each came from out."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import msgspec

from sxl_data.contract.config import Loaded, load
from sxl_data.contract.console import format_table
from sxl_data.contract.errors import error
from sxl_train.config import Recipe
from sxl_train.run.objects import Object


def find_recipes() -> dict[str, Path]:
    """Recipes by name: the checkout's recipes/train, or the copy inside the installed package."""
    checkout = Path(__file__).resolve().parents[2] / "recipes" / "train"
    folder = checkout if checkout.is_dir() else Path(str(resources.files("sxl_train"))) / "_recipes" / "train"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def is_unknown(name: str) -> bool:
    """Whether there is no recipe of that name and no file."""
    return name not in find_recipes() and not Path(name).is_file()


def open_recipe(name: str, overrides: Sequence[str] = ()) -> tuple[str, Loaded[Recipe]]:
    """A recipe by name or path, with ``key=value`` overrides applied. Raises `UserError` (U1xx)."""
    known = find_recipes()
    if name in known:
        return name, load(Recipe, known[name], overrides)
    if not Path(name).is_file():
        raise error("U104", file=name, found="no such recipe", expected=f"a file, or one of {', '.join(known)}")
    return Path(name).stem, load(Recipe, Path(name), overrides)


def print_recipe(loaded: Loaded[Recipe], every: bool = True) -> str:
    """Every key, or those that somebody set, its value and where the value came from."""
    values = flatten(msgspec.to_builtins(loaded.value))
    rows = [
        (key, msgspec.json.encode(value).decode(), loaded.origins.get(key, "default")) for key, value in values.items()
    ]
    if every:
        return format_table(("key", "value", "from"), rows)
    some = [row for row in rows if row[2] != "default"]
    more = f"and {len(rows) - len(some)} values that nobody set (--print lists them)"
    return f"{format_table(('key', 'value', 'from'), some)}\n{more}"


def flatten(values: object, prefix: str = "") -> Object:
    """Nested values as one level, with dots between the names."""
    if not isinstance(values, dict):
        return {prefix: values}
    flat: Object = {}
    for name, value in values.items():
        flat |= flatten(value, f"{prefix}.{name}" if prefix else name)
    return flat
