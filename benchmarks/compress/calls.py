"""Three measures of the tool calls of a model that is small enough to fail most of them.

free: the whole turn is generated from the prompt, and every call it makes must be valid. primed: the turn is given up
to the opening mark of the true call, so that name and arguments are judged and the decision to call is not. forced:
the likeliest token at every place of the true turn, so that one error does not spoil the rest. Valid is: parses, names
a declared tool, satisfies its schema. Greedy, nothing is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

OPEN = "<tool_call>"


def judge_calls(model: Any, folder: Path, prompts: list[Any], new_tokens: int, free: bool = True) -> dict[str, float]:
    """Shares of ``prompts`` (text, tools, truth) whose calls are valid, by measure; the tokenizer is ``folder``'s."""
    from sxl_train.run.tokenizer import open_tokenizer

    tokenizer = open_tokenizer(folder)
    tokenizer.padding_side = "left"
    asked = sorted(prompts, key=lambda prompt: len(prompt["text"]))
    starts = [prompt["truth"].partition(OPEN)[0] + OPEN for prompt in asked]
    found = {"forced_calls": share(asked, force(model, tokenizer, asked))}
    texts = generate(model, tokenizer, [p["text"] + s for p, s in zip(asked, starts)], new_tokens)
    found["primed_calls"] = share(asked, [OPEN + text for text in texts])
    if free:
        texts = generate(model, tokenizer, [p["text"] for p in asked], new_tokens)
        found["valid_calls"] = share(asked, texts)
    return found


def share(asked: list[Any], texts: list[str]) -> float:
    """Of ``texts``, how many make a call and only valid ones."""
    from sxl_train.answers.calls import judge
    from sxl_train.answers.markup import READERS, read_schemas

    good = 0
    for prompt, text in zip(asked, texts, strict=True):
        schemas = read_schemas(prompt["tools"])
        calls = READERS["hermes"](text, schemas)
        good += bool(calls) and all(judge(call, schemas).valid for call in calls)
    return good / max(len(asked), 1)


def generate(model: Any, tokenizer: Any, texts: list[str], new_tokens: int) -> list[str]:
    """What the model writes after each of ``texts``; greedy, many at a time, up to the first stop token."""
    import torch

    device, made = model.device, []
    for start in range(0, len(texts), 256):
        inputs = tokenizer(texts[start : start + 256], add_special_tokens=False, padding=True, return_tensors="pt")
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            ids = model.generate(
                input_ids=inputs["input_ids"].to(device),
                attention_mask=inputs["attention_mask"].to(device),
                max_new_tokens=new_tokens,
                do_sample=False,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        made += tokenizer.batch_decode(ids[:, inputs["input_ids"].shape[1] :], skip_special_tokens=False)
    stop = tokenizer.eos_token
    return [text.partition(stop)[0] for text in made]


def force(model: Any, tokenizer: Any, asked: list[Any]) -> list[str]:
    """The likeliest tokens in place of each true turn."""
    import torch

    made = []
    for start in range(0, len(asked), 32):
        batch = asked[start : start + 32]
        parts = [tokenizer([p["text"], p["truth"]], add_special_tokens=False)["input_ids"] for p in batch]
        longest = max(len(before) + len(turn) for before, turn in parts)
        # Padding on the right: attention is causal, so nothing before it sees it.
        ids = torch.tensor([before + turn + [0] * (longest - len(before) - len(turn)) for before, turn in parts])
        with torch.no_grad():
            hidden = model.model(input_ids=ids.to(model.device), use_cache=False).last_hidden_state
            for row, (before, turn) in enumerate(parts):
                places = hidden[row, len(before) - 1 : len(before) + len(turn) - 1]
                guesses = model.lm_head(places).argmax(-1).tolist()
                made.append(tokenizer.decode(guesses, skip_special_tokens=False))
    return made
