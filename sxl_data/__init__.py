"""sxl_data: sources → one validated trace dataset. Needs no torch."""

__version__ = "0.1.0"
