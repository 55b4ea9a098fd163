"""Compiled kernels as C functions, loaded without numba where that is known to work.

In: a package and its modules that list entries in `ENTRIES`, as name: (function, argument types in numba's notation).
Out: callables that take numpy arrays and numbers and run without the GIL. Importing numba and rebuilding its registries
costs 0.8 CPU seconds at every start, more than deduplicating 50,000 short rows; so numba compiles once, its object code
is kept in a file, and later starts hand that file to LLVM's loader (llvmlite alone, 0.05 s). That is the loader
`object`, on Linux on x86-64. Elsewhere (macOS, Windows, ARM) the loader `numba` imports numba, which keeps and loads
its code by itself: the same functions, a slower start. `SXL_KERNELS=numba` or `=object` chooses one. Both compile once,
for about 10 CPU seconds, when a command first has more text than numpy handles at once; shorter ones come here never.

What is kept has a name that hashes the kernels' sources, the versions and the processor, so a stale one is never found;
it lies in the package's `__pycache__`, or in the user's cache folder where the package is read-only. If neither can be
written, every process compiles once.

A numba function without a Python wrapper is a C function: a pointer for the result, one for an exception (our kernels
raise none), then the arguments, each array as (owner, owner, items, item size, data, shape…, strides…).
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

import msgspec

from sxl_data.contract.errors import error

UNUSED = (
    "NRT_Free",
    "NRT_MemInfo_call_dtor",
    "NRT_adapt_ndarray_from_python",
    "numba_do_raise",
    "numba_gil_ensure",
    "numba_gil_release",
    "numba_runtime_build_excinfo_struct",
    "numba_unpickle",
)
"""Symbols that the object code names and never reaches."""
LOADERS = ("object", "numba")
Compiled = dict[str, tuple[str, bytes, str]]
"""Per entry: its symbol, object code and argument types."""
_LOCK = Lock()
_ENGINES: list[Any] = []  # what owns the machine code must live as long as the process


def load(
    package: str, kernels: tuple[str, ...], sources: tuple[str, ...], loader: str | None = None
) -> dict[str, Kernel]:
    """Every entry of the modules ``kernels`` of ``package`` by name; ``sources`` are the modules whose text decides
    about the object code. The first call compiles or loads; it is safe from several threads. ``loader`` is ``object``
    or ``numba``, by default the one that ``SXL_KERNELS`` names or that this platform takes."""
    with _LOCK:
        return _entries(package, kernels, sources, loader or os.environ.get("SXL_KERNELS") or _usual_loader())


def _usual_loader() -> str:
    known = sys.platform == "linux" and platform.machine() == "x86_64"
    return "object" if known else "numba"


@cache
def _entries(package: str, kernels: tuple[str, ...], sources: tuple[str, ...], loader: str) -> dict[str, Kernel]:
    import llvmlite.binding as llvm

    if loader not in LOADERS:
        raise error("U401", found=f"SXL_KERNELS={loader}", expected=" or ".join(LOADERS))
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    here = Path(str(import_module(package).__file__)).parent
    files = [here.joinpath(*module.split(".")).with_suffix(".py") for module in sources]
    name = f"kernels-{_digest(llvm, files)}"
    modules = [f"{package}.{module}" for module in kernels]
    if loader == "numba":
        return _through_numba(modules, [folder / name for folder in _folders(here)])
    places = [folder / f"{name}.bin" for folder in _folders(here)]
    for place in places:
        if place.is_file():
            return _load(llvm, msgspec.msgpack.decode(place.read_bytes(), type=Compiled))
    compiled = _compile(modules)
    for place in places:
        if _save(place, msgspec.msgpack.encode(compiled)):
            break
    return _load(llvm, compiled)


def _through_numba(modules: list[str], places: list[Path]) -> dict[str, Kernel]:
    """The entries as numba itself loads them, kept in the first folder of `places` that can be written."""
    import numba

    config: Any = numba.config
    folder = next((place for place in places if _writable(place)), None)
    functions: dict[str, Kernel] = {}
    for module in modules:
        for name, (function, spelled) in import_module(module).ENTRIES.items():
            own = numba.njit(nogil=True, error_model="numpy")(function.py_func)
            if folder:
                # numba looks at this file alone for changes, not at what it calls: our folder's name sees to those.
                before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
                own.enable_caching()
                config.CACHE_DIR = before
            result = _overload(own, spelled)
            functions[name] = _bind(result.library.get_pointer_to_function(result.fndesc.llvm_func_name), spelled)
            _ENGINES.append(result)
    return functions


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _digest(llvm: Any, sources: list[Path]) -> str:
    import llvmlite

    parts = [path.read_bytes() for path in sources]
    # numba is not imported, and importlib.metadata, which knows its version too, imports half of the e-mail package.
    found = find_spec("numba")
    assert found is not None and found.origin is not None
    parts += [Path(found.origin).with_name("_version.py").read_bytes(), llvmlite.__version__.encode()]
    parts += [text.encode() for text in (sys.version, sys.platform)]
    parts += [llvm.get_host_cpu_name().encode(), llvm.get_host_cpu_features().flatten().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


def _folders(package: Path) -> list[Path]:
    """Where object code may lie, best first."""
    given = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    user = Path(given) if given else Path.home() / ".cache"
    return [package / "__pycache__", user / "sxl"]


def _save(place: Path, data: bytes) -> bool:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(place)
    except OSError:
        return False
    return True


def _compile(modules: list[str]) -> Compiled:
    compiled: Compiled = {}
    for module in modules:
        for name, (function, spelled) in import_module(module).ENTRIES.items():
            result = _overload(function, spelled)
            _, kind, (code, _) = result.library.serialize_using_object_code()
            assert kind == "object"
            compiled[name] = (result.fndesc.llvm_func_name, code, spelled)
    return compiled


def _overload(function: Any, spelled: str) -> Any:
    """numba's result of compiling a function for the argument types that are spelled out."""
    from numba import types
    from numba.core.sigutils import normalize_signature

    names = {"u8": types.uint64, "i8": types.int64, "u4": types.uint32, "u2": types.uint16, "u1": types.uint8}
    signature = types.void(*eval(f"({spelled},)", {"__builtins__": {}}, names))
    function.compile(signature)
    return function.overloads[normalize_signature(signature)[0]]


