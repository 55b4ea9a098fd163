"""Trace formats, a file each: how a format is recognised, read and, for some, written."""
