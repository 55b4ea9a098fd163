"""Sources → batches of traces: `sources` (what a recipe says), `files` (where the bytes are), `stage`
(bytes → rows, with a quarantine for what cannot be read), `adapters` (one file per kind of row)."""
