"""How weights are stored: rounding to each format, what it costs, and the bytes of int4, float8 and GGUF files."""
