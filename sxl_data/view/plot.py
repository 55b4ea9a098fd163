"""A line over steps, drawn as SVG, with its table beside it.

In: points. Out: HTML. The drawing stretches to the width of the page; its numbers stand in the caption and in the
table, where they can be read at any size and read out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sxl_data.view.markup import Cell, Raw, folded, line, table

WIDE, HIGH = 1000, 200
_POINTS = 400
"""Points that are drawn; of more, one of each run."""
_ROWS = 40


def plot(title: str, of: str, points: Sequence[tuple[float, float]]) -> Raw:
    """``points`` (step, value), steps rising; values that are no numbers are left out. ``of`` names the value."""
    known = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if len(known) < 2:
        return Raw("")
    drawn = _thin(known, _POINTS)
    low, high = min(y for _, y in known), max(y for _, y in known)
    first, last = known[0][0], known[-1][0]
    wide, tall = (last - first) or 1, (high - low) or 1
    way = " ".join(
        f"{(x - first) / wide * WIDE:.1f},{HIGH - 10 - (y - low) / tall * (HIGH - 20):.1f}" for x, y in drawn
    )
    said = f"{title}: from {known[0][1]:.4g} at step {first:g} to {known[-1][1]:.4g} at step {last:g}"
    rows: list[list[Cell]] = [[f"{x:g}", f"{y:.5g}"] for x, y in _thin(known, _ROWS)]
    return Raw(
        f"<figure><figcaption>{line(said)}; least {low:.4g}, most {high:.4g}</figcaption>"
        f'<svg class="plot" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" '
        f'aria-label="{line(said)}"><polyline points="{way}"/></svg>'
        f"{folded('The numbers', table(title, ['step', of], rows))}</figure>"
    )


def _thin(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most ``most`` of the points, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]
