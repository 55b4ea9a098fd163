"""Room left under a limit → the matrices that it stores in wider formats, greedily by gain per byte.

What a matrix in a format costs comes from the caller: measured on samples (`sxl_train.storage.precision`), or expected
before there are any weights (`expect_costs`). Whole matrices are stored wider, so what is left over in the end is less
than the smallest step that was not taken; a share of the bytes would promise more than can be kept.
"""

from __future__ import annotations

from math import prod

from sxl_train.plan.formats import BLOCKS, DTYPE_BYTES, GGUF, WIDER, Format, choose_type, store
from sxl_train.plan.shapes import Shape, Tensor

ENTRY = 100
"""Bytes that a matrix in another format may add to the header of a safetensors file and to config.json."""
Costs = dict[str, dict[Format, float]]
"""Matrix → format → expected rise of the loss, in the caller's unit."""


def spend_room(shape: Shape, format: Format, room: int, costs: Costs) -> dict[str, Format]:
    """Matrices to store wider than ``format``, at most ``room`` bytes more in all.

    Where there are several wider formats a matrix may climb more than one of them.
    """
    ladder = (format, *WIDER.get(format, ()))
    tensors = [tensor for tensor in shape.tensors() if tensor.kind != "vector"]
    sizes = {t.name: {rung: count_bytes(t, rung) for rung in ladder} for t in tensors}
    extra = 0 if format in GGUF else ENTRY
    chosen: dict[str, Format] = {}
    while True:
        offers = []
        for name, bytes_of in sizes.items():
            now = chosen.get(name, format)
            for wider in ladder[ladder.index(now) + 1 :]:
                if bytes_of[wider] == bytes_of[now]:
                    continue  # NF4 leaves the embedding in bf16
                more = bytes_of[wider] - bytes_of[now] + extra
                gain = costs[name][now] - costs[name][wider]
                if more <= room and gain > 0:
                    offers.append((gain / more, more, name, wider))
        if not offers:
            return chosen
        _, more, name, wider = max(offers)
        chosen[name], room = wider, room - more


def count_bytes(tensor: Tensor, format: Format) -> int:
    """Bytes of one tensor in a file, names left out."""
    if format in GGUF:
        block, size = BLOCKS[choose_type(tensor, format)]
        return int(tensor.count // block * size)
    return sum(DTYPE_BYTES[dtype] * prod(extents) for _, dtype, extents in store(tensor, format))


def expect_costs(shape: Shape, formats: dict[Format, float]) -> Costs:
    """``formats`` says what the whole model costs in each; every weight is expected to cost alike."""
    matrices = [tensor for tensor in shape.tensors() if tensor.kind != "vector"]
    whole = sum(tensor.count for tensor in matrices)
    return {t.name: {f: cost * t.count / whole for f, cost in formats.items()} for t in matrices}
