"""A transformers folder as a `Backend`: batched by length with a key/value cache, on a GPU or the CPU's cores.

In float32 on a CPU and bf16 on a GPU. Greedy answers are those of the plain loop: on a CPU logits differ by rounding
alone (1e-4 of a logit), in bf16 by its own steps (1e-1), so that a token that is a tie in that precision may fall
the other way; `benchmarks/generate` counts how often.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sxl_train.data import mask
from sxl_train.generate.prompts import Job, as_dicts, need_template, prepare
from sxl_train.generate.rows import Row
from sxl_train.generate.types import Request, Sample, Score
from sxl_train.run import bases, checkpoints
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from sxl_train.generate.batch import Batch
    from sxl_train.generate.constraint import Grammars
    from sxl_train.generate.rows import Constraint
    from sxl_train.run.decoder import Decoder

Skip = Set[tuple[str, int]]
"""(request, index) of samples that are there already."""
GPU_ROWS, CPU_ROWS = 512, 24
GPU_CHUNK, CPU_CHUNK = 32768, 1024
"""Prompt tokens that are read at a time."""
GPU_STEPS = 8
"""Steps between two looks at what a GPU has chosen: each look waits for it."""


READ = (".safetensors", ".bin", ".json", ".jinja", ".model", ".txt")


def load(folder: str) -> Decoder:
    """A model or adapter folder, in float32 on a CPU and bf16 on a GPU."""
    import torch

    gpu = torch.cuda.is_available()
    dtype, device = ("bfloat16", "cuda") if gpu else ("float32", "cpu")
    if not (Path(folder) / "adapter_config.json").exists():
        return checkpoints.load(folder, dtype, device)
    from peft import PeftModel

    base = checkpoints.load(checkpoints.read_adapter(Path(folder))["base_model_name_or_path"], dtype, device)
    return cast("Decoder", PeftModel.from_pretrained(base, folder).merge_and_unload().eval())


def hash_folder(folder: Path) -> str:
    """The digest of all that decides what a model or adapter folder says, the adapter's base included."""
    files = sorted(path for path in folder.iterdir() if path.suffix in READ and path.is_file())
    own = bases.hash_files(*files)
    if not (folder / "adapter_config.json").exists():
        return own
    base = Path(checkpoints.read_adapter(folder)["base_model_name_or_path"])
    return f"{own} {hash_folder(base) if base.is_dir() else base}"


