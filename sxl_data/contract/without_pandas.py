"""Arrow without pandas, for commands that need none.

In: a block of a command. Out: the block with `import pandas` failing in it, as where pandas is not installed. pyarrow
imports pandas, where it finds it, for the first array it makes of numpy's and the first it gives to numpy, only to
tell frames apart, which a command never has: 0.14 CPU seconds, a tenth of `dedup` on 50,000 files, and of each worker
of a build. It has no switch for that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


class _Absent:
    """A finder of modules that knows of one that it is not there."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("not imported by this command", name=name)


@contextmanager
def without_pandas() -> Iterator[None]:
    """No pandas while this lasts, unless something had imported it before. What asks pyarrow for a frame afterwards
    gets one: it looks for pandas again then."""
    absent = _Absent()
    sys.meta_path.insert(0, absent)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.meta_path.remove(absent)  # type: ignore[arg-type]


@cache
def keep_arrow_from_pandas() -> None:
    """pyarrow looks for pandas now, finds none, and looks again only where a frame is asked of it: for a process of our
    own that begins, in which a format or a rule of somebody else's may still import pandas by itself."""
    import pyarrow as pa

    with without_pandas():
        pa.array([True]).to_numpy(zero_copy_only=False)
