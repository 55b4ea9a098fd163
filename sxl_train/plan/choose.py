"""A shape, a tokenizer and a size limit → the cheapest way under the limit, in expected loss.

Candidates are every combination of storage format, vocabulary, MLP width, depth and key/value groups on a
coarse grid that the number formats allow. The bytes of each are counted (`sxl_train.plan.formats`); the loss
each would cost is *expected* from `COSTS`, not measured: pruning is judged again on real weights when it is
done. A plan that removes more than half of the linear weights is not offered: published results and ours
collapse there, so such a model is named a teacher instead.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from sxl_train.plan.formats import GGUF, WIDER, Format, count_weights
from sxl_train.plan.room import expect_costs, spend_room
from sxl_train.plan.shapes import Shape, Sizes
from sxl_train.plan.tokenizers import SMALL_FILES, Vocabulary, count_files, count_metadata

SAFETY = 0.002
"""Share of the limit left free; forecasts have been off by less than this."""
SMALLEST_SHARE = 0.5
"""Share of the linear weights that must remain."""

TRIMS = (128, 96, 64, 48, 40, 32, 28, 24, 20, 16, 12, 10, 8, 6, 5, 4)
"""Vocabularies to try, in units of 1024 tokens."""

FORMAT_COSTS: dict[str, float] = {
    "bf16": 0.0,
    "f16": 0.0,
    "q8_0": 0.0005,
    "f8": 0.0025,
    "q6_k": 0.004,
    "q5_0": 0.0064,
    "q4_0+q8_0": 0.019,
    "q4_k": 0.021,
    "nf4": 0.0222,
    "nf4_dq": 0.0222,
    "q4_0": 0.0311,
    "int4": 0.0311,
}
"""Relative rise of the loss when nothing is pruned. Measured on sxl-base-31m tuned on traces, three seeds, every matrix
alike and no aware steps (benchmarks/compress); q6_k, q4_k and q4_0+q8_0 were measured on the untuned base, relative
to q4_0 (benchmarks/compress/formats.py), and are scaled; int4 has the numbers of q4_0. Fitted scales and mixed formats
cost less."""
AXIS_COSTS = {"mlp": 0.05, "layers": 0.5, "groups": 0.13, "vocabulary": 0.02}
"""Relative rise of the loss after distillation when an axis is halved; it grows as r / (1 − r). Fitted to what
sxl-base-31m lost at 30, 20 and 12 MB; a later run (benchmarks/compress, three shapes, three seeds) lost 3.8, 10.0
and 22.3 % where this expects 6.0, 9.3 and 26.1 %. The prune step measures on the model itself."""
LARGE_VOCABULARY, RARE_COST = 32768, 0.01
"""Above this many tokens what is trimmed is rare; its cost for each squared halving is assumed."""


class Plan(Sizes, frozen=True, kw_only=True):
    """One way to store a model. Bytes are of all files needed to load; ``loss`` is the expected relative
    rise of the validation loss; ``kept`` the share of the linear weights that remain."""

    format: Format
    weights: int
    tokenizer: int
    total: int
    loss: float
    kept: float
    fits: bool
    others: dict[str, int] = msgspec.field(default_factory=dict)
    """How many matrices the room left is expected to store in each wider format (`formats.WIDER`)."""


def forecast_sizes(shape: Shape, tokenizer: Vocabulary | int, formats: Sequence[Format], limit: int) -> list[Plan]:
    """The unpruned model in each format. ``tokenizer`` is the vocabulary itself, or only the bytes of its files."""
    return [measure(shape, shape, format, tokenizer, limit) for format in formats]


def measure(
    shape: Shape,
    cut: Shape,
    format: Format,
    tokenizer: Vocabulary | int,
    limit: int,
    others: Mapping[str, Format] | None = None,
) -> Plan:
    """The plan that stores ``shape`` cut down to ``cut`` in ``format``, every matrix alike but ``others``."""
    beside, inside = count_tokenizer(tokenizer, shape.vocabulary, cut.vocabulary)
    weights = count_weights(cut, format, inside, others)
    total = weights if format in GGUF else weights + beside + SMALL_FILES + sum(map(len, others or {}))
    return Plan(
        format=format,
        **cut.axes,
        weights=weights,
        tokenizer=inside if format in GGUF else beside,
        total=total,
        loss=expect_loss(shape, cut, format),
        kept=cut.count("linear") / shape.count("linear"),
        fits=total <= limit * (1 - SAFETY),
        others=dict(Counter((others or {}).values())),
    )


def spend(plan: Plan, shape: Shape, tokenizer: Vocabulary | int, limit: int) -> Plan:
    """``plan`` with the room under ``limit`` bytes spent on matrices in wider formats.

    Which ones is known when they have been measured; how many bytes they take hardly depends on it.
    """
    ladder = {rung: FORMAT_COSTS[rung] for rung in (plan.format, *WIDER.get(plan.format, ()))}
    if not plan.fits or len(ladder) == 1:
        return plan
    cut = shape.prune(**plan.axes)
    costs, room = expect_costs(cut, ladder), int(limit * (1 - SAFETY)) - plan.total
    others = spend_room(cut, plan.format, room, costs)
    gained = sum(costs[name][plan.format] - costs[name][wider] for name, wider in others.items())
    spent = measure(shape, cut, plan.format, tokenizer, limit, others)
    return msgspec.structs.replace(spent, loss=plan.loss - gained)


def count_tokenizer(tokenizer: Vocabulary | int, rows: int, keep: int) -> tuple[int, int]:
    """Bytes of the tokenizer (beside safetensors, inside GGUF) when ``keep`` of ``rows`` tokens stay."""
    if isinstance(tokenizer, int):
        share = keep / rows
        return round(tokenizer * share), round(tokenizer * share)
    trimmed = keep if keep < rows else 0
    return count_files(tokenizer, trimmed), count_metadata(tokenizer, trimmed)


def expect_loss(shape: Shape, cut: Shape, format: Format) -> float:
    """Expected relative rise of the validation loss, pruning followed by distillation."""
    rise = FORMAT_COSTS[format]
    for axis, cost in AXIS_COSTS.items():
        removed = 1 - getattr(cut, axis) / getattr(shape, axis)
        if axis == "vocabulary":
            # Rare tokens go first: what is lost grows with the halvings, not with the share.
            after, before = (max(math.log2(LARGE_VOCABULARY / s.vocabulary), 0) for s in (cut, shape))
            rise += cost * (after**2 - before**2)
            rise += RARE_COST * math.log2(shape.vocabulary / cut.vocabulary) ** 2
        else:
            rise += cost * removed / (1 - removed)
    return rise


def list_trims(vocabulary: int) -> list[int]:
    """Vocabularies to try below ``vocabulary``, largest first; less than a twentieth is not worth a new tokenizer."""
    return [k * 1024 for k in TRIMS if k * 1024 <= 0.95 * vocabulary]


def list_cuts(shape: Shape, trim: bool = True, smallest_vocabulary: int = 4096) -> Iterator[Shape]:
    """The shapes to try: widths in multiples of 64, at least half of each axis, some vocabularies."""
    sizes = [shape.vocabulary]
    if trim:
        sizes += [size for size in list_trims(shape.vocabulary) if size >= smallest_vocabulary]
    widths = sorted({max(round(shape.mlp * n / 16 / 64) * 64, 64) for n in range(6, 16)} | {shape.mlp})
    depths = range(max(math.ceil(shape.layers / 2), 1), shape.layers + 1)
    counts = {shape.groups, max(shape.groups * 3 // 4, 1), max(shape.groups // 2, 1)}
    groups = sorted(count for count in counts if shape.allows(count))
    for size in sizes:
        for mlp in widths:
            for layers in depths:
                for kept in groups:
                    yield shape.prune(vocabulary=size, mlp=mlp, layers=layers, groups=kept)


def count_about(cut: Shape, format: Format) -> int:
    """Bytes of a shape to a few hundred: linear in depth, so two small models tell all depths."""
    few, more = (_count_shallow(cut.prune(layers=depth), format) for depth in (2, 3))
    return few + (cut.layers - 2) * (more - few)


_count_shallow = functools.lru_cache(maxsize=65_536)(count_weights)


def choose(
    shape: Shape,
    tokenizer: Vocabulary | int,
    limit: int,
    formats: Sequence[Format],
    trim: bool = True,
    cuts: Sequence[Shape] | None = None,
) -> Plan | None:
    """The plan with the smallest expected loss under ``limit`` bytes, or None: the model is a teacher."""
    linears = shape.count("linear")
    found: list[tuple[float, int, Shape, Format]] = []
    tokenizer_bytes: dict[int, tuple[int, int]] = {}
    for cut in cuts if cuts is not None else list_cuts(shape, trim):
        if cuts is None and cut.layers * cut.prune(layers=1).count("linear") < SMALLEST_SHARE * linears:
            continue
        if cut.vocabulary not in tokenizer_bytes:
            tokenizer_bytes[cut.vocabulary] = count_tokenizer(tokenizer, shape.vocabulary, cut.vocabulary)
        beside, inside = tokenizer_bytes[cut.vocabulary]
        for format in formats:
            extra = inside if format in GGUF else beside + SMALL_FILES
            bytes_taken = count_about(cut, format)
            room = limit * (1 - SAFETY) - bytes_taken - extra
            if room >= 0:
                loss = expect_loss(shape, cut, format)
                narrow, taken = format, bytes_taken
                for rung in WIDER.get(format, ()) if room > 0 else ():
                    more = count_about(cut, rung) - taken
                    share = min(room / more, 1.0)
                    loss -= share * (FORMAT_COSTS[narrow] - FORMAT_COSTS[rung])
                    narrow, taken, room = rung, taken + more, room - share * more
                # Where all room is used up equally well the format with the fewest exceptions comes first.
                found.append((round(loss, 9), bytes_taken, cut, format))
    for _, _, cut, format in sorted(found, key=lambda item: (item[0], -item[1])):
        plan = measure(shape, cut, format, tokenizer, limit)
        if plan.fits:
            return spend(plan, shape, tokenizer, limit)
    return None
