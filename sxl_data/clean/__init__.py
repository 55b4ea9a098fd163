"""Makes traces fit to learn from: repairs text, removes secrets, drops broken code and empty rows. Called, it is the
command `clean`, which removes what a finished build needed while it ran."""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.build.tidy", "clean")
