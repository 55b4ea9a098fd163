"""Block formats: the bytes mean what was rounded to, and samples decide which error matters."""

from __future__ import annotations

import pytest
import torch

from sxl_train.storage import blocks

FORMATS = ("q4_0", "q5_0", "q8_0")


def make_weight() -> torch.Tensor:
    weight = torch.randn(16, 128, generator=torch.Generator().manual_seed(1)) * 0.1
    weight[3] = 0
    return weight


@pytest.mark.parametrize("format", FORMATS)
def test_the_reference_reader_finds_the_rounded_values(format: str) -> None:
    gguf = pytest.importorskip("gguf")
    kind = gguf.GGMLQuantizationType[format.upper()]
    weight, columns = make_weight(), torch.arange(1.0, 129.0)
    packed = blocks.pack(weight, format, columns)
    assert gguf.quantize(weight.numpy(), kind).shape == packed.shape
    expected = torch.from_numpy(gguf.dequantize(packed, kind))
    assert torch.equal(expected, blocks.round_to_blocks(weight, format, columns))


@pytest.mark.parametrize("format", FORMATS)
def test_it_is_no_worse_than_the_reference_quantiser(format: str) -> None:
    gguf = pytest.importorskip("gguf")
    kind, weight = gguf.GGMLQuantizationType[format.upper()], make_weight()
    reference = torch.from_numpy(gguf.dequantize(gguf.quantize(weight.numpy(), kind), kind))
    rounded = blocks.round_to_blocks(weight, format)
    assert (reference - weight).square().mean() * 1.001 >= (rounded - weight).square().mean()


@pytest.mark.parametrize("format", ("q4_0", "q5_0"))
def test_columns_with_large_inputs_are_kept_better(format: str) -> None:
    weight, columns = make_weight(), torch.ones(128)
    columns[::8] = 100.0

    def cost(rounded: torch.Tensor) -> float:
        return float(((rounded - weight).square() * columns).sum())

    blind, guided = (blocks.round_to_blocks(weight, format, c) for c in (None, columns))
    assert 0.9 * cost(blind) > cost(guided)


def test_more_bits_move_a_weight_less() -> None:
    weight = make_weight()
    errors = [float((blocks.round_to_blocks(weight, format) - weight).abs().mean()) for format in FORMATS]
    assert sorted(errors, reverse=True) == errors
    assert 0 == float(blocks.round_to_blocks(weight, "q4_0")[3].abs().max())
