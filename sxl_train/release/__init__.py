"""Measure, write, check and describe what is released."""
