"""A kernel of known result, by which `object_code` sees that it still knows how numba calls functions."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, error_model="numpy")
def self_check(values, times):
    """Each value times ``times``, and 1 more in the last column."""
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            values[row, column] = values[row, column] * times + (column == 2)


ENTRIES = {"self_check": (self_check, "u4[:, ::1], i8")}
