"""The JSON Schema of the training recipe: ``python -m sxl_train.schemas --write``."""

from __future__ import annotations

import sys

from sxl_data.build.schemas import render, write
from sxl_data.contract.resources import schemas_folder
from sxl_train.config import Recipe

MODELS: dict[str, tuple[type, str]] = {"recipe.train.v1.json": (Recipe, "sxl training recipe 1.0")}

if __name__ == "__main__":
    if "--write" in sys.argv:
        write(MODELS, schemas_folder())
    else:
        print("".join(render(name, *entry) for name, entry in MODELS.items()))
