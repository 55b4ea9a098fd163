"""Secrets and persons in texts: what they look like (`secrets.toml`), where they stand, and what goes in their place.

In: bytes, texts, tables or files that somebody else wrote. Out: places with their kinds, or the same with placeholders.
The clean stage, the validator, its fast scan and the command `redact` all ask here, so that what one of them calls a
secret the others do too. Knows no trace and no stage.
"""
