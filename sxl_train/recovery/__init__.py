"""A few steps of training that win back what a cut or rounding has cost; `loop` is the whole of it."""
