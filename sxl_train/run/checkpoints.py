"""A model folder ↔ a model in memory, as every compression step needs it.

Tokenizer files and the chat template travel byte for byte from the folder a step read to the one it writes,
because saving a tokenizer again may change its pre-tokeniser.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sxl_data.contract.errors import error
from sxl_data.contract.failures import is_memory
from sxl_train.run import bases
from sxl_train.run.objects import Object
from sxl_train.run.size import TOKENIZER

if TYPE_CHECKING:
    from torch import nn
    from transformers import PretrainedConfig, PreTrainedModel

    from sxl_train.run.decoder import Decoder


def read_config(folder: Path) -> Object:
    """``config.json`` of a model folder; `UserError` U201 where there is none."""
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise error("U201", file=str(path), found="no such file", expected="a model folder with config.json")
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError, RecursionError) as problem:
        raise error("T101", file=str(path), found=problem, expected="the configuration of a model") from None


def load(folder: Path | str, dtype: str = "bfloat16", device: str = "cpu") -> Decoder:
    """The causal language model of ``folder`` in evaluation mode, bitsandbytes CPU traps cured.

    In a folder that holds a GGUF file and no configuration, that file is the model; its weights are expanded. A folder
    in four bits of bitsandbytes computes in bf16, whatever ``dtype``: its layers with a bias (Qwen2) would hand float32
    on to plain layers, which stay bf16.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if torch.device(device).type == "cuda":
        # cuDNN's attention plans anew for each shape, 0.2 s on an H200, and no two batches of samples are alike.
        torch.backends.cuda.enable_cudnn_sdp(False)
    if is_nf4(folder):
        dtype = "bfloat16"
    with opening(folder):
        model = AutoModelForCausalLM.from_pretrained(
            str(folder),
            dtype=getattr(torch, dtype),
            device_map=device,
            local_files_only=Path(folder).is_dir(),
            **find_gguf(folder),
        )
    cure_bitsandbytes(model)
    return cast("Decoder", model.eval())


def is_nf4(folder: Path | str) -> bool:
    """Whether a local folder is stored in a format of bitsandbytes."""
    path = Path(folder) / "config.json"
    stored = read_config(Path(folder)).get("quantization_config") if path.is_file() else None
    return (stored or {}).get("quant_method") == "bitsandbytes"


@contextlib.contextmanager
def opening(place: Path | str) -> Iterator[None]:
    """What the libraries say of a folder or hub id that holds no model, as `UserError` T101."""
    try:
        yield
    except (OSError, ValueError) as problem:
        if is_memory(problem):
            raise
        said = " ".join(str(problem).split())
        raise error("T101", file=str(place), found=said, expected="a model folder or a hub id") from problem


def find_gguf(folder: Path | str) -> dict[str, str]:
    """What `from_pretrained` needs to open a folder with nothing but a GGUF file; empty for any other."""
    file = bases.find_gguf(str(folder))
    return {"gguf_file": file.name} if file is not None else {}


def count_weights(config: PretrainedConfig) -> int:
    """Parameters of a model of this configuration; none is made."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        return int(AutoModelForCausalLM.from_config(config).num_parameters())


def choose_device() -> str:
    """``cuda`` where there is one, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def to_bf16(model: Decoder) -> Decoder:
    """``model`` in bf16 on the CPU, configuration included; in place."""
    import torch

    model = model.to("cpu", torch.bfloat16)
    model.config.dtype = torch.bfloat16
    return model


def cure_bitsandbytes(model: nn.Module) -> int:
    """Switch off the AVX512-BF16 kernel of every 4-bit layer; how many were switched.

    bitsandbytes 0.50 repacks weights for that kernel at the first evaluation forward: LoRA gradients are
    wrong from then on and a checkpoint saved from there is damaged, both without a word.
    """
    cured = 0
    for module in model.modules():
        if type(module).__name__ == "Linear4bit":
            module.support_avx512bf16_for_cpu = False  # type: ignore[assignment]
            cured += 1
    return cured


def save(model: PreTrainedModel, out: Path, tokenizer_from: Path | None) -> Path:
    """Write ``model`` as one safetensors file with its configuration and the tokenizer of another folder.

    ``out`` is made where it is missing; a step's folder is put in place as a whole by `sxl_train.run.step`.
    Returns ``out``.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out, safe_serialization=True, max_shard_size="50GB")
    if tokenizer_from is not None:
        copy_tokenizer(Path(tokenizer_from), out)
    return out


def copy_tokenizer(source: Path, target: Path) -> list[str]:
    """Copy the tokenizer files and chat template of ``source`` byte for byte; the names copied."""
    names = [name for name in TOKENIZER if (source / name).is_file()]
    for name in names:
        shutil.copyfile(source / name, target / name)
    return names


def read_adapter(folder: Path) -> Object:
    """``adapter_config.json`` of ``folder``; `UserError` T506 where there is no adapter."""
    path = Path(folder) / "adapter_config.json"
    if not path.is_file() or not list(Path(folder).glob("adapter_model.*")):
        raise error("T506", file=str(folder), found="no adapter", expected=path.name + " and adapter_model.*")
    return dict(json.loads(path.read_text(encoding="utf-8")))
