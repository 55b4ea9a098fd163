"""The base model in, a folder that knows the template's tokens out (``OUT/base``).

A base in a GGUF file or an installed package is expanded to bf16 here; what was rounded stays rounded, and the card
says so.

For ``base_model: demo`` the base is made here: a byte-level BPE and a small Llama, both trained for a minute on the
dataset's own text. It is a toy, and every card and table says so: it shows that the path works, not that the model
does. Any other base is copied with the missing tokens added (`special_tokens.py`), or used as it is if it lacks none.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sxl_data.contract.console import Progress, say
from sxl_data.engine.commit import sha256
from sxl_train.config import Base
from sxl_train.data import dataset as data
from sxl_train.data import mask
from sxl_train.data.mask import OWN, PAD, SPECIAL_TOKENS, Template, make_template
from sxl_train.data.special_tokens import add_special_tokens, choose_template, resize
from sxl_train.run import bases, hub
from sxl_train.run.licence import read_licence, read_licence_texts
from sxl_train.run.quiet import hush
from sxl_train.run.step import Context
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from sxl_train.run.decoder import Decoder

END = "<|endoftext|>"
DEMO = "demo"


def run(context: Context) -> Path:
    """Make or extend the base; returns its folder."""
    hush()
    if context.model == DEMO:
        return _build(context)
    from transformers import AutoModelForCausalLM

    file = bases.find_gguf(context.model)
    if file is not None:
        # In a folder of its own: what is loaded from a file must not be written over that file.
        expanded = context.folder / "expanded"
        origin = bases.expand(file, expanded)
        context.measured["expanded"] = origin
        say(f"base       {origin['file']} expanded from {origin['format']} to bf16")
    source = fetch(context.model, context.recipe.revision) if file is None else expanded
    context.measured["weights"] = {path.name: sha256(path) for path in sorted(source.glob("*.safetensors"))}
    tokenizer = open_tokenizer(str(source))
    before = tokenizer.chat_template, tokenizer.eos_token, tokenizer.pad_token
    template = choose_template(context.recipe.tune.template, tokenizer)
    added = add_special_tokens(tokenizer, template)
    context.measured.update(toy=False, added_tokens=added, licence=read_licence(source))
    if not added and before == (tokenizer.chat_template, tokenizer.eos_token, tokenizer.pad_token):
        say(f"base       used {'in place' if file is None else 'as it is'}: it has every token the template needs")
        return source if file is None else _move_up(source)
    model = cast("Decoder", AutoModelForCausalLM.from_pretrained(source, dtype="auto"))
    resize(model, tokenizer, added)
    model.save_pretrained(context.folder)
    tokenizer.save_pretrained(context.folder)
    for name, content in read_licence_texts(source).items():
        (context.folder / name).write_bytes(content)
    if file is not None:
        if (source / "README.md").is_file():
            shutil.copyfile(source / "README.md", context.folder / "README.md")
        del model
        shutil.rmtree(source)
    return context.folder


def _move_up(folder: Path) -> Path:
    """Put what is in ``folder`` beside it, and return where it is then."""
    for path in folder.iterdir():
        path.replace(folder.parent / path.name)
    folder.rmdir()
    return folder.parent


def fetch(model: str, revision: str) -> Path:
    """A local folder itself; of a hub id the folder of the local cache, fetched where it is not there.

    Every later step then reads a folder, of the one revision. Raises `UserError` T101.
    """
    wanted = ["*.json", "*.jinja", "*.txt", "*.model", "*.safetensors", "LICENSE*", "README.md"]
    folder = hub.fetch(model, wanted, revision=revision)
    return folder if list(folder.glob("*.safetensors")) else hub.fetch(model, [*wanted, "*.bin"], revision=revision)


def train_tokenizer(texts: list[str], vocabulary: int, context: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE that holds the special tokens whole; every text can be encoded and decoded exactly."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = [END, PAD, *SPECIAL_TOKENS]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    core.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=END,
        eos_token="<|im_end|>",
        pad_token=PAD,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def make_model(shape: Base, tokenizer: PreTrainedTokenizerFast, seed: int) -> Decoder:
    """A Llama with random weights of the given shape, in float32."""
    import torch
    from transformers import LlamaForCausalLM

    torch.manual_seed(seed)
    # The last rows may have no token: 64-row steps keep matrix sizes friendly to quantised formats.
    config = bases.configure(shape, -(-len(tokenizer) // 64) * 64)
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(config, name, getattr(tokenizer, name))
    return cast("Decoder", LlamaForCausalLM(config))


def _build(context: Context) -> Path:
    shape, recipe = context.recipe.base, context.recipe
    rows = data.read_rows(data.find_dataset(recipe.dataset), "train", recipe.limit)
    template = Template(OWN.read_text(encoding="utf-8"))
    texts = [mask.render(template, row.messages, row.tools) for row in rows]
    tokenizer = train_tokenizer(texts, shape.vocabulary, shape.context)
    tokenizer.chat_template = template.text
    model = make_model(shape, tokenizer, recipe.seed)
    parameters = sum(p.numel() for p in model.parameters())
    say(f"base       a toy: Llama of {parameters / 1e6:.1f} M parameters, {len(tokenizer)} tokens, made in place")
    rendered = [mask.tokenise(tokenizer, template, row.messages, row.tools).ids for row in rows]
    loss = _teach(model, tokenizer, rendered, shape, recipe.seed)
    context.measured.update(toy=True, parameters=parameters, vocabulary=len(tokenizer), steps=shape.steps, loss=loss)
    import torch

    model.to(dtype=torch.bfloat16).save_pretrained(context.folder)
    tokenizer.save_pretrained(context.folder)
    return context.folder


def _teach(
    model: Decoder, tokenizer: PreTrainedTokenizerFast, rows: list[list[int]], shape: Base, seed: int
) -> float | None:
    """A minute of plain next-token training on every token, so that tuning starts from more than noise."""
    import torch

    if not shape.steps:
        return None
    ids: list[int] = []
    for encoded in rows:
        ids += [*encoded, tokenizer.bos_token_id]
    stream = torch.tensor(ids)
    length = min(256, shape.context, max(8, len(stream) // 2))
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=shape.lr, weight_decay=0.1, betas=(0.9, 0.95), fused=True)
    rising = 0.1 if shape.steps > 10 else 0.3  # torch divides by the steps of the rise less one
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, shape.lr, total_steps=shape.steps, pct_start=rising)
    recent: list[float] = []
    model.train()
    with Progress("base", shape.steps, "steps") as progress:
        for _ in range(shape.steps):
            starts = torch.randint(
                0, max(1, len(stream) - length), (max(1, shape.tokens // length),), generator=generator
            )
            batch = torch.stack([stream[s : s + length] for s in starts])
            loss = model(input_ids=batch, labels=batch, use_cache=False).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            recent = [*recent[-9:], loss.item()]
            progress.advance()
    return round(sum(recent) / len(recent), 4)


def read_template(folder: str, revision: str = "main") -> tuple[PreTrainedTokenizerFast, Template]:
    """The tokenizer of a model folder and the template saved with it."""
    tokenizer = open_tokenizer(folder, revision)
    return tokenizer, make_template(tokenizer.chat_template, tokenizer)
