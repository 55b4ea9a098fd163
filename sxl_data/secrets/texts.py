"""Many texts searched as one, so that a text costs no call.

In: a column of texts. Out: for each of them in which there is something, what has to go from it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.secrets.find import BORDER, find
from sxl_data.secrets.hits import Hit

_BORDER = BORDER.decode()


def hits_of(texts: pa.Array, secrets: bool, people: bool) -> dict[int, list[Hit] | None]:
    """What has to go from each of ``texts`` in which there is something; None for texts that have to be asked alone,
    since something crosses from one to the next."""
    out: dict[int, list[Hit] | None] = {}
    if not len(texts):
        return out
    data, begins = _joined(texts)
    for hit in find(data, secrets, people):
        first, last = (np.searchsorted(begins, (hit.start, hit.end - 1), "right") - 1).tolist()
        begin, end = int(begins[first]), int(begins[first + 1]) - len(_BORDER)
        if first < last or hit.end > end:
            out.update(dict.fromkeys(range(first, last + 1)))
        elif (known := out.setdefault(first, [])) is not None:
            known.append(hit._replace(start=hit.start - begin, end=hit.end - begin))
    return out


def _joined(texts: pa.Array) -> tuple[bytes, np.ndarray]:
    """All texts one after the other, and where each begins and another one would."""
    lengths = pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    begins = np.concatenate([[0], np.cumsum(lengths + len(_BORDER))])
    lists = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), pc.fill_null(texts, ""))
    return pc.binary_join(lists, _BORDER)[0].as_buffer().to_pybytes(), begins


def whole(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)
