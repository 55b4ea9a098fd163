"""One trace as a page: the blocks of `show` for a browser, to be read at length or sent to somebody.

In: a trace. Out: one HTML document without scripts, fonts or anything else from elsewhere, so that opening a stranger's
trace loads nothing. All text is escaped; what is long is folded, and the browser's own search still finds it.
"""

from __future__ import annotations

from sxl_data.trace.types import Trace
from sxl_data.view.blocks import blocks
from sxl_data.view.markup import document


def page(trace: Trace) -> str:
    """``trace`` as an HTML document."""
    return document(trace.task.split("\n")[0][:80] or trace.trace_id, blocks(trace))
