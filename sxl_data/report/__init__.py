"""The report of a finished build: one page that shows people what is in the dataset and what was left out.

Reads a finished build alone, of whatever recipe; knows no stage.
"""

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.report.report", "report")
