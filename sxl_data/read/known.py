"""The formats that reading knows, by name.

In: nothing, or a name. Out: formats: those of traces, the adapters of sources, one of the user's own. Apart from
`stage` because every command asks this, and pyarrow takes longer to load than a small file takes to check.
"""

from __future__ import annotations

from functools import cache

from sxl_data.contract.own_code import load_own
from sxl_data.formats.registry import CONVERTERS, formats, get
from sxl_data.read.sources import is_file
from sxl_data.trace.format import Format

ADAPTERS = "sxl_data.read.adapters"


def known_formats() -> dict[str, Format]:
    """Trace formats and source adapters, by name."""
    return formats(CONVERTERS, ADAPTERS)


@cache
def format_of(name: str) -> Format:
    """The format called ``name``, or the `FORMAT` of the Python file ``name``.

    Raises `UserError` U202 for an unknown name or a file without a format, U201 for a file that is not there.
    """
    if not is_file(name):
        return get(name, known_formats())
    found: Format = load_own(name, "FORMAT", Format, "FORMAT with name, title, unit, detect and read")
    return found
