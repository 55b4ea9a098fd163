"""Turn the last step's folder into one that can be published."""

from __future__ import annotations
