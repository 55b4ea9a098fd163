"""Each thing that would fail after an hour is an error before weights load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_train import preflight
from sxl_train.data import dataset as data
from sxl_train.recipe import main
from sxl_train.run.recipes import open_recipe
from tests.sxl_train import toys


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return toys.write_dataset(tmp_path / "toy", 12, 2)  # type: ignore[no-any-return]


def check(dataset: Path, *keys: str) -> preflight.Report:
    recipe = open_recipe("demo", (*toys.TINY, f"dataset={dataset}", *keys))[1].value
    return preflight.check(recipe, data.find_dataset(str(dataset)), rows=0)


def codes(dataset: Path, *keys: str) -> list[str]:
    with pytest.raises(UserError) as problem:
        check(dataset, *keys)
    return [item.code for item in problem.value.findings]


def write_template(tmp_path: Path, text: str) -> str:
    path = tmp_path / "t.jinja"
    path.write_text(text, encoding="utf-8")
    return f"tune.template={path}"


TURN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}{% generation %}"
CALLS = "{{ m.reasoning_content }}{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function | tojson }}{% endfor %}"
REST = "{% else %}{{ m.content }}<|im_end|>{% endif %}{% endfor %}"


def test_sound_recipe_passes_and_counts_tokens(dataset: Path) -> None:
    report = check(dataset)
    assert (report.counts.rows, report.counts.pieces) == (12, 12)
    assert 0 < report.counts.reflect < report.counts.trained < report.counts.tokens


def test_missing_base_model(dataset: Path, tmp_path: Path) -> None:
    assert codes(dataset, f"base_model={tmp_path / 'nowhere'}") == ["T101"]


def test_base_model_folder_without_weights(dataset: Path, tmp_path: Path) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    assert codes(dataset, f"base_model={folder}") == ["T101"]


def test_hub_base_that_is_not_cached_offline(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert codes(dataset, "base_model=nobody/nothing-0b") == ["T101"]


def test_missing_dataset(tmp_path: Path) -> None:
    with pytest.raises(UserError) as problem:
        data.find_dataset(str(tmp_path / "nowhere"))
    assert [item.code for item in problem.value.findings] == ["T102"]


def test_stop_token_outside_the_trained_text(dataset: Path, tmp_path: Path) -> None:
    text = TURN + CALLS + "{% endgeneration %}<|im_end|>" + REST
    assert codes(dataset, write_template(tmp_path, text)) == ["T103"]


def test_template_that_drops_calls(dataset: Path, tmp_path: Path) -> None:
    text = TURN + "{{ m.reasoning_content }}{{ m.content }}<|im_end|>{% endgeneration %}" + REST
    assert codes(dataset, write_template(tmp_path, text)) == ["T105"]


def test_template_that_drops_reasoning(dataset: Path, tmp_path: Path) -> None:
    text = TURN + CALLS.replace("{{ m.reasoning_content }}", "") + "<|im_end|>{% endgeneration %}" + REST
    assert codes(dataset, write_template(tmp_path, text)) == ["T105"]


def test_template_that_drops_results(dataset: Path, tmp_path: Path) -> None:
    rest = "{% elif m.role != 'tool' %}{{ m.content }}<|im_end|>{% endif %}{% endfor %}"
    text = TURN + CALLS + "<|im_end|>{% endgeneration %}" + rest
    assert codes(dataset, write_template(tmp_path, text)) == ["T105"]


def test_empty_mask(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"messages": [{"role": "user", "content": f"only question {i}"}]} for i in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert codes(path) == ["T104"]


def test_rows_that_are_too_long_are_a_warning_with_a_count(dataset: Path) -> None:
    limit = max(len(piece.ids) for piece in check(dataset).pieces) - 1
    report = check(dataset, f"tune.max_length={limit}")
    assert [item.code for item in report.warnings] == ["T106"]
    assert report.counts.cut > 0
    assert all(len(piece.ids) <= limit for piece in report.pieces)


def test_full_disk(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    assert codes(dataset) == ["T107"]


def test_arguments_that_are_no_object(tmp_path: Path) -> None:
    messages: Any = toys.make_messages(1, 2)
    messages[1]["tool_calls"][0]["function"]["arguments"] = "not json"
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": messages}) + "\n", encoding="utf-8")
    assert codes(path) == ["T110"]


def test_dry_run_shows_origins_tokens_examples_memory_and_sizes(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["demo", *toys.TINY, f"dataset={dataset}", f"out={out}", "tune.rank=8", "--dry-run"]) == 0
    said = capsys.readouterr().out
    for expected in (
        "command line",
        "trained tokens",
        "⟦r <think>Round 0",
        "⟦a <tool_call>",
        "memory forecast",
        "nf4_dq",
    ):
        assert expected in said
    assert said.count("── toy:") == 3
    assert not out.exists()


def test_examples_are_of_each_kind_there_is() -> None:
    from sxl_train.data.packing import Piece

    plain, turns, reasoned = (0, 0, 2), (0, 2, 0, 2), (0, 1, 2)
    pieces = [Piece(list(range(len(p))), list(p), "row") for p in [plain] * 50 + [reasoned] + [turns] * 9 + [plain] * 9]
    chosen = preflight.choose_examples(pieces)
    assert sorted(tuple(piece.phases) for piece in chosen) == sorted([plain, turns, reasoned])
