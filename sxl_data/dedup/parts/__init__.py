"""The comparison of all rows in independent parts: exact duplicates, candidates, verified pairs, survivors."""
