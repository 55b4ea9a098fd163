"""The distinct values of an array, ascending.

`np.unique` of numpy 2.3 and later finds them by a hash table where nothing else is asked of it, which takes 20 to 150
times what its vectorised sort takes on many different integers; 2·10^6 of 64 bits: 1.65 and 0.01 CPU seconds.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

Values = TypeVar("Values", bound=np.generic)


def distinct(values: np.ndarray[tuple[int, ...], np.dtype[Values]]) -> np.ndarray[tuple[int], np.dtype[Values]]:
    """Each value of an integer array once, ascending: what `np.unique` answers."""
    found = np.sort(values, axis=None)
    first = np.ones(len(found), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=first[1:])
    return found[first]
