"""Machine operations that numba lacks: an unaligned load, trailing zeros, set bits, and 64 bytes classified at once.

In: an address as u64. Out: a u64. Written as portable LLVM vectors, which become AVX-512, AVX2, SSE2 or NEON on
whichever machine compiles them. Nothing here checks bounds: `rows.py` guarantees that 96 bytes after the end of
every row may be read.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

I64 = ir.IntType(64)
BYTES64 = ir.VectorType(ir.IntType(8), 64)


def _load64(typing: Any, address: Any) -> Any:
    """The eight bytes at an address, little-endian, at any alignment."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        return build.load(build.inttoptr(args[0], I64.as_pointer()), align=1)

    return types.uint64(types.uint64), emit


def _prefetch(typing: Any, address: Any) -> Any:
    """Begins to load the cache line at an address."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        bytes_ = ir.IntType(8).as_pointer()
        flags = [ir.IntType(32)] * 3
        kind = ir.FunctionType(ir.VoidType(), [bytes_, *flags])
        fetch = build.module.declare_intrinsic("llvm.prefetch", [bytes_], kind)
        read, keep, data = (ir.Constant(ir.IntType(32), value) for value in (0, 3, 1))
        build.call(fetch, [build.inttoptr(args[0], bytes_), read, keep, data])
        return context.get_dummy_value()

    return types.void(types.uint64), emit


def _trailing_zeros(typing: Any, bits: Any) -> Any:
    """The index of the lowest set bit; 64 for 0."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        return build.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), emit


def _ones(typing: Any, bits: Any) -> Any:
    """How many bits are set."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        return build.ctpop(args[0])

    return types.uint64(types.uint64), emit


def _rotate31(typing: Any, value: Any) -> Any:
    """A u64 rotated left by 31 bits."""

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        # Written as two shifts, the left one is drawn into the multiplication before it, which is then done twice.
        rotate = build.module.declare_intrinsic("llvm.fshl", [I64], ir.FunctionType(I64, [I64] * 3))
        return build.call(rotate, [args[0], args[0], ir.Constant(I64, 31)])

    return types.uint64(types.uint64), emit


def _byte_masks(typing: Any, address: Any) -> Any:
    """Of the 64 bytes at an address: one bit each for (space, word, delimiter, not ASCII).

    Space is every control character and the blank; a word is ASCII letters, digits and `_`; a delimiter is a
    bracket, quote, comma or semicolon; ASCII bytes in none of them are operators.
    """
    answer = types.UniTuple(types.uint64, 4)

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        def k(value: int) -> Any:
            return ir.Constant(BYTES64, [value] * 64)

        def within(vector: Any, first: int, count: int) -> Any:
            return build.icmp_unsigned("<", build.sub(vector, k(first)), k(count))

        def any_of(*masks: Any) -> Any:
            result = masks[0]
            for mask in masks[1:]:
                result = build.or_(result, mask)
            return build.bitcast(result, I64)

        def equal(vector: Any, value: int) -> Any:
            return build.icmp_unsigned("==", vector, k(value))

        text = build.load(build.inttoptr(args[0], BYTES64.as_pointer()), align=1)
        folded = build.or_(text, k(0x20))  # lower case, and [ ] become { }
        space = any_of(within(text, 0, 0x21), equal(text, 0x7F))
        word = any_of(within(folded, ord("a"), 26), within(text, ord("0"), 10), equal(text, ord("_")))
        delimiter = any_of(
            within(text, ord("("), 2),
            equal(folded, ord("{")),
            equal(folded, ord("}")),
            *(equal(text, ord(mark)) for mark in ",;\"'`"),
        )
        high = any_of(build.icmp_unsigned(">=", text, k(0x80)))
        return context.make_tuple(build, signature.return_type, [space, word, delimiter, high])

    return answer(types.uint64), emit


def _line_masks(typing: Any, address: Any) -> Any:
    """Of the 64 bytes at an address: one bit each for (line feed, carriage return, blank or tab)."""
    answer = types.UniTuple(types.uint64, 3)

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        text = build.load(build.inttoptr(args[0], BYTES64.as_pointer()), align=1)
        feed, back, blank, tab = (
            build.icmp_unsigned("==", text, ir.Constant(BYTES64, [mark] * 64)) for mark in b"\n\r \t"
        )
        masks = (feed, back, build.or_(blank, tab))
        return context.make_tuple(build, signature.return_type, [build.bitcast(mask, I64) for mask in masks])

    return answer(types.uint64), emit


def _compare8(typing: Any, address: Any, value: Any) -> Any:
    """Of the eight u32 at an address: one bit each for (equal to the value, 0)."""
    answer = types.UniTuple(types.uint64, 2)
    eight = ir.VectorType(ir.IntType(32), 8)

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        slots = build.load(build.inttoptr(args[0], eight.as_pointer()), align=4)
        wanted: Any = ir.Constant(eight, ir.Undefined)
        for k in range(8):
            wanted = build.insert_element(wanted, args[1], ir.Constant(ir.IntType(32), k))
        masks = (build.icmp_unsigned("==", slots, other) for other in (wanted, ir.Constant(eight, [0] * 8)))
        wide = [build.zext(build.bitcast(mask, ir.IntType(8)), I64) for mask in masks]
        return context.make_tuple(build, signature.return_type, wide)

    return answer(types.uint64, types.uint32), emit


# Bound by name rather than decorated: a type checker reads a decorated one as a function of (typing, address).
load64: Any = intrinsic(_load64)
prefetch: Any = intrinsic(_prefetch)
trailing_zeros: Any = intrinsic(_trailing_zeros)
ones: Any = intrinsic(_ones)
rotate31: Any = intrinsic(_rotate31)
compare8: Any = intrinsic(_compare8)
byte_masks: Any = intrinsic(_byte_masks)
line_masks: Any = intrinsic(_line_masks)
