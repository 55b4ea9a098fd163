"""Finds rows that share text with a benchmark: `shingles` (what is compared), `fingerprints` (a benchmark
without its text), `match` (who shares how much), `stage` (drops)."""
