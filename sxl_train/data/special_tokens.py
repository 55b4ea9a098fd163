"""A base's tokenizer and template in; the same with every token that agent traces need.

A new token's embedding starts as the mean of those of the text it replaces (``<tool_call>`` from ``tool``, ``call``
and the brackets): near the model's own distribution, where random rows would be far outside of it and would take
probability from every other token (Hewitt, "Initializing new word embeddings", 2021).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.errors import UserError, error
from sxl_train.data import mask
from sxl_train.data.mask import OWN, PAD, SHORT, SPECIAL_TOKENS, Message, Template, make_template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from sxl_train.run.decoder import Decoder


def choose_template(wanted: str, tokenizer: PreTrainedTokenizerFast) -> Template:
    """``auto``, ``sxl``, ``short``, ``base`` or a file → the template. Raises `UserError` U201, T105, T108.

    ``auto`` keeps the base's own where it shows reasoning, calls and results and trains its stop token.
    """
    own = make_template(OWN.read_text(encoding="utf-8"), tokenizer)
    base = make_template(tokenizer.chat_template, tokenizer) if isinstance(tokenizer.chat_template, str) else None
    if wanted == "sxl":
        return own
    if wanted == "short":
        return make_template(SHORT.read_text(encoding="utf-8"), tokenizer)
    if wanted == "auto":
        return base if base is not None and not find_losses(base) and _stops(tokenizer, base) else own
    if wanted == "base":
        if base is None:
            raise error("T108", found="the base has no chat template", expected="one in its tokenizer")
        chosen = base
    else:
        if not Path(wanted).is_file():
            raise error(
                "U201", file=wanted, found="no such template", expected="auto, sxl, short, base or a .jinja file"
            )
        chosen = make_template(Path(wanted).read_text(encoding="utf-8"), tokenizer)
    losses = find_losses(chosen)
    if losses:
        raise error("T105", file=wanted, found="lost: " + ", ".join(losses), expected="all of them in the text")
    return chosen


def find_losses(template: Template) -> list[str]:
    """Which of reasoning, call name, arguments, result, answer a template leaves out of a plain tool loop."""
    call = {"type": "function", "id": "callid001", "function": {"name": "sxlname", "arguments": {"key": "sxlvalue"}}}
    tool = {
        "type": "function",
        "function": {
            "name": "sxlname",
            "description": "d",
            "parameters": {"type": "object", "properties": {"key": {"type": "string"}}},
        },
    }
    messages: list[Message] = [
        {"role": "user", "content": "question"},
        {"role": "assistant", "content": "", "reasoning_content": "sxlreason", "tool_calls": [call]},
        {"role": "tool", "content": "sxlresult", "name": "sxlname", "tool_call_id": "callid001"},
        {"role": "assistant", "content": "sxlanswer"},
    ]
    try:
        spans = mask.find_spans(template, messages, [tool])
    except UserError as problem:
        return [f"everything ({problem.findings[0].found})"]
    words = {"reasoning": "sxlreason", "calls": '"sxlvalue"', "answers": "sxlanswer"}
    lost = [name for name, word in words.items() if word.strip('"') not in spans.said]
    return lost + (["results"] if "sxlresult" not in spans.text else [])


def add_special_tokens(tokenizer: PreTrainedTokenizerFast, template: Template) -> list[str]:
    """Give the tokenizer the special tokens that the template writes and it lacks; returns those added.

    The end of a turn becomes the end-of-sequence token, and a padding token apart from it is made sure of:
    were they the same, collators would mask the stop token.
    """
    vocabulary = tokenizer.get_vocab()
    wanted = [token for token in SPECIAL_TOKENS if token in template.text]
    missing = [token for token in wanted if token not in vocabulary]
    tokenizer.add_tokens([m for m in missing if not m.startswith("<|")], special_tokens=False)
    tokenizer.add_tokens([m for m in missing if m.startswith("<|")], special_tokens=True)
    stop = mask.find_stop(tokenizer, template)
    if stop is None:
        raise error("T103", found="no special token at the end of a trained turn", expected="such as <|im_end|>")
    tokenizer.eos_token = stop
    if tokenizer.pad_token is None or tokenizer.pad_token == stop:
        if PAD not in tokenizer.get_vocab():
            missing.append(PAD)
        tokenizer.add_special_tokens({"pad_token": PAD})
    tokenizer.chat_template = template.text
    return missing


def resize(model: Decoder, tokenizer: PreTrainedTokenizerFast, added: list[str]) -> None:
    """Make room for the added tokens and start each row from the mean of its text's old tokens."""
    import torch

    pieces = {}
    for token in added:
        known = [i for i in spell_out(tokenizer, token, added) if i < model.get_input_embeddings().weight.shape[0]]
        pieces[tokenizer.convert_tokens_to_ids(token)] = known
    if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    tables = [model.get_input_embeddings().weight]
    head = model.get_output_embeddings()
    if head is not None and head.weight.data_ptr() != tables[0].data_ptr():
        tables.append(head.weight)
    with torch.no_grad():
        for table in tables:
            rows = {new: table[old].float().mean(0) for new, old in pieces.items() if old}
            for new, value in rows.items():
                table[new] = value.to(table.dtype)
    model.config.eos_token_id = tokenizer.eos_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id


def find_trainable(tokenizer: PreTrainedTokenizerFast, template: Template, which: str, added: list[str]) -> list[int]:
    """Ids of the special tokens whose rows adapters train beside the linear layers."""
    if which == "none":
        return []
    names = added if which == "new" else [*(m for m in SPECIAL_TOKENS if m in template.text), tokenizer.eos_token]
    vocabulary = tokenizer.get_vocab()
    return sorted({vocabulary[name] for name in names if name in vocabulary})


def spell_out(tokenizer: PreTrainedTokenizerFast, token: str, added: list[str]) -> list[int]:
    """Ids of the token's words, written without the brackets that make it one token."""
    words = token.strip("<>/|").replace("_", " ").replace("|", "")
    words = {"im start": "start of message", "im end": "end of message"}.get(words, words)
    vocabulary = tokenizer.get_vocab()
    new = {vocabulary[name] for name in added}
    return [i for i in tokenizer(words, add_special_tokens=False)["input_ids"] if i not in new]


def _stops(tokenizer: PreTrainedTokenizerFast, template: Template) -> bool:
    return mask.find_stop(tokenizer, template) is not None
