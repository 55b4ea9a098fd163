"""Finished rows → published files: `parquet`, `arrow`, `manifest`, `card`."""
