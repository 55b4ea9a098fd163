"""A trimmed tokenizer encodes every string, and texts of kept tokens exactly as before."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from sxl_data.contract.errors import UserError
from sxl_train.data import vocabulary
from sxl_train.run import checkpoints, size

pytestmark = pytest.mark.slow

CORPUS = "def add(first, second):\n    return first + second  # twelve and thirty-four\n" * 3
ODD = ["", " ", "\n\n\t", "naïve café", "東京", "🙂🙃", "\x00\x01", "a" * 300, "12 345,67", "Ünïcödé ﬀ", "\u200b"]


def load(trimmed: dict) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(trimmed))


@cache
def read(folder: Path) -> tuple[dict, Tokenizer]:
    whole = vocabulary.read_tokenizer(folder)
    return whole, load(whole)


@cache
def trim(folder: Path, size: int = 0) -> tuple[Tokenizer, Tokenizer, list[int], dict]:
    whole, old = read(folder)
    counts = Counter(old.encode(CORPUS, add_special_tokens=False).ids)
    kept = vocabulary.choose_tokens(whole, counts, size)
    trimmed = vocabulary.trim_tokenizer(whole, kept)
    return old, load(trimmed), kept, trimmed


@pytest.fixture(params=["tiny", "qwen2", "sxl-base-31m"])
def folder(request: pytest.FixtureRequest, make_model) -> Path:
    if request.param == "tiny":
        return make_model()
    shared: Path = request.getfixturevalue("shared")
    found = shared / ("models" if "sxl" in request.param else "data/tokenizers") / request.param
    if not found.is_dir():
        pytest.skip(f"{request.param} is not here")
    return found


@pytest.mark.parametrize("size", [0, 350])
def test_the_corpus_is_encoded_to_the_same_tokens(folder: Path, size: int) -> None:
    old, new, kept, _ = trim(folder, size)
    before = old.encode(CORPUS, add_special_tokens=False).ids
    after = new.encode(CORPUS, add_special_tokens=False).ids
    if set(before) <= set(kept):
        assert before == [kept[index] for index in after]
    assert CORPUS == new.decode(after, skip_special_tokens=False)


def test_every_string_stays_encodable(folder: Path) -> None:
    old, new, kept, _ = trim(folder, 300)

    def normal(text: str) -> str:  # Qwen2 normalises to NFC before anything else, trimmed or not
        return old.normalizer.normalize_str(text) if old.normalizer is not None else text

    @settings(max_examples=150)
    @example("\uf900")
    @given(st.text(max_size=60))
    def check(text: str) -> None:
        ids = new.encode(text, add_special_tokens=False).ids
        assert all(0 <= index < len(kept) for index in ids)
        assert normal(text) == new.decode(ids, skip_special_tokens=False)

    check()
    for text in ODD:
        assert text == new.decode(new.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)


def test_special_tokens_stay_single_and_special(folder: Path) -> None:
    old, new, kept, trimmed = trim(folder, 300)
    for token in trimmed["added_tokens"]:
        (index,) = new.encode(token["content"], add_special_tokens=False).ids
        assert old.token_to_id(token["content"]) == kept[index]


def test_the_size_asked_for_is_reached_and_not_passed(folder: Path) -> None:
    assert 380 >= len(trim(folder, 380)[2]) > 370
    assert len(trim(folder, 0)[2]) < 380


def test_the_trimmed_model_gives_the_old_probabilities_of_kept_tokens(make_model, tmp_path: Path) -> None:
    folder = make_model()
    old, _, kept, trimmed = trim(folder, 340)
    model = checkpoints.load(folder, "float32")
    ids = [index for index in old.encode(CORPUS, add_special_tokens=False).ids if index in set(kept)][:30]
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits[..., kept]
    out = checkpoints.save(vocabulary.trim_model(model, kept), tmp_path / "out", None)
    vocabulary.write_tokenizer(folder, out, trimmed, kept)
    reloaded = AutoModelForCausalLM.from_pretrained(out)
    with torch.no_grad():
        got = reloaded(torch.tensor([[kept.index(index) for index in ids]])).logits
    assert torch.allclose(expected, got, atol=1e-5)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(out)
    assert tokenizer.eos_token_id == reloaded.config.eos_token_id == reloaded.generation_config.eos_token_id
    assert size.measure(out).total < size.measure(folder).total * 2
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "12"}]
    before = PreTrainedTokenizerFast.from_pretrained(folder).apply_chat_template(messages, tokenize=False)
    assert before == tokenizer.apply_chat_template(messages, tokenize=False)


def test_the_trimmed_qwen_tokenizer_is_the_same_through_auto_tokenizer(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "tokenizers" / "qwen2"
    if not folder.is_dir():
        pytest.skip("the Qwen2 tokenizer is not here")
    _, new, kept, trimmed = trim(folder, 20_000)
    vocabulary.write_tokenizer(folder, tmp_path, trimmed, kept)
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}', encoding="utf-8")
    auto = AutoTokenizer.from_pretrained(tmp_path)
    golden = folder.parent / "llama_cpp" / "ggml-vocab-qwen2.gguf.inp"
    for text in [*golden.read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n"), *ODD, CORPUS]:
        assert new.encode(text, add_special_tokens=False).ids == auto(text, add_special_tokens=False)["input_ids"]


def piece_tokenizer(folder: Path) -> Path:
    """A vocabulary as SentencePiece makes it: every way to make a token is a merge, and bytes to fall back on."""
    pieces = [
        "▁",
        *"abcdefg",
        "ab",
        "bc",
        "abc",
        "▁a",
        "▁ab",
        "cd",
        "bcd",
        "abcd",
        "▁abcd",
        "gh",
        "fgh",
        "h",
        "\t ",
        "\t",
        " ",
        "<unused7>",
    ]
    names = ["<unk>", "<bos>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]
    merges = [[p[:n], p[n:]] for p in pieces for n in range(1, len(p)) if {p[:n], p[n:]} <= set(pieces)]
    special = [{"id": names.index(n), "content": n, "special": True} for n in ("<unk>", "<bos>", "<unused7>")]
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    back = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    whole = {
        "version": "1.0",
        "added_tokens": [token | flags for token in special],
        "normalizer": replace,
        "decoder": {"type": "Sequence", "decoders": [back, {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": True, "fuse_unk": True, "merges": merges}
        | {"vocab": {name: index for index, name in enumerate(names)}},
    }
    folder.mkdir()
    (folder / "tokenizer.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder


@pytest.mark.parametrize("where", ["pieces", "tinyllama"])
def test_a_vocabulary_with_bytes_to_fall_back_on_is_trimmed_exactly(where: str, shared: Path, tmp_path: Path) -> None:
    folder = piece_tokenizer(tmp_path / where) if where == "pieces" else shared / "data" / "tokenizers" / where
    if not folder.is_dir():
        pytest.skip("the TinyLlama tokenizer is not here")
    whole = vocabulary.read_tokenizer(folder)
    old, corpus = load(whole), CORPUS if where == "tinyllama" else "abcd abc fgh"
    counts = Counter(old.encode(corpus, add_special_tokens=False).ids)
    kept = vocabulary.choose_tokens(whole, counts, 0 if where == "pieces" else 900)
    new = load(vocabulary.trim_tokenizer(whole, kept))
    assert len(kept) < old.get_vocab_size() - 2 and (where != "pieces" or new.token_to_id("<unused7>") is None)
    exact = 0

    @settings(max_examples=300)
    @given(st.one_of(st.text(alphabet="abcdefgh ", max_size=12), st.text(alphabet=CORPUS, max_size=20), st.text()))
    def check(text: str) -> None:
        nonlocal exact
        before, after = (tokenizer.encode(text, add_special_tokens=False).ids for tokenizer in (old, new))
        if set(before) <= set(kept):
            exact += 1
            assert before == [kept[index] for index in after]
        if "▁" not in text:
            assert text == new.decode(after, skip_special_tokens=False)

    check()
    assert exact > 30


def test_a_tokenizer_without_bytes_is_refused(tmp_path: Path) -> None:
    folder = piece_tokenizer(tmp_path / "pieces")
    whole = json.loads((folder / "tokenizer.json").read_bytes())
    del whole["model"]["vocab"]["<0x41>"]
    (folder / "tokenizer.json").write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        vocabulary.read_tokenizer(folder)
    assert "T507" == caught.value.findings[0].code