def _load(llvm: Any, compiled: Compiled) -> dict[str, Kernel]:
    # The object code also holds numba's Python wrappers and reference counting. We never enter the former and our
    # arrays have no owner to count, so what they would call is linked to a function that ends the process.
    never = ctypes.cast(ctypes.pythonapi.Py_FatalError, ctypes.c_void_p).value
    for symbol in UNUSED:
        if not llvm.address_of_symbol(symbol):
            llvm.add_symbol(symbol, never)
    machine = llvm.Target.from_default_triple().create_target_machine()
    functions: dict[str, Kernel] = {}
    for name, (symbol, code, spelled) in compiled.items():
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _ENGINES.append(engine)
        functions[name] = _bind(engine.get_function_address(symbol), spelled)
    return functions


def _bind(address: int, spelled: str) -> Kernel:
    """A callable of numpy arrays and numbers from a numba function at an address."""
    kinds = [part.strip() for part in spelled.replace(", ::1]", ";::1]").split(",")]
    slots: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
    for kind in kinds:
        whole = 0 if "[" not in kind else 2 if ";" in kind else 1
        arrays = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
        slots += arrays + [ctypes.c_int64] * 2 * whole if whole else [ctypes.c_int64]
    return Kernel(ctypes.CFUNCTYPE(ctypes.c_int32, *slots)(address), kinds)


def _of_array(value: Any, kind: str) -> list[Any]:
    """A numpy array as a compiled function takes it."""
    import numpy as np

    assert value.flags.c_contiguous and value.dtype == np.dtype(kind[:2]), (kind, value.dtype)
    return [None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]


def _of_buffer(value: bytearray | array[int], kind: str) -> list[Any]:
    """The same of what a command holds that has not imported numpy."""
    view = memoryview(value)
    assert view.itemsize == int(kind[1]), (kind, view.itemsize)
    address = ctypes.addressof(ctypes.c_char.from_buffer(value))
    return [None, None, len(view), view.itemsize, address, len(view), view.itemsize]


class Kernel:
    """A compiled function of arrays (numpy's, or flat ones of the standard library) and numbers."""

    def __init__(self, function: Any, kinds: list[str]) -> None:
        self.function, self.kinds = function, kinds

    def __call__(self, *args: Any) -> None:
        self.prepare(*args)()

    def prepare(self, *args: Any) -> Callable[[], None]:
        """The call with these arguments, to be made many times; what the arrays hold may change between."""
        result, error = ctypes.c_void_p(), ctypes.c_void_p()
        flat: list[Any] = [ctypes.addressof(result), ctypes.addressof(error)]
        for kind, value in zip(self.kinds, args, strict=True):
            if "[" not in kind:
                flat.append(int(value))
                continue
            flat += _of_buffer(value, kind) if isinstance(value, (bytearray, array)) else _of_array(value, kind)
        held = (result, error, args)  # the addresses above are theirs
        function = self.function

        def run() -> None:
            status = function(*flat)
            assert status == 0, (status, held)

        return run
