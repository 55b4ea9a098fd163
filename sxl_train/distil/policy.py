"""A student, its teacher and prompts → the student after some steps on texts that it wrote itself (on-policy).

Off-policy distillation shows the student only what others wrote; here it answers the prompts of the traces, and the
teacher's distribution corrects it where its own answers lead (Agarwal et al. 2024, generalised knowledge
distillation). This is TRL's `DistillationTrainer` as it is: it takes no traces, so `distil_loop` stays for those, and
it wants one vocabulary, so a student with fewer tokens than its teacher cannot practise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from transformers import TrainerCallback

from sxl_data.contract.console import Progress
from sxl_data.contract.errors import error
from sxl_train.data import dataset as data
from sxl_train.data import mask
from sxl_train.recovery.loop import Settings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, TrainerControl, TrainerState, TrainingArguments

    from sxl_train.run.decoder import Decoder

BATCH = 8


class _Told(TrainerCallback):  # type: ignore[misc]
    """Tells a progress of each step."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        self.progress.advance()


def list_prompts(dataset: str, tokenizer: PreTrainedTokenizerFast, limit: int, longest: int) -> list[str]:
    """The text up to the first answer of each training row, rendered; at most ``longest`` tokens of it.

    A prompt that spells a control token is left out: TRL takes texts, and would read it as one.
    """
    template = mask.make_template(tokenizer.chat_template, tokenizer)
    prompts = []
    for row in data.read_rows(data.find_dataset(dataset), "train", limit):
        first = next((i for i, m in enumerate(row.messages) if m["role"] == "assistant"), 0)
        if not first:
            continue
        text = mask.render(template, row.messages[:first], row.tools, prompt=True)
        ids = mask.tokenise_prompt(tokenizer, template, row.messages[:first], row.tools)
        if len(ids) <= longest and ids == tokenizer(text, add_special_tokens=False)["input_ids"]:
            prompts.append(text)
    return prompts


def practise(
    student: Decoder,
    teacher: Decoder,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    settings: Settings,
    new_tokens: int = 128,
) -> None:
    """Train ``student`` in place for ``settings.steps`` steps on its own answers to ``prompts``.

    ``settings`` gives steps, lr and seed. Raises `UserError` T505 where the vocabularies differ.
    """
    import torch
    from datasets import Dataset
    from trl import DistillationConfig, DistillationTrainer

    sizes = [model.get_input_embeddings().weight.shape[0] for model in (student, teacher)]
    if sizes[0] != sizes[1]:
        raise error("T505", pointer="/distil/on_policy", found=f"{sizes[0]} tokens", expected=f"{sizes[1]} tokens")
    gpu = torch.cuda.is_available()
    with tempfile.TemporaryDirectory() as folder:
        how = DistillationConfig(
            output_dir=folder,
            max_steps=settings.steps,
            learning_rate=settings.lr,
            seed=settings.seed,
            max_completion_length=new_tokens,
            beta=0.5,
            per_device_train_batch_size=BATCH,
            gradient_checkpointing=False,
            lr_scheduler_type="cosine",
            save_strategy="no",
            report_to="none",
            bf16=gpu,
            use_cpu=not gpu,
            disable_tqdm=True,
            logging_strategy="no",
        )
        rows = Dataset.from_list([{"prompt": prompt} for prompt in prompts])
        with Progress("practise", settings.steps, "steps") as progress:
            DistillationTrainer(
                model=student,
                teacher_model=teacher,
                args=how,
                train_dataset=rows,
                processing_class=tokenizer,
                callbacks=[_Told(progress)],
            ).train()
    student.eval()
