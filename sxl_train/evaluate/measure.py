"""One model folder in, numbers out: validation loss, and what its tool calls are worth.

Loss is per trained token, and per byte of trained text so that models with different vocabularies compare.
Calls are judged twice: teacher-forced (the likeliest token at every place of the true calls: cheap, many, and blind
to errors that build on each other) and generated (greedy, from the prompt to the stop token: the real thing).
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sxl_train.answers.calls import Tally, read_true
from sxl_train.answers.markup import find_reader, read_schemas
from sxl_train.config import Evaluate
from sxl_train.data import dataset as data
from sxl_train.data import mask, samples
from sxl_train.data.conversations import Row
from sxl_train.generate.folder import load
from sxl_train.generate.types import Request
from sxl_train.run.objects import Object
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from sxl_train.run.decoder import Decoder


def measure(folder: str, dataset: str, options: Evaluate, max_length: int, split: str = "validation") -> Object:
    """Load ``folder`` from disk and measure it. Deterministic: greedy, no sampling."""
    import torch

    started = time.monotonic()
    torch.manual_seed(0)
    model = load(folder)
    loaded = time.monotonic()
    tokenizer = open_tokenizer(folder)
    rows = data.read_rows(data.find_dataset(dataset), split, options.rows)
    kept = samples.read_samples(dataset, split, tokenizer, options.rows, max_length)
    loss = samples.measure_loss(model, kept)
    reader = find_reader(mask.make_template(tokenizer.chat_template, tokenizer))
    forced = force(model, tokenizer, rows, max_length)
    made, example, speed = generate(model, tokenizer, rows, options, max_length, folder)
    return {
        "loss": round(loss.per_token, 4),
        "loss_per_byte": round(loss.per_byte, 5),
        "tokens": loss.tokens,
        "rows": len(kept),
        "parameters": sum(p.numel() for p in model.parameters()),
        "markup": reader[0] if reader else None,
        "forced": msgspec.to_builtins(forced),
        "generated": msgspec.to_builtins(made),
        "example": example,
        "megabytes": _weigh(folder),
        "load_s": round(loaded - started, 2),
        "tokens_per_s": round(speed, 1),
        **describe_machine(model),
        "seconds": round(time.monotonic() - started, 1),
    }


def force(model: Decoder, tokenizer: PreTrainedTokenizerFast, rows: list[Row], max_length: int) -> Tally:
    """Verdicts on the likeliest tokens in place of each turn that calls a tool."""
    import torch

    tally = Tally()
    template = mask.make_template(tokenizer.chat_template, tokenizer)
    reader = find_reader(template)
    for row in rows:
        tokens = mask.tokenise(tokenizer, template, row.messages, row.tools)
        turns = [m for m in row.messages if m["role"] == "assistant" and m.get("train") is not False]
        spans = find_turns(tokens)
        if len(spans) != len(turns) or len(tokens.ids) > max_length:
            continue
        ids = torch.tensor([tokens.ids], device=model.get_input_embeddings().weight.device)
        with torch.no_grad():
            guesses = model(input_ids=ids, use_cache=False).logits[0].argmax(-1).tolist()
        for (start, end), turn in zip(spans, turns):
            true = read_true(turn)
            if true:
                text = str(tokenizer.decode(guesses[start - 1 : end - 1], skip_special_tokens=False))
                tally.add(reader[1](text, read_schemas(row.tools)) if reader else [], true, row.tools)
    return tally


def generate(
    model: Decoder, tokenizer: PreTrainedTokenizerFast, rows: list[Row], options: Evaluate, max_length: int, folder: str
) -> tuple[Tally, str, float]:
    """Verdicts on generated turns, the first one's text, tokens/s of all of them together."""
    from sxl_train.generate.folder import FolderBackend

    template = mask.make_template(tokenizer.chat_template, tokenizer)
    reader = find_reader(template)
    chosen: dict[str, tuple[Row, int]] = {}
    requests: list[Request] = []
    for at, row in enumerate(rows):
        place = next((i for i, m in enumerate(row.messages) if m.get("tool_calls")), None)
        if place is None or len(requests) >= options.generate:
            continue
        messages, tools = tuple(row.messages[:place]), tuple(row.tools or ()) or None
        request = Request(id=str(at), messages=messages, tools=tools, max_tokens=options.new_tokens)
        if len(mask.tokenise_prompt(tokenizer, template, row.messages[:place], row.tools)) + options.new_tokens <= (
            max_length * 2
        ):
            requests.append(request)
            chosen[request.id] = row, place
    began = time.monotonic()
    made = list(FolderBackend(folder, model).generate(requests))
    seconds = time.monotonic() - began
    tally, texts = Tally(), {sample.request: sample.text for sample in made}
    for sample in made:
        row, place = chosen[sample.request]
        calls = reader[1](sample.text, read_schemas(row.tools)) if reader else []
        tally.add(calls, read_true(row.messages[place]), row.tools, sample.finish == "stop")
    tokens = sum(sample.tokens for sample in made)
    return tally, texts[requests[0].id] if requests else "", tokens / seconds if tokens else 0.0


def describe_machine(model: Decoder) -> dict[str, str]:
    """What computed the numbers: the processor's or GPU's name, and the precision that the model really has."""
    import torch

    weight = model.get_input_embeddings().weight
    if weight.device.type == "cuda":
        device = torch.cuda.get_device_name(weight.device)
    else:
        device = f"{os.cpu_count()} CPU cores ({platform.machine()})"
    return {"device": device, "precision": str(weight.dtype).removeprefix("torch.")}


def find_turns(tokens: mask.Tokens) -> list[tuple[int, int]]:
    """[start, end) of every run of trained tokens: one for each turn of the assistant."""
    spans, start = [], None
    for index, phase in enumerate([*tokens.phases, mask.IGNORED]):
        if phase and start is None:
            start = index
        elif not phase and start is not None:
            spans.append((start, index))
            start = None
    return spans


def _weigh(folder: str) -> float | None:
    """MB of all files that loading needs; of an adapter alone it would say nothing."""
    from sxl_train.run import size

    if not Path(folder).is_dir() or (Path(folder) / "adapter_config.json").exists():
        return None
    return round(size.measure(Path(folder)).megabytes, 2)
