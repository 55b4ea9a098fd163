"""T5xx: planning, pruning, distilling and quantising a model."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="T502",
        rule="size-limit-unreachable",
        level="error",
        title="No plan brings this model under the size limit",
        why="a model that loses more than half of its layers' weights does not recover by distillation",
        fix="use the model as the teacher of a smaller one, or raise size_limit",
    ),
    Code(
        code="T503",
        rule="unsupported-architecture",
        level="error",
        title="The model's architecture cannot be planned, pruned or written",
        why="only decoders of the Llama, Mistral, Qwen2, Qwen3 and Gemma 3 kind have the tensors that are cut here",
        fix="choose a base model of one of those kinds, or leave this step out of `steps`",
    ),
    Code(
        code="T505",
        rule="vocabularies-differ",
        level="error",
        title="Student and teacher number their tokens differently",
        why="distillation compares probabilities of the same token, so both need one vocabulary",
        fix="trim both alike, or choose a teacher of the same family",
    ),
    Code(
        code="T506",
        rule="not-an-adapter",
        level="error",
        title="The folder holds no LoRA adapter",
        why="merging needs adapter_config.json and its weights",
        fix="give the folder that the tune step wrote, or leave out merge after full fine-tuning",
    ),
    Code(
        code="T507",
        rule="tokenizer-not-trimmable",
        level="error",
        title="The tokenizer's vocabulary cannot be trimmed",
        why="only BPE over bytes, or with bytes to fall back on, keeps every string encodable when tokens are removed",
        fix="leave the vocabulary as it is (prune.vocabulary: false)",
    ),
)
