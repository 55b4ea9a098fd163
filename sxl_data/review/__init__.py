"""Reasoning judged by persons or models: a blind sample, a sheet for it, votes, agreement, exports.

Reads a finished build, a file of traces or two files of model outputs, and knows no stage. ``sxl_data.review(…)`` is
`sampling.sample`; the other commands are ``sxl_data.review.sheet``, ``import_votes``, ``agree`` and ``export``.
"""

from importlib import import_module
from typing import Any

from sxl_data.contract.callable import make_callable

make_callable(__name__, "sxl_data.review.sampling", "sample")

_FUNCTIONS = {
    "sample": "sampling",
    "sheet": "page",
    "import_votes": "importing",
    "agree": "agreement",
    "export": "exporting",
}


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
