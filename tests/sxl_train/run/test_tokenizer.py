"""One way to open a tokenizer: as its file has it, with nobody's code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.run.tokenizer import open_tokenizer

HOSTILE = "from pathlib import Path\nPath(__file__).with_name('ran').write_text('x')\nclass Own:\n    pass\n"


@pytest.fixture
def folder(make_model: Callable[..., Path], tmp_path: Path) -> Path:
    """A tokenizer whose configuration names code of its own, in every way that there is."""
    source, made = make_model(kind="qwen2"), tmp_path / "hostile"
    made.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        (made / name).write_text((source / name).read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("tokenizer_config.json", "config.json"):
        told = json.loads((made / name).read_text(encoding="utf-8"))
        code = {"AutoTokenizer": ["own.Own", "own.Own"], "AutoConfig": "own.Own"}
        told |= {"auto_map": code, "tokenizer_class": "Own", "trust_remote_code": True}
        (made / name).write_text(json.dumps(told), encoding="utf-8")
    (made / "own.py").write_text(HOSTILE, encoding="utf-8")
    return made


def test_code_that_a_configuration_names_is_never_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*words: object) -> str:
        raise AssertionError("nobody is asked whether it may be")

    monkeypatch.setattr("builtins.input", asked)
    assert open_tokenizer(folder).encode("def")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(UserError) as problem:
        open_tokenizer(folder)
    assert ["T101"] == [item.code for item in problem.value.findings]
    assert not (folder / "ran").exists()


def test_a_file_that_was_changed_is_read_as_it_was_written(make_model: Callable[..., Path]) -> None:
    folder = make_model(kind="qwen2")
    path = folder / "tokenizer.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    path.write_text(json.dumps(whole), encoding="utf-8")
    told = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    told["tokenizer_class"] = "Qwen2Tokenizer"
    (folder / "tokenizer_config.json").write_text(json.dumps(told), encoding="utf-8")
    found = json.loads(open_tokenizer(folder).backend_tokenizer.to_str())
    assert whole["pre_tokenizer"] == found["pre_tokenizer"] and whole["model"] == found["model"]


@pytest.mark.parametrize("name", ["nowhere", "./nowhere/at-all", "/nowhere"])
def test_a_place_that_is_none_is_one_error_and_nobody_is_asked(name: str) -> None:
    with pytest.raises(UserError) as problem:
        open_tokenizer(name)
    assert ["T101"] == [item.code for item in problem.value.findings]
