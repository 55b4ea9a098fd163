"""A GGUF file's metadata → tokenizer.json, its settings and the chat template, as transformers reads them.

Byte-level BPE ("gpt2") is taken over entry by entry; how it splits text is known by name alone, and a name that is
not known here is refused. A SentencePiece vocabulary ("llama", Gemma's too) has scores in place of merges: llama.cpp
joins the pair whose result scores highest, which is BPE with every way to make a token as a merge, in order of the
scores.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias

from sxl_data.contract.errors import error
from sxl_train.run.gguf_reader import GgufFile
from sxl_train.run.gguf_splitting import find_entry

Json: TypeAlias = dict[str, object]
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
SPACE = "▁"


def write_tokenizer(file: GgufFile, folder: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and chat_template.jinja. Raises `UserError` T503, T507."""
    names = [str(text) for text in file.items("tokenizer.ggml.tokens")]
    kinds = file.items("tokenizer.ggml.token_type")
    kind = file.text("tokenizer.ggml.model")
    if not names or len(set(names)) != len(names) or kind not in ("gpt2", "llama"):
        raise error(
            "T507", file=str(file.path), found=kind or "no tokenizer", expected="gpt2 or llama, in GGUF's words"
        )
    control = [i for i, found in enumerate(kinds) if found in (UNKNOWN, CONTROL)]
    special = {index: True for index in control}
    special |= {i: False for i, found in enumerate(kinds) if found == USER_DEFINED}
    whole: Json = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(index, names[index], special[index]) for index in sorted(special)],
        "post_processor": _opening(file, names) if file.metadata.get("tokenizer.ggml.add_bos_token") else None,
    }
    whole |= _byte_level(file, names) if kind == "gpt2" else _sentence_piece(file, names)
    _write(folder / "tokenizer.json", json.dumps(whole, ensure_ascii=False, separators=(",", ":")))
    settings: Json = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(file.number(f"{file.text('general.architecture')}.context_length", 2048)),
    }
    for name, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")):
        index = file.metadata.get(f"tokenizer.ggml.{key}_token_id")
        if isinstance(index, int) and index < len(names):
            settings[f"{name}_token"] = names[index]
    _write(folder / "tokenizer_config.json", json.dumps(settings, ensure_ascii=False, indent=2))
    if template := file.text("tokenizer.chat_template"):
        _write(folder / "chat_template.jinja", template)


def _byte_level(file: GgufFile, names: list[str]) -> Json:
    entry, ignores = find_entry(file.text("tokenizer.ggml.pre", "default"))
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": ignores,
        "vocab": {text: index for index, text in enumerate(names)},
        "merges": [str(pair).split(" ", 1) for pair in file.items("tokenizer.ggml.merges")],
    }
    decoder = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {"normalizer": None, "pre_tokenizer": entry, "decoder": decoder, "model": model}


def _sentence_piece(file: GgufFile, names: list[str]) -> Json:
    prefixed = bool(file.metadata.get("tokenizer.ggml.add_space_prefix", True))
    spaces: list[Json] = [{"type": "Replace", "pattern": {"String": " "}, "content": SPACE}]
    before: list[Json] = [{"type": "Prepend", "prepend": SPACE}] if prefixed else []
    after: list[Json] = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if prefixed else []
    unknown = int(file.number("tokenizer.ggml.unknown_token_id", 0))
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": names[unknown] if unknown < len(names) else None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": True,
        "ignore_merges": False,
        "vocab": {text: index for index, text in enumerate(names)},
        "merges": list_merges(names, file),
    }
    back: Json = {"type": "Replace", "pattern": {"String": SPACE}, "content": " "}
    decoder = {"type": "Sequence", "decoders": [back, {"type": "ByteFallback"}, {"type": "Fuse"}, *after]}
    normaliser = {"type": "Sequence", "normalizers": before + spaces}
    return {"normalizer": normaliser, "pre_tokenizer": None, "decoder": decoder, "model": model}


def list_merges(names: list[str], file: GgufFile) -> list[list[str]]:
    """Every way to make a token of two, best result first, as SentencePiece joins them."""
    scores = file.items("tokenizer.ggml.scores")
    kinds = file.items("tokenizer.ggml.token_type")
    if len(scores) != len(names) or len(kinds) != len(names):
        raise error("T507", file=str(file.path), found=f"{len(scores)} scores for {len(names)} tokens")
    plain = {text for text, kind in zip(names, kinds) if kind in (NORMAL, USER_DEFINED)}
    order = sorted((i for i in range(len(names)) if names[i] in plain), key=lambda i: (-float(str(scores[i])), i))
    merges = []
    for index in order:
        text = names[index]
        merges += [
            [text[:cut], text[cut:]] for cut in range(1, len(text)) if text[:cut] in plain and text[cut:] in plain
        ]
    return merges


def _opening(file: GgufFile, names: list[str]) -> Json | None:
    """What puts the token that begins a text in front of it."""
    index = int(file.number("tokenizer.ggml.bos_token_id", -1))
    if not 0 <= index < len(names):
        return None
    token = names[index]
    first = {"SpecialToken": {"id": token, "type_id": 0}}
    text, second = ({"Sequence": {"id": name, "type_id": kind}} for name, kind in (("A", 0), ("B", 1)))
    return {
        "type": "TemplateProcessing",
        "single": [first, text],
        "pair": [first, text, {"SpecialToken": {"id": token, "type_id": 1}}, second],
        "special_tokens": {token: {"id": token, "ids": [index], "tokens": [token]}},
    }


def _added(index: int, text: str, special: bool) -> Json:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
    return {"id": index, "content": text, **flags}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
