"""Models and rows of the benchmarks of training: random weights in the shape of known ones, text with their lengths."""

from __future__ import annotations

import socket
import statistics
from pathlib import Path
from typing import Any

PERCENTILES = (
    30,
    48,
    55,
    62,
    69,
    76,
    84,
    93,
    102,
    110,
    118,
    127,
    135,
    145,
    154,
    164,
    174,
    186,
    201,
    217,
    235,
    258,
    300,
    413,
    2048,
    2048,
)
"""Of document lengths, every fourth; longer ones are cut at 2048."""
LENGTH, BATCH = 2048, 8
SHAPES: dict[str, dict[str, Any]] = {
    "0.5b": {
        "vocab_size": 151936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "max_position_embeddings": 32768,
        "tie_word_embeddings": True,
        "rope_theta": 1e6,
        "rms_norm_eps": 1e-6,
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
    "135m": {
        "model_type": "llama",
        "vocab_size": 49152,
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": True,
        "rope_theta": 1e5,
        "rms_norm_eps": 1e-5,
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
    "tiny": {
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
        "eos_token_id": 0,
        "pad_token_id": 1,
    },
}


def make_rows(count: int, vocabulary: int, length: int, seed: int = 0) -> list[dict[str, Any]]:
    """Packed rows of a Markov source: half of the tokens follow from the one before."""
    import numpy as np

    from sxl_train.data.packing import pack

    random = np.random.default_rng(seed)
    marks = np.linspace(0, 1, len(PERCENTILES))
    follow = np.random.default_rng(1).permutation(vocabulary)
    lengths: list[int] = []
    while sum(lengths) < count * length * 1.02:
        lengths += [min(length, int(n)) for n in np.interp(random.random(256), marks, PERCENTILES)]
    groups = pack(lengths, length)
    order = random.permutation(len(groups))[:count]
    rows = []
    for group in (groups[i] for i in order):
        ids: list[int] = []
        labels: list[int] = []
        for index in group:
            size = lengths[index]
            fresh = np.minimum(random.zipf(1.3, size) + 1, vocabulary - 1)
            keep = random.random(size) < 0.5
            tokens = fresh.copy()
            for place in range(1, size):
                if keep[place]:
                    tokens[place] = follow[tokens[place - 1]]
            ids += tokens.tolist()
            labels += [-100, *tokens[1:].tolist()]
        rows.append(
            {
                "input_ids": ids,
                "labels": labels,
                "weights": [float(x != -100) for x in labels],
                "seq_lengths": [lengths[i] for i in group],
            }
        )
    return rows


def make_base(folder: Path, shape: dict[str, Any]) -> None:
    """Random weights and a stand-in tokenizer on disk."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    config = AutoConfig.for_model(**({"model_type": "qwen2"} | shape))
    model = AutoModelForCausalLM.from_config(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    core = Tokenizer(models.WordLevel({"<eos>": 0, "<pad>": 1, "<unk>": 2}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<eos>", pad_token="<pad>").save_pretrained(folder)


def find_port() -> str:
    """A port that nobody listens on, for processes of one machine to meet at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def launch_words(processes: int) -> list[str]:
    """What Python is told so that the words behind run in so many ``processes``."""
    return ["-m", "torch.distributed.run", "--nproc_per_node", str(processes), "--master_port", find_port()]


def spread(times: list[float]) -> float:
    """Between the first and third quartile, in ms."""
    quarters = statistics.quantiles(times, n=4)
    return round(1000 * (quarters[2] - quarters[0]), 2)
