"""Machine operations over many tokens or words at once: copies, sums of mixed words, lengths, places of bits.

In: addresses and numbers as u64. Out: a u64, or what is written to an address. Portable LLVM vectors like those of
`intrinsics.py`, and like them without a check of bounds: callers leave room.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.extending import intrinsic

from sxl_data.dedup.kernels.intrinsics import BYTES64, I64

I32 = ir.IntType(32)
BITS64, NUMBERS16 = ir.VectorType(ir.IntType(1), 64), ir.VectorType(I32, 16)
SQUEEZES = bool(get_host_cpu_features().get("avx512vbmi2"))
"""Whether `squeeze` is one instruction here."""


def _copy16(typing: Any, source: Any, target: Any) -> Any:
    """Sixteen bytes from one address to another, which is a multiple of eight."""
    pair = ir.VectorType(I64, 2)

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        value = build.load(build.inttoptr(args[0], pair.as_pointer()), align=1)
        build.store(value, build.inttoptr(args[1], pair.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), emit


def _sum_mixed(typing: Any, address: Any, place: Any, step: Any, first: Any, second: Any) -> Any:
    """The sum over the eight words at an address: word k plus place + (k + 1) · step, mixed by two multipliers."""
    eight = ir.VectorType(I64, 8)

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        def spread(value: Any) -> Any:
            one = build.insert_element(ir.Constant(eight, ir.Undefined), value, ir.Constant(I32, 0))
            return build.shuffle_vector(one, one, ir.Constant(ir.VectorType(I32, 8), [0] * 8))

        def fold(value: Any, bits: int) -> Any:
            return build.xor(value, build.lshr(value, ir.Constant(eight, [bits] * 8)))

        words = build.load(build.inttoptr(args[0], eight.as_pointer()), align=1)
        places = build.mul(spread(args[2]), ir.Constant(eight, list(range(1, 9))))
        mixed = build.add(words, build.add(places, spread(args[1])))
        for bits, factor in ((32, args[3]), (29, args[4])):
            mixed = build.mul(fold(mixed, bits), spread(factor))
        reduce = build.module.declare_intrinsic("llvm.vector.reduce.add.v8i64", [], ir.FunctionType(I64, [eight]))
        return build.call(reduce, [fold(mixed, 32)])

    return types.uint64(*[types.uint64] * 5), emit


def _longer(typing: Any, starts: Any, ends: Any) -> Any:
    """Of 64 pairs of u32 at two addresses: one bit each for whether they are more than sixteen apart."""
    numbers = ir.VectorType(I32, 64)

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        start, end = (build.load(build.inttoptr(place, numbers.as_pointer()), align=4) for place in args)
        more = build.icmp_unsigned(">", build.sub(end, start), ir.Constant(numbers, [16] * 64))
        return build.bitcast(more, I64)

    return types.uint64(types.uint64, types.uint64), emit


def _squeeze(typing: Any, bits: Any, base: Any, target: Any) -> Any:
    """Writes base plus the index of every set bit to an address, as u32, 32 or 64 in all; answers how many count.

    One instruction where the processor has AVX-512 VBMI2, and slower than a loop elsewhere: see `SQUEEZES`.
    """

    def emit(context: Any, build: Any, signature: Any, args: Any) -> Any:
        bits, base, target = args
        name = "llvm.experimental.vector.compress.v64i8"
        kind = ir.FunctionType(BYTES64, [BYTES64, BITS64, BYTES64])
        compress = build.module.globals.get(name) or ir.Function(build.module, kind, name)
        unset = ir.Constant(BYTES64, ir.Undefined)
        mask = build.bitcast(bits, BITS64)
        packed = build.call(compress, [ir.Constant(BYTES64, list(range(64))), mask, unset])
        one = build.insert_element(ir.Constant(NUMBERS16, ir.Undefined), build.trunc(base, I32), ir.Constant(I32, 0))
        bases = build.shuffle_vector(one, one, ir.Constant(NUMBERS16, [0] * 16))

        def write(part: int) -> None:
            numbers = ir.Constant(NUMBERS16, list(range(16 * part, 16 * part + 16)))
            wide = build.zext(build.shuffle_vector(packed, unset, numbers), NUMBERS16)
            place = build.inttoptr(build.add(target, ir.Constant(I64, 64 * part)), NUMBERS16.as_pointer())
            build.store(build.add(wide, bases), place, align=4)

        count = build.ctpop(bits)
        write(0)
        write(1)
        with build.if_then(build.icmp_unsigned(">", count, ir.Constant(I64, 32)), likely=False):
            write(2)
            write(3)
        return count

    return types.uint64(types.uint64, types.uint64, types.uint64), emit


copy16: Any = intrinsic(_copy16)
sum_mixed: Any = intrinsic(_sum_mixed)
longer: Any = intrinsic(_longer)
squeeze: Any = intrinsic(_squeeze)
