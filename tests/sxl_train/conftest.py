"""Tiny models that are built in place: no download, well under a million parameters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SENTENCES = [
    "def add(first, second):\n    return first + second\n",
    "The calculator returned 42, so the answer is 42.",
    "import json\nvalue = json.loads('{\"a\": [1, 2, 3]}')\n",
    "<|im_start|>user\nWhat is 12 * 5?<|im_end|>\n",
    "for index, name in enumerate(names):\n    print(index, name)\n",
    "Observe, reflect, act, iterate: naïve café, 東京, Ελλάδα.",
]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}\n{% else %}"
    "{{ message['content'] }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

MakeModel = Callable[..., Path]


def train_tokenizer(size: int = 420) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(SENTENCES * 3, trainer)
    return tokenizer


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Write a random model of ``kind`` (llama, mistral, qwen2, qwen3, gemma3_text) and its tokenizer; keywords change its shape."""

    def make(name: str = "model", kind: str = "llama", **shape: Any) -> Path:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

        tokenizer = train_tokenizer()
        values = {
            "vocab_size": tokenizer.get_vocab_size(),
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "max_position_embeddings": 256,
            "tie_word_embeddings": True,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "pad_token_id": 3,
        } | shape
        if kind == "gemma3_text":
            values.setdefault("query_pre_attn_scalar", values["head_dim"])
        torch.manual_seed(0)
        config = AutoConfig.for_model(kind, **values)
        model = AutoModelForCausalLM.from_config(config).to(torch.bfloat16)
        for parameter_name, parameter in model.named_parameters():
            # Random initialisation leaves biases at zero and norms at one; real models have neither.
            if parameter.dim() == 1:
                shift = 1.0 if "norm" in parameter_name else 0.0
                parameter.data = (shift + 0.1 * torch.randn(parameter.shape)).to(torch.bfloat16)
            else:
                parameter.data = (0.08 * torch.randn(parameter.shape)).to(torch.bfloat16)
        model.config.dtype = torch.bfloat16
        folder = tmp_path / name
        model.save_pretrained(folder)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            bos_token=SPECIAL[0],
            eos_token=SPECIAL[2],
            pad_token=SPECIAL[3],
            chat_template=TEMPLATE,
            model_max_length=256,
        ).save_pretrained(folder)
        return folder

    return make
