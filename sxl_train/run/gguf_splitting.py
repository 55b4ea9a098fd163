"""How a tokenizer splits text before merging → llama.cpp's name for exactly that; anything else is refused.

llama.cpp knows a way of splitting by name alone: a wrong name gives other tokens than training saw, without a word.
So the whole entry of tokenizer.json is compared, patterns letter by letter, and whether whole words skip the merges.
Patterns of other families (DeepSeek's, GPT-4o's) share pieces with these and are still other ways.
"""

from __future__ import annotations

from sxl_data.contract.errors import error
from sxl_train.run.objects import Object, Value

_TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_HEAD = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
QWEN2 = _HEAD + r"\p{N}" + _TAIL
LLAMA3 = _HEAD + r"\p{N}{1,3}" + _TAIL
CLASSES = {
    "Qwen2Tokenizer": "qwen2",
    "Qwen2TokenizerFast": "qwen2",
    "GPT2Tokenizer": "gpt-2",
    "GPT2TokenizerFast": "gpt-2",
}
"""Where there is only vocab.json and merges.txt, the tokenizer's class says how it splits."""


def name_splitting(entry: Object | None, ignores_merges: bool = False, kind: str = "") -> str:
    """llama.cpp's name for the ``pre_tokenizer`` of a tokenizer.json, or without one for the tokenizer class ``kind``.

    ``ignores_merges`` is ``model.ignore_merges``. Raises `UserError` T503 for a way that has no name here.
    """
    if entry is None:
        if kind in CLASSES:
            return CLASSES[kind]
        raise error("T503", pointer="/tokenizer_class", found=kind or "none", expected="one of " + ", ".join(CLASSES))
    parts = entry.get("pretokenizers", [entry])
    name = _NAMES.get((*map(_describe, parts), ignores_merges))
    if name is None:
        found = [part.get("pattern", {}).get("Regex") or part["type"] for part in parts]
        raise error(
            "T503",
            pointer="/pre_tokenizer",
            found=found,
            expected="exactly the splitting of " + ", ".join(sorted(set(_NAMES.values()))),
        )
    return name


def find_entry(name: str) -> tuple[Object, bool]:
    """(``pre_tokenizer`` of a tokenizer.json, ``ignore_merges``) of llama.cpp's ``name``; T503 for one not known."""
    for way, known in _NAMES.items():
        if known == name:
            parts = [_restore(part) for part in way[:-1]]
            return (parts[0] if len(parts) == 1 else {"type": "Sequence", "pretokenizers": parts}), bool(way[-1])
    raise error(
        "T503", pointer="/tokenizer.ggml.pre", found=name, expected="one of " + ", ".join(sorted(set(_NAMES.values())))
    )


def _restore(part: tuple[Value, ...]) -> Object:
    """The opposite of `_describe`."""
    kind, *values = part
    if kind == "Split":
        pattern, behaviour, invert = values
        return {"type": kind, "pattern": {"Regex": pattern}, "behavior": behaviour, "invert": invert}
    if kind == "ByteLevel":
        uses_regex, prefix = values
        return {"type": kind, "add_prefix_space": prefix, "trim_offsets": True, "use_regex": uses_regex}
    return {"type": kind, "individual_digits": values[0]}


def _describe(part: Object) -> tuple[Value, ...]:
    """What of one part changes the tokens."""
    kind = part["type"]
    if kind == "Split":
        return (kind, part.get("pattern", {}).get("Regex"), part.get("behavior"), bool(part.get("invert", False)))
    if kind == "ByteLevel":
        return kind, bool(part.get("use_regex", True)), bool(part.get("add_prefix_space", True))
    return (kind, bool(part["individual_digits"])) if kind == "Digits" else (kind, str(part))


_BYTES = ("ByteLevel", False, False)
_GPT2 = ("ByteLevel", True, False)
_NAMES: dict[tuple[Value, ...], str] = {
    (_GPT2, False): "gpt-2",
    (("Digits", True), _GPT2, False): "smollm",
    (("Split", QWEN2, "Isolated", False), _BYTES, False): "qwen2",
    (("Split", LLAMA3, "Isolated", False), _BYTES, True): "llama-bpe",
    (("Split", LLAMA3, "Isolated", False), _BYTES, False): "smaug-bpe",
}
