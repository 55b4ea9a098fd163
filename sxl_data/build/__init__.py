"""A build: its recipe, the tasks it runs, what it publishes, and the questions asked of a finished one."""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.pipeline", "build")
