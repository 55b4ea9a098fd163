"""sxl_data.write.card and its parts"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from sxl_data.pipeline import build
from sxl_data.write.card_front import dataset_info, hub_ids
from sxl_data.write.column_words import COLUMNS
from sxl_data.write.features import features
from sxl_data.write.markdown import cell, fence, table
from sxl_data.write.rows import PUBLISHED_SCHEMA


def test_every_column_is_explained():
    assert list(COLUMNS) == PUBLISHED_SCHEMA.names


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        (["MIT"], ["mit"]),
        (["MIT", "Apache-2.0 AND MIT"], ["apache-2.0", "mit"]),
        (["GPL-3.0-or-later"], ["gpl-3.0"]),
        (["GPL-3.0-only OR MIT"], ["mit"]),
        (["ODC-By-1.0"], ["odc-by"]),
        (["MIT", "LicenseRef-house"], None),
        (["MIT License"], None),
        ([""], None),
    ],
)
def test_the_hub_is_told_all_licences_or_that_it_knows_them_not(licences: list[str], expected: list[str] | None):
    assert expected == hub_ids(licences)


def test_a_strangers_words_end_no_cell_and_no_fence():
    assert "a \\| b \\<script\\>" == cell("a | b\n<script>")
    assert "my_source" == cell("my_source") and "\\_\\_x\\_\\_" == cell("__x__")
    assert fence("```\nrm -rf\n```").startswith("````\n")
    assert ["| a | b |", "|---|---:|", "| 1 | 2 |"] == table(["a", "b"], [["1", "2"]], right=1)


def test_the_front_matter_is_what_datasets_makes_of_the_files(tmp_path: Path):
    datasets = pytest.importorskip("datasets")
    rows = [{"instruction": f"Say {n} and {n * 7}", "output": f"{n} then {n * 7} ``` |"} for n in range(5)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "r.yaml").write_text(
        "name: tiny\nlanguages: [en]\nsources:\n  - {name: a, path: a.jsonl, format: instruction_pair, licence: CC-BY-4.0}\n"
    )
    manifest = build(str(tmp_path / "r.yaml"), tmp_path / "out", ["engine.kind=inline", "decontaminate.against=[]"])
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(card.split("---\n")[1])
    assert (["en"], ["n<1K"], "cc-by-4.0") == (front["language"], front["size_categories"], front["license"])
    info = datasets.DatasetInfo._from_yaml_dict(front["dataset_info"])
    assert info.features == datasets.Features.from_dict(features(PUBLISHED_SCHEMA))
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: split.num_examples for name, split in info.splits.items()} == {k: len(v) for k, v in loaded.items()}
    assert sum(map(len, loaded.values())) == 5
    assert dataset_info(manifest)["download_size"] == sum(p.stat().st_size for p in (tmp_path / "out/data").iterdir())
    assert "attribution asked for and not given" in card and "## An example" in card
