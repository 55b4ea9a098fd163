"""The JSON Schemas of recipe and manifest, generated from the structs and their documentation.

    python -m sxl_data.build.schemas --write

writes them into the checkout's schemas/; a test compares. (`sxl_data.trace.schema` makes those of traces,
ledger and codes.) An editor that knows YAML schemas completes and checks a recipe with them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sxl_data.build.recipe import Recipe
from sxl_data.contract.resources import schemas_folder
from sxl_data.contract.structs import json_schema
from sxl_data.write.manifest import Manifest

MODELS: dict[str, tuple[type, str]] = {
    "recipe.data.v1.json": (Recipe, "sxl data recipe 1.0"),
    "manifest.v1.json": (Manifest, "sxl manifest 1.0"),
}


def render(name: str, model: type, title: str) -> str:
    """The schema of ``model`` as the text of the file ``name``."""
    stem = name.removesuffix(".json").replace(".", ":")
    return json.dumps(json_schema(model, f"urn:sxl:schema:{stem}", title), indent=2, ensure_ascii=False) + "\n"


def write(models: dict[str, tuple[type, str]], folder: Path) -> None:
    """Write the schema files of ``models`` into ``folder``."""
    for name, (model, title) in models.items():
        (folder / name).write_text(render(name, model, title), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write(MODELS, schemas_folder())
    else:
        print("".join(render(name, *entry) for name, entry in MODELS.items()))
