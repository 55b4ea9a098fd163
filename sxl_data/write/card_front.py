"""The YAML that the Hub reads at the top of a card: licence, sizes, tasks, files, columns and counts.

In: the manifest. Out: the front matter. What `datasets` checks when it loads (rows of each split) and what the Hub
shows (sizes) are those of the published files.
"""

from __future__ import annotations

from typing import Any

import yaml

from sxl_data.rules.spdx import classify, keys_of
from sxl_data.write.features import features
from sxl_data.write.manifest import Manifest
from sxl_data.write.rows import PUBLISHED_SCHEMA

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
LARGEST = "10M<n<100M"
_HUB_LICENCES = frozenset(
    "apache-2.0 mit openrail afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda "
    "cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by- "
    "nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla- "
    "sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 "
    "eupl-1.2 agpl-3.0 gpl-2.0 gpl-3.0 lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl osl-3.0 "
    "postgresql ofl-1.1 ncsa unlicense zlib pddl".split()
)
"""The ids that the Hub knows (https://huggingface.co/docs/hub/repositories-licenses)."""
_OF_SPDX = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl"}


def front_matter(manifest: Manifest) -> str:
    """The YAML block with its rules."""
    rows = sum(numbers["rows"] for numbers in manifest.splits.values())
    values: dict[str, Any] = {**_licence(manifest), "pretty_name": manifest.name}
    if manifest.languages:
        values["language"] = manifest.languages
    values["task_categories"] = _tasks(manifest)
    values["size_categories"] = [next((name for most, name in SIZES if rows < most), LARGEST)]
    if hubs := sorted({source.hub for source in manifest.sources if source.hub and source.kept}):
        values["source_datasets"] = hubs
    values["tags"] = ["agent", "tool-use", "function-calling", "code", "reasoning", "sxl"]
    values["configs"] = [{"config_name": "default", "data_files": _files(manifest)}]
    values["dataset_info"] = dataset_info(manifest)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---\n"


def filled(manifest: Manifest) -> list[str]:
    """Splits that have rows: the others have no file."""
    return [split for split, numbers in manifest.splits.items() if numbers["rows"]]


def dataset_info(manifest: Manifest) -> dict[str, Any]:
    """What the Hub and `datasets` know of a dataset before they open it."""
    splits = [
        {
            "name": split,
            "num_bytes": manifest.splits[split].get("memory_bytes", 0),
            "num_examples": manifest.splits[split]["rows"],
        }
        for split in filled(manifest)
    ]
    download = sum(int(info["bytes"]) for name, info in manifest.files.items() if name.startswith("data/"))
    return {
        "features": [_feature(name, kind) for name, kind in features(PUBLISHED_SCHEMA).items()],
        "splits": splits,
        "download_size": download,
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def hub_ids(licences: list[str]) -> list[str] | None:
    """The Hub's ids of all licences that apply, of a choice the first; None where it does not know one of them."""
    found: set[str] = set()
    for licence in licences:
        if classify(licence) in ("missing", "free-text"):
            return None
        keys = sorted(keys_of(licence), key=lambda key: (classify(key) != "permissive", key))
        known = [name for name in map(_hub_id, keys) if name]
        if " OR " in licence.upper():
            if not known:
                return None
            found.add(known[0])
        elif len(known) < len(keys):
            return None
        else:
            found.update(known)
    return sorted(found)


def _hub_id(key: str) -> str | None:
    name = key.lower().removesuffix("-only").removesuffix("-or-later").removesuffix("+")
    name = _OF_SPDX.get(name, name)
    return name if name in _HUB_LICENCES else None


def _licence(manifest: Manifest) -> dict[str, Any]:
    stated = list(manifest.counts["licence"]) if manifest.counts else [source.licence for source in manifest.sources]
    known = hub_ids(stated) if stated else None
    if known is None:
        return {"license": "other", "license_name": "several-see-card"}
    return {"license": known[0] if len(known) == 1 else known}


def _files(manifest: Manifest) -> list[dict[str, str]]:
    return [{"split": split, "path": f"data/{split}-*.parquet"} for split in filled(manifest)]


def _tasks(manifest: Manifest) -> list[str]:
    kinds = manifest.counts.get("kind", {})
    return ["text-generation", *(["question-answering"] if "reasoning" in kinds else [])]


def _feature(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, **_type(kind)}


def _type(kind: Any) -> dict[str, Any]:
    if "_type" not in kind:
        return {"struct": [_feature(name, inner) for name, inner in kind.items()]}
    if kind["_type"] == "List":
        inner = _type(kind["feature"])
        return {"list": inner["dtype"] if set(inner) == {"dtype"} else inner.get("struct", inner)}
    return {"dtype": "json" if kind["_type"] == "Json" else kind["dtype"]}
