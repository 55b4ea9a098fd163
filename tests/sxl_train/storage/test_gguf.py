"""GGUF files hold the weights, tokenizer and template; llama.cpp and transformers compute the same from them."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("gguf")
import torch
from transformers import AutoModelForCausalLM

from sxl_data.contract.errors import UserError
from sxl_train.data import samples
from sxl_train.plan import step as plan
from sxl_train.quantise import step as quantise
from sxl_train.release import gguf_check
from sxl_train.run import checkpoints
from sxl_train.run.tokenizer import open_tokenizer
from sxl_train.storage import gguf
from sxl_train.storage.nf4 import round_to_nf4

needs_llama = pytest.mark.skipif(not gguf_check.is_available(), reason="llama-cpp-python is not installed")
TEXTS = [
    "def add(first, second):\n    return 12 + 345",
    "naïve 東京 🙂",
    "<|im_start|>user\nhi<|im_end|>",
    "  a\t\n\n b",
]
FORMATS = ["f16", "q8_0", "q5_0", "q4_0", "q4_0+q8_0"]


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("format", FORMATS)
def test_the_forecast_is_the_real_file(make_model, tmp_path: Path, kind: str, format: str) -> None:
    folder = make_model(kind=kind)
    out = gguf.write(folder, tmp_path / f"{format}.gguf", format)
    shape = plan.read_shape(checkpoints.read_config(folder))
    (forecast,) = plan.forecast_sizes(shape, plan.read_vocabulary(folder), [format], 10**9)
    assert out.stat().st_size == pytest.approx(forecast.total, abs=500)
    assert not list(tmp_path.glob("*.partial"))


@needs_llama
@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_llama_cpp_computes_what_transformers_computes(make_model, tmp_path: Path, kind: str) -> None:
    folder = make_model(kind=kind)
    out = gguf.write(folder, tmp_path / "model.gguf", "f16")
    tokenizer = open_tokenizer(folder)
    rows = [samples.Sample(list(range(5 + i, 45 + i)), [1] * 40, 40) for i in range(3)]
    expected = samples.measure_loss(checkpoints.load(folder, "float32"), rows).per_token
    prompt = TEXTS[0]
    found = gguf_check.check(out, prompt, 6, [r.ids for r in rows], [r.trained for r in rows], TEXTS)
    assert expected == pytest.approx(found["loss"], rel=2e-3)
    encoded = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    assert encoded == found["encoded"]
    assert tokenizer.chat_template == found["template"]
    assert 6 >= len(found["ids"]) >= 1 and found["load_s"] > 0


@needs_llama
def test_fewer_bits_move_the_loss_further(make_model, tmp_path: Path) -> None:
    folder = make_model()
    rows = [samples.Sample(list(range(5 + i, 45 + i)), [1] * 40, 40) for i in range(3)]
    exact = samples.measure_loss(checkpoints.load(folder, "float32"), rows).per_token
    apart = []
    for format in ("f16", "q8_0", "q4_0"):
        out = gguf.write(folder, tmp_path / f"{format}.gguf", format)
        loss = gguf_check.check(out, ids=[r.ids for r in rows], trained=[r.trained for r in rows])["loss"]
        apart.append(abs(loss - exact))
    assert apart[0] < apart[1] < apart[2] < 0.5


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_transformers_reads_the_file_back(make_model, tmp_path: Path, kind: str) -> None:
    folder = make_model(kind=kind)
    gguf.write(folder, tmp_path / "out" / "model.gguf", "f16")
    ids = torch.arange(5, 40)[None]
    with torch.no_grad():
        expected = checkpoints.load(folder, "float32")(ids).logits
        loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out", gguf_file="model.gguf", dtype=torch.float32)
        got = loaded(ids).logits
    assert (expected - got).abs().mean() < 0.01 * expected.std()


def test_a_four_bit_folder_is_expanded(make_model, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    folder = make_model()
    packed = quantise.quantise(folder, tmp_path / "nf4")
    names = [tensor.name for tensor in plan.read_shape(checkpoints.read_config(folder)).tensors()]
    plain, expanded = dict(gguf.read_weights(folder, names)), dict(gguf.read_weights(packed, names))
    name = "model.layers.0.mlp.up_proj.weight"
    rounded = round_to_nf4(torch.tensor(plain[name]).to(torch.bfloat16)).float().numpy()
    assert (rounded == expanded[name]).all()
    assert (plain["model.norm.weight"] == expanded["model.norm.weight"]).all()


def test_scaled_positions_are_refused(make_model) -> None:
    shape = plan.read_shape(checkpoints.read_config(make_model()))
    scaled = {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}
    with pytest.raises(UserError):
        gguf.describe_model(None, scaled, shape, "x", 1)


@needs_llama
def test_a_damaged_file_is_a_message_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\0" * 40)
    with pytest.raises(UserError) as caught:
        gguf_check.check(tmp_path / "bad.gguf", "hi")
    assert "T202" == caught.value.findings[0].code


@needs_llama
def test_llama_cpp_writes_a_file_anew_without_a_word(
    make_model, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Path(__file__).parents[3] / "benchmarks/compress/formats.py"
    monkeypatch.setattr(sys, "path", list(sys.path))  # the script puts its own folders there
    source = gguf.write(make_model(), tmp_path / "f16.gguf", "f16")
    requantise = runpy.run_path(str(script))["requantise"]
    capfd.readouterr()
    assert requantise(source, tmp_path / "small.gguf", "Q8_0").stat().st_size < source.stat().st_size
    assert ("", "") == capfd.readouterr()
