"""TRL's SFTTrainer at the settings that people tune: what `variants.PEERS` names, over the same packed rows.

Rows are packed before, with every document's positions beginning at 0. Which peers let packed documents see each other
is a fact of how they are run, marked in `SEES_OTHERS`: padded batches have one causal mask over a whole row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

PEERS: dict[str, dict[str, Any]] = {
    # As it comes for packed rows: padding-free, documents kept apart by a mask of L × L.
    "trl": {"padding_free": True},
    "trl-checkpointing": {"padding_free": True, "checkpointing": True},
    "trl-padded": {},
    "trl-padded-compile": {"compile": True},
    "trl-padded-compile-liger": {"compile": True, "liger": True},
    "trl-padded-liger": {"liger": True},
    # Documents apart by a block mask that is compiled (transformers' flex_attention).
    "trl-flex-compile": {"padding_free": True, "compile": True, "attention": "flex_attention"},
    # The plain thing that ours is measured against: SFTTrainer, its own loss, and nothing of ours but attention inside
    # documents and batches of one shape.
    "trl-documents": {"documents": True},
    "trl-documents-compile": {"documents": True, "compile": True},
    "trl-documents-layers": {"documents": True, "layers": True},
}
SEES_OTHERS = {name for name, keys in PEERS.items() if not keys.get("padding_free") and not keys.get("documents")}
"""Peers whose packed documents attend to those before them in the row."""


class Run(NamedTuple):
    """What a trainer is made of: `make_peer` for TRL's, `variants.make_ours` for ours."""

    method: str
    variant: str
    folder: Path
    tokenizer: Any
    rows: list[Any]
    steps: int
    out: Path
    length: int
    batch: int


def make_peer(run: Run) -> Any:
    """SFTTrainer for ``variant`` of `PEERS`: weights in float32 under bf16 autocast for full, bf16 for adapters."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from trl import SFTConfig, SFTTrainer

    method, variant, folder, tokenizer, rows, steps, out, length, batch = run
    keys = PEERS[variant]
    gpu = torch.cuda.is_available()
    quantised = None
    if method == "qlora":
        quantised = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16 if gpu else torch.float32,
        )
    dtype = torch.bfloat16 if method != "full" and gpu else torch.float32
    attention = {"attn_implementation": keys["attention"]} if "attention" in keys else {}
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, quantization_config=quantised, device_map={"": 0} if gpu else "cpu", **attention
    )
    if keys.get("liger"):
        from liger_kernel.transformers import _apply_liger_kernel_to_instance

        # Norms, rotary positions and SwiGLU by Liger; the loss stays TRL's, which is made in chunks too.
        _apply_liger_kernel_to_instance(model=model, fused_linear_cross_entropy=False, cross_entropy=False)
    collator = None
    if keys.get("documents"):
        from sxl_train.data.collate import Flatten
        from sxl_train.tune import attention as documents

        documents.use_documents(model)
        flatten = Flatten(tokenizer.pad_token_id, length, length)

        def collate(some: list[Any]) -> dict[str, Any]:
            batch = flatten([row | {"weights": [1.0] * len(row["input_ids"])} for row in some])
            return {key: value for key, value in batch.items() if key not in ("loss_weights", "places")}

        collator = collate
    if keys.get("layers"):
        for layer in model.model.layers:
            layer.forward = torch.compile(layer.forward, dynamic=False)
    adapters = None
    if method != "full":
        adapters = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    torch.manual_seed(0)
    arguments = SFTConfig(
        output_dir=str(out),
        per_device_train_batch_size=batch,
        max_steps=steps,
        learning_rate=1e-4,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr": 3e-5},
        warmup_steps=3,
        logging_steps=10,
        save_strategy="no",
        report_to="none",
        seed=0,
        data_seed=0,
        disable_tqdm=True,
        use_cpu=not gpu,
        bf16=gpu,
        torch_compile=bool(keys.get("compile")),
        gradient_checkpointing=bool(keys.get("checkpointing")),
        packing=False,
        padding_free=bool(keys.get("padding_free")),
        max_length=None,
        remove_unused_columns=collator is None,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_num_workers=2 if gpu else 0,
        dataloader_persistent_workers=gpu,
    )
    plain = [{key: row[key] for key in ("input_ids", "labels", "seq_lengths")} for row in rows]
    return SFTTrainer(
        model=model,
        args=arguments,
        data_collator=collator,
        train_dataset=Dataset.from_list(plain),
        peft_config=adapters,
        processing_class=tokenizer,
    )
