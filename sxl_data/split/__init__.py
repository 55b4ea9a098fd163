"""Splits without leaks: whole groups go to one side (`groups`), decided by a hash of content (`assign`)."""
