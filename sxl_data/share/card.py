"""The card of shared sessions: front matter that the Hub reads, and what was done to them in words.

In: the table and what was counted. Out: Markdown. ``configs`` name the table and the files of each agent apart: their
columns differ. Nothing is promised: the second scan is a scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import yaml

from sxl_data import __version__
from sxl_data.share.agents import BY_NAME
from sxl_data.write.card_front import hub_features, hub_ids


def make_card(
    rows: pa.Table,
    *,
    files: Mapping[str, int],
    configs: Mapping[str, list[str]],
    agents: Mapping[str, int],
    kinds: Mapping[str, int],
    dropped: int,
    fine: int,
    taken: int,
    licence: str,
) -> bytes:
    """The card of ``rows`` with the sessions ``configs``."""
    front = _front(rows, files, configs, licence)
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=10_000)
    sessions = ", ".join(f"{BY_NAME[name].title} {number}" for name, number in sorted(agents.items()))
    said = ", ".join(f"{kind} ×{number}" for kind, number in sorted(kinds.items())) or "nothing"
    words = [
        "# Agent sessions",
        f"{sum(agents.values())} sessions ({sessions}), {len(rows)} rows. Licence: {licence or 'none was stated'}.",
        "`sessions/` holds them one file each: an agent's own log where the Hub shows it as it is, else the Session "
        "Trace Simple Format, which has no place for subagents. `data/` holds the same as one table of traces, subagents "
        "too, with `messages` and `tools` for training.",
        "```python\nfrom datasets import load_dataset\n\nrows = load_dataset('REPOSITORY')['train']\n```",
        "## What was taken out",
        f"Placeholders stand for: {said}. Pictures, archives and encrypted reasoning were left out, since nobody can "
        "look into them. Equal values have equal placeholders.",
        f"Whoever shares them was shown every session on a page, left {dropped} turns out and took {taken} further words "
        f"out. A second scan by detect-secrets, with rules of its own, found nothing else; {fine} of its findings were "
        "said to be no secrets. Scans miss things: please report what you find.",
        f"Made by sxl {__version__} (`sxl-data share`).",
    ]
    return f"---\n{text}---\n\n{chr(10).join(word + chr(10) for word in words)}".encode()


def _front(rows: pa.Table, files: Mapping[str, int], configs: Mapping[str, list[str]], licence: str) -> dict[str, Any]:
    front: dict[str, Any] = {}
    if licence:
        known = hub_ids([licence])
        front |= {"license": known[0] if known else "other"} | ({} if known else {"license_name": licence})
    front["tags"] = ["agent-traces", "agent", "tool-use", "code", "sxl"]
    front["task_categories"] = ["text-generation"]
    table = {"config_name": "default", "default": True, "data_files": [{"split": "train", "path": "data/*.parquet"}]}
    front["configs"] = [
        table,
        *(
            {"config_name": name, "data_files": [{"split": "train", "path": f"sessions/{name}/*.jsonl"}]}
            for name in sorted(configs)
        ),
    ]
    front["dataset_info"] = [
        {
            "config_name": "default",
            "features": hub_features(rows.schema),
            "splits": [{"name": "train", "num_bytes": rows.nbytes, "num_examples": len(rows)}],
            "download_size": sum(size for name, size in files.items() if name.startswith("data/")),
            "dataset_size": rows.nbytes,
        }
    ]
    return front
