"""The card as it is published: the build's own, with the ledger as a second config.

In: the manifest of what is sent, and its files. Out: Markdown whose front matter names the files of both configs and
says of each its columns, rows and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import yaml

from sxl_data.write.card import render_card
from sxl_data.write.example import example_of
from sxl_data.write.features import features
from sxl_data.write.manifest import Manifest
from sxl_data.write.ratings import Ratings, section

LEDGER = "ledger/ledger.parquet"
OPEN, CLOSE = "---\n", "\n---\n"


def make_card(manifest: Manifest, files: Mapping[str, Path], repo: str, rated: Ratings | None = None) -> bytes:
    """The card of ``manifest``, whose ``files`` lie where they say, for the repository ``repo``, and of what was
    ``rated``."""
    named = msgspec.structs.replace(manifest, recipe={**manifest.recipe, "publish_as": repo})
    front, _, body = render_card(named, _example(files)).removeprefix(OPEN).partition(CLOSE)
    values = yaml.safe_load(front)
    values["configs"] = [
        {**values["configs"][0], "default": True},
        {"config_name": "ledger", "data_files": [{"split": "ledger", "path": LEDGER}]},
    ]
    values["dataset_info"] = [{"config_name": "default", **values["dataset_info"]}, _ledger_info(files[LEDGER])]
    front = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=10_000)
    said = f"\n{section(rated)}" if rated is not None else ""
    return f"{OPEN}{front.rstrip()}{CLOSE}{body}{_words(repo)}{said}".encode()


def read_front(card: bytes) -> dict[str, Any]:
    """The front matter of a card."""
    return msgspec.convert(yaml.safe_load(card.decode("utf-8").removeprefix(OPEN).partition(CLOSE)[0]), dict[str, Any])


def _example(files: Mapping[str, Path]) -> dict[str, Any] | None:
    shards = sorted(name for name in files if name.startswith("data/"))
    first = next((name for name in shards if name.startswith("data/train-")), shards[0] if shards else None)
    return example_of(files[first]) if first else None


def _ledger_info(path: Path) -> dict[str, Any]:
    rows = pq.read_table(path)
    return {
        "config_name": "ledger",
        "features": [{"name": name, "dtype": kind["dtype"]} for name, kind in features(rows.schema).items()],
        "splits": [{"name": "ledger", "num_bytes": rows.nbytes, "num_examples": len(rows)}],
        "download_size": path.stat().st_size,
        "dataset_size": rows.nbytes,
    }


def _words(repo: str) -> str:
    return (
        f'\n`load_dataset("{repo}", "ledger")` has a line for every row that was left out, edited or flagged: '
        "its id and the code of the reason, without the row. A document that never became a row "
        "has a digest for an id.\n"
    )
