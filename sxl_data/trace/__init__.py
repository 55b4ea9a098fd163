"""The trace: its types, its checks, its table form, and the formats it is read from and written to."""
