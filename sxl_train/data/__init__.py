"""Rows of a dataset in, token sequences with their trained tokens out."""
