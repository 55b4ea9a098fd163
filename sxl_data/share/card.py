"""The card of shared sessions: front matter that the Hub reads, and what was done to them in words.

In: what was counted. Out: Markdown. Its one config is the sessions: `datasets` and the Hub read them as agent traces,
a row for each file, and take one kind of file in a repository for all of its configs, so the table is loaded by its
name. Nothing is promised: the second scan is a scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sxl_data import __version__
from sxl_data.share.agents import BY_NAME
from sxl_data.write.card_front import hub_ids

_LOAD = """```python
from datasets import load_dataset

rows = load_dataset("parquet", data_files="hf://datasets/OWNER/NAME/data/*.parquet")["train"]
sessions = load_dataset("OWNER/NAME")["train"]  # one row a session; needs the package teich
```"""


def make_card(
    *, rows: int, agents: Mapping[str, int], kinds: Mapping[str, int], dropped: int, fine: int, taken: int, licence: str
) -> bytes:
    """The card of so many ``rows`` and of the sessions of ``agents``."""
    text = yaml.safe_dump(_front(licence), sort_keys=False, allow_unicode=True, width=10_000)
    sessions = ", ".join(f"{BY_NAME[name].title} {number}" for name, number in sorted(agents.items()))
    said = ", ".join(f"{kind} ×{number}" for kind, number in sorted(kinds.items())) or "nothing"
    words = [
        "# Agent sessions",
        f"{sum(agents.values())} sessions ({sessions}), {rows} rows. Licence: {licence or 'none was stated'}.",
        "`sessions/` holds them one file each: an agent's own log where the Hub shows it as it is, else the Session "
        "Trace Simple Format, which has no place for subagents. `data/` holds the same as one table of traces, "
        "subagents too, with `messages` and `tools` for training.",
        _LOAD,
        "## What was taken out",
        f"Placeholders stand for: {said}. Pictures, archives and encrypted reasoning were left out, since nobody can "
        "look into them. Equal values have equal placeholders.",
        f"Whoever shares them was shown every session on a page, left {dropped} turns out and took {taken} further "
        f"words out. A second scan by detect-secrets, with rules of its own, found nothing else; {fine} of its "
        "findings were said to be no secrets. Scans miss things: please report what you find.",
        f"Made by sxl {__version__} (`sxl-data share`).",
    ]
    return "\n".join(["---", f"{text}---", "", *(word + "\n" for word in words)]).encode()


def _front(licence: str) -> dict[str, Any]:
    front: dict[str, Any] = {}
    if licence:
        known = hub_ids([licence])
        front |= {"license": known[0] if known else "other"} | ({} if known else {"license_name": licence})
    front["tags"] = ["agent-traces", "agent", "tool-use", "code", "sxl"]
    front["task_categories"] = ["text-generation"]
    files = [{"split": "train", "path": "sessions/*/*.jsonl"}]
    front["configs"] = [{"config_name": "default", "default": True, "data_files": files}]
    return front
