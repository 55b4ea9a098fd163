"""Measure a model folder: loss, tool calls, and how it compares with the steps before it."""

from __future__ import annotations
