"""``python -m sxl_train`` is the console script ``sxl-train``."""

from __future__ import annotations

from sxl_train.recipe import main

if __name__ == "__main__":
    raise SystemExit(main())
