"""Fine-tune, shrink, evaluate and package a small coding agent. Start reading at `recipe.py`."""

from __future__ import annotations
