"""Every call of numba that is not public, and the C calling convention that goes with it: machine code without numba.

In: jitted functions with their argument types. Out: their object code as bytes, and from those bytes, in a later
process, C functions, by llvmlite alone. `loader` takes numba's own way where anything here fails:
`passes_check` runs a function of known result from such bytes in a process of its own, which a changed convention may
kill.

A numba function without a Python wrapper is a C function: a pointer for the result, one for an exception (our kernels
raise none), then the arguments, each array as (owner, owner, items, item size, data, shape…, strides…).
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec

Compiled = dict[str, tuple[str, bytes, str]]
"""Per entry: its symbol, object code and argument types."""
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
PROBE = "self_check"
_PROGRAM = (
    "import sys; from sxl_data.native.object_code import answers_rightly, load_objects, unpack; "
    "sys.exit(not answers_rightly(load_objects(unpack(sys.stdin.buffer.read()))))"
)
_ENGINES: list[Any] = []  # what owns the machine code must live as long as the process


def compile_objects(entries: dict[str, tuple[Any, Any, str]]) -> Compiled:
    """Object code of functions: name → (function, numba's signature, its argument types spelled out)."""
    compiled: Compiled = {}
    for name, (function, signature, spelled) in entries.items():
        function.compile(signature)
        result = function.overloads[signature.args]
        _, kind, (code, _) = result.library.serialize_using_object_code()
        assert kind == "object"
        compiled[name] = (result.fndesc.llvm_func_name, code, spelled)
    return compiled


def pack(compiled: Compiled) -> bytes:
    return msgspec.msgpack.encode(compiled)


def unpack(data: bytes) -> Compiled:
    return msgspec.msgpack.decode(data, type=Compiled)


def load_objects(compiled: Compiled) -> dict[str, Callable[[list[Any]], int]]:
    """C functions by name: each takes the flat arguments of `flatten` and answers 0."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # The object code also holds numba's Python wrappers and reference counting. We never enter the former and our
    # arrays have no owner to count, so what they would call is linked to a function that ends the process.
    never = ctypes.cast(ctypes.pythonapi.Py_FatalError, ctypes.c_void_p).value
    for symbol in UNUSED:
        if not llvm.address_of_symbol(symbol):
            llvm.add_symbol(symbol, never)
    machine = llvm.Target.from_default_triple().create_target_machine()
    functions: dict[str, Callable[[list[Any]], int]] = {}
    for name, (symbol, code, spelled) in compiled.items():
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _ENGINES.append(engine)
        functions[name] = ctypes.CFUNCTYPE(ctypes.c_int32, *_slots(spelled))(engine.get_function_address(symbol))
    return functions


def _slots(spelled: str) -> list[Any]:
    slots: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
    for kind in spelled.replace(", ::1]", ";::1]").split(","):
        whole = 0 if "[" not in kind else 2 if ";" in kind else 1
        array = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
        slots += array + [ctypes.c_int64] * 2 * whole if whole else [ctypes.c_int64]
    return slots


def answers_rightly(functions: dict[str, Any]) -> bool:
    """Whether the entry `PROBE`, of `probe`, does what it should."""
    held = (ctypes.c_uint32 * 6)(1, 2, 3, 4, 5, 6)
    none = ctypes.c_void_p(), ctypes.c_void_p()
    array = [None, None, 6, 4, ctypes.addressof(held), 2, 3, 12, 4]
    return functions[PROBE](*map(ctypes.addressof, none), *array, 7) == 0 and [*held] == [7, 14, 22, 28, 35, 43]


def passes_check(compiled: Compiled) -> bool:
    """Whether these bytes answer rightly in a process that they may end."""
    program = f"import sys; sys.path[:] = {sys.path!r}; {_PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], input=pack({PROBE: compiled[PROBE]}), capture_output=True)
    return done.returncode == 0
