"""The viewer of a finished build: a small server on this machine, and the page that it serves.

Reads a finished build alone, wherever it was copied to: an index of narrow columns is held, texts are read from Parquet
when somebody looks at them.
"""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.serve.serve", "serve")
