"""A finished build onto the Hub: what is sent, what is checked before, and one commit. Knows no stage."""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.publish.command", "publish")
