"""What is released answers from its files alone, in a process that has none of our code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.quantise import step as quantise
from sxl_train.release import gguf_check, verify
from sxl_train.run import size

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_a_quantised_folder_answers_in_a_new_process(make_model, tmp_path: Path, kind: str) -> None:
    pytest.importorskip("bitsandbytes")
    folder = quantise.quantise(make_model(kind=kind), tmp_path / "nf4")
    verdict = verify.verify_folder(folder, new_tokens=4)
    assert verdict.prompt.startswith("<|im_start|>user\nWrite a Python function")
    assert verdict.prompt.endswith("<|im_start|>assistant\n")
    assert size.measure(folder).total == verdict.bytes
    assert verdict.load_s > 0 and verdict.tokens_per_s > 0
    assert "nf4" in verify.format_verdicts([verdict])


def test_a_folder_that_does_not_load_says_so_with_its_last_words(make_model) -> None:
    folder = make_model()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 80}), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        verify.verify_folder(folder, new_tokens=2)
    assert "T202" == caught.value.findings[0].code and caught.value.findings[0].found


@pytest.mark.skipif(not gguf_check.is_available(), reason="llama-cpp-python is not installed")
def test_a_gguf_file_answers_in_a_new_process(make_model, tmp_path: Path) -> None:
    gguf = pytest.importorskip("sxl_train.storage.gguf")
    pytest.importorskip("gguf")
    out = gguf.write(make_model(), tmp_path / "model.gguf", "q8_0")
    verdict = verify.verify_gguf(out, "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", new_tokens=4)
    assert "llama.cpp" == verdict.loader and out.stat().st_size == verdict.bytes
