"""Compiled kernels, kept between processes.

In: a package and its modules that list entries in `ENTRIES`, as name: (function, argument types, each `u8`, `i8`, `u4`,
`u2` or `u1`, arrays `[::1]` or `[:, ::1]`). Out: callables that take numpy arrays and numbers and run without the GIL.
Two ways lead there, the same functions by both; `SXL_KERNELS=numba` or `=object` chooses one.

- `numba`, wherever the other is not known to work (macOS, Windows, ARM): numba's own cache by its public names, `njit`
  with explicit signatures and `cache=True` in `NUMBA_CACHE_DIR`.
- `object`, on Linux on x86-64: numba compiles once, its object code is kept in a file, and later starts hand that file
  to LLVM's loader. `object_code` holds all that is not public in it, and checks itself when it has compiled; if it
  cannot, a line says so and numba's way is taken.

Why two: importing numba and rebuilding its registries is most of a short command. `sxl-data dedup` of 2,000 rows, 3 MB,
CPU seconds from start to end on two busy cores, medians of five pairs: `object` 0.65, `numba` 1.35. `sxl-data validate`
of a file below 16 MB, 0.31 by either: it loads no kernel.

Both compile once, for about 10 CPU seconds, when a command first has more text than numpy handles at once; shorter ones
come here never.

What is kept has a name that hashes the kernels' sources, the versions and the processor, so a stale one is never found;
it lies in `NUMBA_CACHE_DIR` where that is set, in the package's `__pycache__`, or in the user's cache folder where the
package is read-only. If none can be written, every process compiles once.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
import tempfile
from array import array
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from sxl_data.contract.console import say
from sxl_data.contract.errors import error
from sxl_data.native.object_code import (
    Compiled,
    answers_rightly,
    compile_objects,
    load_objects,
    pack,
    passes_check,
    unpack,
)

LOADERS = ("object", "numba")
_PROBE = "sxl_data.native.probe"
_LOCK = Lock()


def load(
    package: str, kernels: tuple[str, ...], sources: tuple[str, ...], loader: str | None = None
) -> dict[str, Kernel]:
    """Every entry of the modules ``kernels`` of ``package`` by name; ``sources`` are the modules whose text decides
    about the object code. The first call compiles or loads; it is safe from several threads. ``loader`` is ``object``
    or ``numba``, by default the one that ``SXL_KERNELS`` names or that this platform takes. Raises U401 for another
    name, ImportError where numba or llvmlite cannot be loaded."""
    with _LOCK:
        return _entries(package, kernels, sources, loader or os.environ.get("SXL_KERNELS") or _usual_loader())


def _usual_loader() -> str:
    known = sys.platform == "linux" and platform.machine() == "x86_64"
    return "object" if known else "numba"


@cache
def _entries(package: str, kernels: tuple[str, ...], sources: tuple[str, ...], loader: str) -> dict[str, Kernel]:
    if loader not in LOADERS:
        raise error("U401", found=f"SXL_KERNELS={loader}", expected=" or ".join(LOADERS))
    here = Path(str(import_module(package).__file__)).parent
    files = [here.joinpath(*module.split(".")).with_suffix(".py") for module in sources]
    name = f"kernels-{_digest([*files, Path(__file__).with_name('probe.py')])}"
    modules = [f"{package}.{module}" for module in kernels]
    if loader == "object":
        try:
            return _through_objects(modules, [folder / f"{name}.bin" for folder in _folders(here)])
        except ImportError:
            raise
        except Exception as problem:  # private names of numba: any of them may be gone
            say(f"kernels  this numba is not known ({problem}): a slower start; SXL_KERNELS=numba spares this line")
    return _through_numba(modules, [folder / name for folder in _folders(here)])


def _through_objects(modules: list[str], places: list[Path]) -> dict[str, Kernel]:
    """The entries from object code, which is kept in the first file of ``places`` that can be written."""
    for place in places:
        if place.is_file():
            try:
                return _bind(unpack(place.read_bytes()))
            except (ValueError, KeyError, RuntimeError, OSError):
                continue  # damaged: made anew
    named = {name: (f, _signature(spelled), spelled) for name, (f, spelled) in _listed([*modules, _PROBE]).items()}
    compiled = compile_objects(named)
    if not passes_check(compiled):
        raise RuntimeError("its object code failed a check")
    for place in places:
        if _save(place, pack(compiled)):
            break
    return _bind(compiled)


def _bind(compiled: Compiled) -> dict[str, Kernel]:
    functions = load_objects(compiled)
    if not answers_rightly(functions):
        raise RuntimeError("object code that was kept failed a check")
    return {name: Kernel(function, compiled[name][2], flat=True) for name, function in functions.items()}


def _through_numba(modules: list[str], places: list[Path]) -> dict[str, Kernel]:
    """The entries as numba itself loads them, kept in the first folder of ``places`` that can be written."""
    import numba

    folder = next((place for place in places if _writable(place)), None)
    before = os.environ.get("NUMBA_CACHE_DIR")
    functions: dict[str, Kernel] = {}
    try:
        if folder:
            # numba looks at one file alone for changes, not at what it calls: our folder's name sees to those.
            os.environ["NUMBA_CACHE_DIR"] = str(folder)
            numba.config.reload_config()
        for name, (function, spelled) in _listed(modules).items():
            make = numba.njit(_signature(spelled), nogil=True, error_model="numpy", cache=folder is not None)
            functions[name] = Kernel(make(function.py_func), spelled, flat=False)
    finally:
        os.environ.pop("NUMBA_CACHE_DIR", None)
        os.environ |= {"NUMBA_CACHE_DIR": before} if before is not None else {}
        numba.config.reload_config()
    return functions


def _listed(modules: list[str]) -> dict[str, tuple[Any, str]]:
    return {name: entry for module in modules for name, entry in import_module(module).ENTRIES.items()}


def _signature(spelled: str) -> Any:
    """numba's signature of argument types that are spelled out."""
    import numba

    names: dict[str, Any] = {
        "u8": numba.uint64,
        "i8": numba.int64,
        "u4": numba.uint32,
        "u2": numba.uint16,
        "u1": numba.uint8,
    }
    types = [
        names[kind[:2]][:, ::1] if ";" in kind else names[kind[:2]][::1] if "[" in kind else names[kind]
        for kind in _kinds(spelled)
    ]
    return numba.void(*types)


