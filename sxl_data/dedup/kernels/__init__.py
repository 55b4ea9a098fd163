"""The compiled half of deduplication. Nobody else in dedup imports numba."""
