"""Finds rows that share text with a benchmark: `shingles` (what is compared), `fingerprints` (a benchmark
without its text), `match` (who shares how much), `stage` (drops)."""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.decontaminate.files", "find")