def _kinds(spelled: str) -> list[str]:
    return [part.strip() for part in spelled.replace(", ::1]", ";::1]").split(",")]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _digest(sources: list[Path]) -> str:
    import llvmlite
    import llvmlite.binding as llvm

    parts = [path.read_bytes() for path in sources]
    # numba is not imported, and importlib.metadata, which knows its version too, imports half of the e-mail package.
    found = find_spec("numba")
    if found is None or found.origin is None:
        raise ImportError("numba is not installed", name="numba")
    parts += [Path(found.origin).with_name("_version.py").read_bytes(), llvmlite.__version__.encode()]
    parts += [text.encode() for text in (sys.version, sys.platform)]
    parts += [llvm.get_host_cpu_name().encode(), llvm.get_host_cpu_features().flatten().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


def _folders(package: Path) -> list[Path]:
    """Where compiled code may lie, best first."""
    asked = os.environ.get("NUMBA_CACHE_DIR")
    given = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    user = Path(given) if given else Path.home() / ".cache"
    return [*([Path(asked)] if asked else []), package / "__pycache__", user / "sxl"]


def kept(package: str, name: str, made_of: bytes, make: Callable[[], bytes]) -> bytes:
    """What ``make`` makes of ``made_of``, kept beside the compiled code of ``package`` where that can be written."""
    here = Path(str(import_module(package).__file__)).parent
    sign = hashlib.sha256(made_of).digest()
    places = [folder / f"{name}-{sign.hex()[:24]}.bin" for folder in _folders(here)]
    for place in places:
        try:
            data = place.read_bytes()
        except OSError:
            continue
        if data[:32] == hashlib.sha256(sign + data[32:]).digest():  # else damaged: made anew
            return data[32:]
    data = make()
    any(_save(place, hashlib.sha256(sign + data).digest() + data) for place in places)
    return data


def _save(place: Path, data: bytes) -> bool:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(place)
    except OSError:
        return False
    return True


class Kernel:
    """A compiled function of arrays (numpy's, or flat ones of the standard library) and numbers."""

    def __init__(self, function: Callable[..., Any], spelled: str, flat: bool) -> None:
        """``flat``: the function is one of C, whose arguments are those of `object_code`."""
        self.function, self.kinds, self.flat = function, _kinds(spelled), flat

    def __call__(self, *args: Any) -> None:
        self.prepare(*args)()

    def prepare(self, *args: Any) -> Callable[[], None]:
        """The call with these arguments, to be made many times; what the arrays hold may change between."""
        function = self.function
        given = list(zip(self.kinds, args, strict=True))
        if not self.flat:
            values = [_writable_view(value, kind) if "[" in kind else _number(value, kind) for kind, value in given]
            kept = (values, args)  # the former may be views of the latter

            def call() -> None:
                function(*kept[0])

            return call
        result, failure = ctypes.c_void_p(), ctypes.c_void_p()
        flat: list[Any] = [ctypes.addressof(result), ctypes.addressof(failure)]
        for kind, value in given:
            if "[" not in kind:
                flat.append(int(value))
                continue
            flat += _of_buffer(value, kind) if isinstance(value, (bytearray, array)) else _of_array(value, kind)
        held = (result, failure, args)  # the addresses above are theirs
        passed = [kind(value) for kind, value in zip(function.argtypes, flat, strict=True)]  # type: ignore[attr-defined]

        def run() -> None:
            status = function(*passed)
            assert status == 0, (status, held)

        return run


def _number(value: Any, kind: str) -> Any:
    import numpy as np

    return np.dtype(kind).type(value)


def _writable_view(value: Any, kind: str) -> Any:
    """An array that numba takes for one that may be written, which mapped files and buffers of Arrow are not: kernels
    write to none of those."""
    import numpy as np

    found = np.frombuffer(value, kind[:2]) if isinstance(value, (bytearray, array)) else value
    assert found.flags.c_contiguous and found.dtype == np.dtype(kind[:2]), (kind, found.dtype)
    if found.flags.writeable and type(found) is np.ndarray:
        return found
    memory = (ctypes.c_char * found.nbytes).from_address(found.ctypes.data)
    return np.ndarray(found.shape, found.dtype, memoryview(memory))


def _of_array(value: Any, kind: str) -> list[Any]:
    """A numpy array as a C function takes it."""
    import numpy as np

    assert value.flags.c_contiguous and value.dtype == np.dtype(kind[:2]), (kind, value.dtype)
    return [None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]


def _of_buffer(value: bytearray | array[int], kind: str) -> list[Any]:
    """The same of what a command holds that has not imported numpy."""
    view = memoryview(value)
    assert view.itemsize == int(kind[1]), (kind, view.itemsize)
    address = ctypes.addressof(ctypes.c_char.from_buffer(value))
    return [None, None, len(view), view.itemsize, address, len(view), view.itemsize]
