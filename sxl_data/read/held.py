"""Traces on their way into tables.

Objects take ten times the room of a table, so few are held at first, and then as many as their text allows.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.secrets.quoted import ids
from sxl_data.secrets.rows import Redaction, clean
from sxl_data.secrets.rows import lines as taken_lines
from sxl_data.trace.format import Reading
from sxl_data.trace.table import to_table

# Traces that are held: at first, at most, and of what text.
FIRST_HELD, MOST_HELD, HELD_BYTES = 100, 2_000, 32_000_000


class Held:
    """The traces of a chunk; secrets and persons leave them, as ``redaction`` says, when they become a table."""

    def __init__(self, redaction: Redaction | None) -> None:
        self.redaction = redaction
        self._readings: list[Reading] = []
        self._stated: list[list[str] | None] = []  # of each reading
        self._tables: list[pa.Table] = []
        self._taken: list[pa.Table] = []
        self._room = FIRST_HELD

    def add(self, readings: Sequence[Reading], stated: list[str] | None) -> None:
        """Hold the ``readings`` of one document, whose ids it states are ``stated``."""
        self._readings += readings
        self._stated += [stated] * len(readings)
        if len(self._readings) >= self._room:
            self._let_go()
            text = pc.sum(self._tables[-1]["text_bytes"]).as_py()
            self._room = max(1, min(MOST_HELD, HELD_BYTES * len(self._tables[-1]) // max(text, 1)))

    def tables(self) -> tuple[pa.Table, pa.Table | None]:
        """All traces, and the ledger of what was taken out of them; None where nothing is."""
        self._let_go()
        return pa.concat_tables(self._tables), pa.concat_tables(self._taken) if self._taken else None

    def _let_go(self) -> None:
        table = to_table(
            (reading.trace for reading in self._readings),
            groups=[reading.group for reading in self._readings],
            languages=[reading.language for reading in self._readings],
            stated=self._stated,
        )
        if self.redaction is not None:
            table = ids(table) if self.redaction.secrets else table
            found = clean(table, self.redaction.secrets, self.redaction.people(table))
            self._taken.append(taken_lines(table, found))
            table = found.batch
        self._tables.append(table)
        self._readings, self._stated = [], []
