"""A way of splitting gets llama.cpp's name only where it is exactly that way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.release import gguf_check
from sxl_train.run.gguf_splitting import LLAMA3, QWEN2, name_splitting
from sxl_train.run.tokenizer import open_tokenizer

BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
GPT2 = BYTES | {"use_regex": True}
DIGITS = {"type": "Digits", "individual_digits": True}
WORDS = r"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = WORDS.replace("\\\\", "\\") + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
DEEPSEEK = (
    r"\p{N}{1,3}",
    "[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
)


def split(*patterns: str, **keys: Any) -> dict[str, Any]:
    parts = [
        {"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated", "invert": False} | keys for p in patterns
    ]
    return {"type": "Sequence", "pretokenizers": [*parts, BYTES]}


KNOWN = [
    (GPT2, False, "gpt-2"),
    ({"type": "Sequence", "pretokenizers": [DIGITS, GPT2]}, False, "smollm"),
    (split(QWEN2), False, "qwen2"),
    (split(LLAMA3), True, "llama-bpe"),
    (split(LLAMA3), False, "smaug-bpe"),
]


@pytest.mark.parametrize(("entry", "ignores", "name"), KNOWN, ids=[name for _, _, name in KNOWN])
def test_a_known_way_has_its_name(entry: dict[str, Any], ignores: bool, name: str) -> None:
    assert name_splitting(entry, ignores) == name


OTHERS = {
    "deepseek": split(*DEEPSEEK),
    "gpt-4o": split(GPT4O),
    "llama3 and more": split(LLAMA3 + "|x"),
    "llama3's numbers first": split(r"\p{N}{1,3}", QWEN2),
    "qwen2 cut short": split(QWEN2[:90]),
    "removed": split(QWEN2, behavior="Removed"),
    "inverted": split(LLAMA3, invert=True),
    "a space before": BYTES | {"use_regex": True, "add_prefix_space": True},
    "metaspace": {"type": "Metaspace"},
    "digits together": {"type": "Sequence", "pretokenizers": [DIGITS | {"individual_digits": False}, GPT2]},
    "digits behind": {"type": "Sequence", "pretokenizers": [GPT2, DIGITS]},
    "bytes alone": BYTES,
}


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("entry", OTHERS.values(), ids=OTHERS)
def test_any_other_way_is_refused(entry: dict[str, Any], ignores: bool) -> None:
    with pytest.raises(UserError, match="T503"):
        name_splitting(entry, ignores)


def test_words_that_skip_the_merges_are_another_way() -> None:
    with pytest.raises(UserError, match="T503"):
        name_splitting(split(QWEN2), True)


def test_without_an_entry_the_class_of_the_tokenizer_decides() -> None:
    assert name_splitting(None, kind="Qwen2Tokenizer") == "qwen2"
    with pytest.raises(UserError, match="T503"):
        name_splitting(None, kind="LlamaTokenizer")


@pytest.mark.skipif(not gguf_check.is_available(), reason="llama-cpp-python is not installed")
@pytest.mark.parametrize(("entry", "ignores", "name"), KNOWN, ids=[name for _, _, name in KNOWN])
def test_llama_cpp_splits_as_the_tokenizer_does(
    make_model, tmp_path: Path, entry: dict[str, Any], ignores: bool, name: str
) -> None:
    from sxl_train.storage import gguf

    folder = make_model()
    path = folder / "tokenizer.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["pre_tokenizer"] = entry
    whole["model"]["ignore_merges"] = ignores
    path.write_text(json.dumps(whole), encoding="utf-8")
    texts = [
        "def add(first, second):\n    return 12 + 345678",
        "naïve 東京 🙂 12345",
        "I'LL  say\t\n\n b's",
        "a/b//\n\n c",
        "print(index, name)\n",
        "The calculator returned 42, so the answer is 42.",
    ]
    out = gguf.write(folder, tmp_path / "model.gguf", "f16")
    tokenizer = open_tokenizer(folder)
    assert gguf_check.check(out, texts=texts)["encoded"] == [
        tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts
    ]
