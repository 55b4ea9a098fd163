"""What a user's own Python file defines; its code runs with all rights of whoever names it.

In: the file, the name of what it has to define and its type. Out: that object, loaded anew at each call.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from sxl_data.contract.errors import error


def load_own(file: str, name: str, kind: type, expected: str) -> Any:
    """The object ``name`` of ``file``, of the type ``kind``, which ``expected`` words. Raises `UserError` U201 for a
    file that is not there, U202 for one that cannot be imported or lacks it."""
    if not Path(file).is_file():
        raise error("U201", file=file, found="no such file", expected=f"a Python file that defines {name}")
    spec = spec_from_file_location(f"sxl_own_{Path(file).stem}", file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as problem:  # whatever their code raises
        found = f"{type(problem).__name__}: {problem}"
        raise error("U202", file=file, found=found, expected="a Python file that can be imported") from None
    own = getattr(module, name, None)
    if not isinstance(own, kind):
        raise error("U202", file=file, found=f"no {name}" if own is None else repr(own), expected=expected)
    return own
