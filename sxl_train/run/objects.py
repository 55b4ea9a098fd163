"""JSON objects whose keys a file or a library decides: ``config.json``, ``tokenizer.json``, ``run.json``, a row."""

from __future__ import annotations

from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
Value: TypeAlias = Any
"""Any JSON value."""
