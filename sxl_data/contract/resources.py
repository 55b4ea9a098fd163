"""Finds what ships beside the code: recipes, samples, schemas.

In a checkout they lie at the top, where people look for them; in an installed package they lie inside
it. The package's own copy is looked for first.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def _folder(installed: str, checkout: str) -> Path:
    inside = _PACKAGE / installed
    return inside if inside.is_dir() else _PACKAGE.parent / checkout


def recipes_folder() -> Path:
    """Folder of the data recipes that sxl ships."""
    return _folder("_recipes/data", "recipes/data")


def samples_folder() -> Path:
    """Folder of the sample files that sxl ships."""
    return _folder("_recipes/samples", "recipes/samples")


def schemas_folder() -> Path:
    """Folder of the JSON Schemas."""
    return _folder("_schemas", "schemas")
