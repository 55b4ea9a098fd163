"""A prefix cache: which sequence of llama.cpp holds which tokens, so that what prompts begin with is read once.

Sequence 0 reads prompts. A row is lent what was read and goes on in a sequence of its own; when it is finished it is
kept with what it wrote, and the next turn of that conversation begins with both. Cells are shared, so what is kept
costs what it does not share with others; the oldest is given up where no sequence or no cell is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sxl_train.generate.llama import Llama
from sxl_train.generate.prompts import count_same

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEPT = 64
"""Sequences kept at most."""
MOVED = 4
"""Of these, how many are taken along where more room is made: what they share is no longer shared then."""
MOST = 256
"""Sequences that llama.cpp knows."""


class Prefixes:
    """The sequences of one model."""

    def __init__(self, llama: Llama) -> None:
        self.llama = llama
        llama.make_room = self._give_up
        self.head: list[int] = []
        """What sequence 0 holds."""
        self._kept: dict[int, list[int]] = {}
        """The oldest first."""
        self._free: list[int] = []

    def open(self, cells: int, rows: int, kept: int) -> None:
        """Room for ``cells`` tokens, ``rows`` at once and some that are ``kept``."""
        last = list(self._kept)[-MOVED:]
        moved = self.llama.open_cells(cells, 1 + rows + max(0, min(kept, KEPT, MOST - 1 - rows)), [0, *last])
        if moved is not None:
            self._kept = {sequence: self._kept[sequence] for sequence in last if sequence in moved}
            self.head = self.head if 0 in moved else []
            self._free.clear()
        for sequence in range(1, self.llama.sequences):
            if sequence not in self._kept and sequence not in self._free:  # new, or of a row that nobody saw the end of
                self.llama.forget(sequence)
                self._free.append(sequence)

    def read(self, ids: Sequence[int], first: int) -> NDArray[np.float32]:
        """Logits of ``ids`` from place ``first`` on, read in sequence 0; what any sequence holds of them is not read
        again."""
        same = min(count_same(self.head, ids), first)
        shared = {sequence: count_same(held, ids) for sequence, held in self._kept.items()}
        nearest = max(shared, key=lambda sequence: shared[sequence], default=0)
        if nearest and min(shared[nearest], first) > same:
            same = min(shared[nearest], first)
            self.llama.forget(0)
            self.llama.lend(nearest, 0)
        self.llama.forget(0, same)
        self.head = list(ids[:same])
        tokens = [(token, same + at, 0) for at, token in enumerate(ids[same:])]
        logits = self.llama.decode(tokens, range(first - same, len(tokens)))
        self.head = list(ids)
        return logits

    def put(self, ids: Sequence[int], saved: bytes) -> bool:
        """Let sequence 0 hold ``ids`` as they were saved; False where that is not possible."""
        self.llama.forget(0)
        done = self.llama.restore(0, saved)
        self.head = list(ids) if done else []
        return done

    def branch(self) -> int:
        """A sequence that goes on behind what was read last."""
        if not self._free:
            self._give_up()
        sequence = self._free.pop()
        self.llama.lend(0, sequence)
        return sequence

    def keep(self, sequence: int, ids: Sequence[int]) -> None:
        """``sequence`` is finished and holds ``ids``; an earlier turn of the same conversation is let go."""
        for earlier in [at for at, held in self._kept.items() if held == ids[: len(held)]]:
            self._let_go(earlier)
        self._kept[sequence] = list(ids)

    def _give_up(self) -> bool:
        """Let the oldest go; False where none is left."""
        if self._kept:
            self._let_go(next(iter(self._kept)))
            return True
        return False

    def _let_go(self, sequence: int) -> None:
        del self._kept[sequence]
        self.llama.forget(sequence)
        self._free.append(sequence)