class FolderBackend:
    """A model folder, or one that is loaded already."""

    def __init__(self, folder: str, model: Decoder | None = None, rows: int = 0) -> None:
        """``model`` is that of ``folder``, where there is one in memory; ``rows`` the most that are made at once."""
        self.model = load(folder) if model is None else model
        self.tokenizer = open_tokenizer(folder)
        text = self.tokenizer.chat_template
        self.template = mask.make_template(text, self.tokenizer) if isinstance(text, str) else None
        self.name = f"transformers {Path(folder).name}"
        self._folder = "" if model is not None else folder  # what is in memory may be trained meanwhile
        gpu = self.model.device.type == "cuda"
        self.rows = rows or (GPU_ROWS if gpu else CPU_ROWS)
        self._chunk, self._steps = (GPU_CHUNK, GPU_STEPS) if gpu else (CPU_CHUNK, 1)
        config = self.model.config.get_text_config()
        self.context = int(getattr(config, "max_position_embeddings", 0) or 2048)
        self._ends = find_ends(self.model, self.tokenizer, self.template)
        self._anchor = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        self._anchored = self.tokenizer.decode(self._anchor) == "a"
        self._grammars: Grammars | None = None

    @cached_property
    def weights(self) -> str:
        """The digest of the files that were opened; empty for a model in memory."""
        return hash_folder(Path(self._folder)) if self._folder else ""

    def encode(self, request: Request) -> list[int]:
        """The tokens of a request's prompt. Raises `UserError` T108."""
        if request.prompt is not None:
            ids: list[int] = self.tokenizer(request.prompt)["input_ids"]
            # Some tokenizers end what they encode; a prompt goes on.
            return ids[:-1] if ids and ids[-1] == self.tokenizer.eos_token_id and len(ids) > 1 else ids
        template = need_template(self.template, self.name)
        messages = as_dicts(request.messages) or []
        return mask.tokenise_prompt(self.tokenizer, template, messages, as_dicts(request.tools))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of generated tokens, the space that it may begin with included."""
        if not self._anchored:
            return str(self.tokenizer.decode(list(ids), skip_special_tokens=False))
        return str(self.tokenizer.decode([*self._anchor, *ids], skip_special_tokens=False))[1:]

    def generate(
        self,
        requests: Sequence[Request],
        progress: Callable[[int, int], None] | None = None,
        skip: Skip = frozenset(),
        more: Callable[[], Sequence[Request]] | None = None,
    ) -> Iterator[Sample]:
        """Samples as they finish; those in ``skip`` are left out. ``more`` is asked for further requests when there is
        room for them, until it gives none."""
        total = sum(request.samples for request in requests) - len(skip)
        refused: deque[Sample] = deque()
        groups: deque[list[Row]] = deque()

        def add(some: Sequence[Request]) -> bool:
            waiting = []
            for item in prepare(some, self.encode, self.context):
                if isinstance(item, Job):
                    waiting.append(item)
                elif (item.request, item.index) not in skip:
                    refused.append(item)
            waiting.sort(key=lambda job: -len(job.ids))
            groups.extend(group for job in waiting for group in self._make_rows(job, skip))
            return bool(some)

        add(requests)
        if progress is not None:
            progress(len(refused), total)
        made = (row.close() for row in self._run(groups, (lambda: add(more())) if more is not None else None))
        for done, sample in enumerate(chain(popped(refused), made, popped(refused)), 1):
            yield sample
            if progress is not None:
                progress(done, total)

    def _make_rows(self, job: Job, skip: Skip) -> Iterator[list[Row]]:
        request = job.request
        wanted = [index for index in range(request.samples) if (request.id, index) not in skip]
        for first in range(0, len(wanted), self.rows):
            yield [
                Row(request, index, job.ids, job.limit, self._ends, self.decode, self._constrain(request))
                for index in wanted[first : first + self.rows]
            ]

    def _constrain(self, request: Request) -> Constraint | None:
        if not request.constrained or not request.tools:
            return None
        from sxl_train.generate.constraint import Grammars

        if self._grammars is None:
            template = need_template(self.template, self.name)
            self._grammars = Grammars.of_tokenizer(self.tokenizer, template, self._ends)
        return self._grammars.constrain(request.tools, request.call_of, request.copied)

    def _run(self, groups: deque[list[Row]], fill: Callable[[], bool] | None = None) -> Iterator[Row]:
        """Rows as they finish; ``fill`` adds to ``groups`` when they run out, and says whether there was anything."""
        import torch

        from sxl_train.generate.batch import Batch

        batch = Batch(self.model)
        while groups or batch.rows or fill is not None:
            while fill is not None and not groups and len(batch.rows) <= self.rows * 3 // 4:
                fill = fill if fill() else None
            if not groups and not batch.rows:
                break
            with torch.inference_mode():
                if groups and (not batch.rows or len(batch.rows) + len(groups[0]) <= self.rows * 3 // 4):
                    some = self._take(groups, batch)
                    if some:
                        batch.admit(some, self._chunk)
                held = any(row.constraint is not None for row in batch.rows)
                for _ in range(1 if held else min(self._steps, batch.left)):
                    batch.step()
                batch.flush()
                finished = sum(row.finish is not None for row in batch.rows)
                full = finished == len(batch.rows) or finished * 8 >= len(batch.rows) or bool(groups and finished)
                done = batch.drop() if full else []
            yield from done

    def _take(self, groups: deque[list[Row]], batch: Batch) -> list[list[Row]]:
        """The next groups that there is room for; at least one where nothing is in the making."""
        budget = self._count_columns()
        taken: list[list[Row]] = []
        count, width, left = len(batch.rows), batch.width, batch.left
        while groups:
            group = groups[0]
            count += len(group)
            width, left = max(width, len(group[0].prompt)), max(left, group[0].limit)
            if (count > self.rows or count * (width + left) > budget) and (taken or batch.rows):
                break
            taken.append(groups.popleft())
        return taken

    def _count_columns(self) -> int:
        """Tokens whose keys and values may be held: half of a GPU's memory, or a fifth of the machine's."""
        import torch

        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        each = 2 * config.num_hidden_layers * heads * size * self.model.dtype.itemsize
        if self.model.device.type == "cuda":
            memory = torch.cuda.mem_get_info()[1] // 2
        else:
            memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 5 if hasattr(os, "sysconf") else 2**31
        return max(int(memory // each), 1)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """The likelihood of each continuation; contexts that begin alike are read once."""
        from sxl_train.generate.scoring import score

        return score(self.model, self.tokenizer, pairs, self._chunk, self.context)

    def close(self) -> None:
        """Let the weights go."""
        import gc

        import torch

        self.__dict__.pop("model", None)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def popped(samples: deque[Sample]) -> Iterator[Sample]:
    """What is in ``samples`` by the time that it is asked for."""
    while samples:
        yield samples.popleft()


def find_ends(model: Decoder, tokenizer: PreTrainedTokenizerFast, template: mask.Template | None) -> frozenset[int]:
    """The tokens that end an answer: the tokenizer's, the configuration's, and the one that the template ends with."""
    found = [tokenizer.eos_token_id]
    for config in (model.config, model.generation_config):
        value = getattr(config, "eos_token_id", None)
        found += value if isinstance(value, list) else [value]
    stop = find_stop(tokenizer, template)
    found.append(None if stop is None else tokenizer.convert_tokens_to_ids(stop))
    return frozenset(int(index) for index in found if index is not None)


def find_stop(tokenizer: PreTrainedTokenizerFast, template: mask.Template | None) -> str | None:
    """The token that ends a turn of the template, where it can be found."""
    from sxl_data.contract.errors import UserError

    try:
        return None if template is None else mask.find_stop(tokenizer, template)
    except UserError:  # it rewrites the past, or refuses so short a conversation: the tokenizer's own end is left
        return None
