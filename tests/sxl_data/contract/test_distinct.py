from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.contract.distinct import distinct


@pytest.mark.parametrize("kind", [np.int64, np.uint64, np.uint32, np.int8])
@given(values=st.lists(st.integers(0, 100)))
def test_each_value_is_there_once_in_order_and_of_its_type(kind: type, values: list[int]) -> None:
    found = distinct(np.array(values, dtype=kind))
    assert sorted(set(values)) == found.tolist()
    assert kind == found.dtype


def test_an_array_of_rows_is_taken_as_its_values() -> None:
    assert [1, 2, 3] == distinct(np.array([[3, 1], [2, 3]])).tolist()
