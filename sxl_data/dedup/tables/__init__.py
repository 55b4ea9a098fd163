"""Deduplication of table files: `sxl-data dedup FILE…`."""
