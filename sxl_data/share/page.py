"""The review page of a share: one file that works without a network.

In: a prepared share. Out: ``review.html`` with every text that would be published, each change where it stands, each
doubt, and our script, allowed by its digest alone; the browser loads and sends nothing. The data are JSON in ASCII
without ``<``, made from the redacted sessions alone, so what was taken out is not in the page in any form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.offline import offline_page
from sxl_data.engine.commit import commit_bytes
from sxl_data.files.json_text import dump, load_plain
from sxl_data.share import decisions
from sxl_data.share.agents import BY_NAME
from sxl_data.share.doubts import Doubt
from sxl_data.share.draft import DATASET, PAGE, Kept, Prepared, texts_of, traces_of
from sxl_data.share.redacting import Change, strings
from sxl_data.share.turns import Turn, turns_of

_BOOKKEEPING = patterns.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|(?:toolu|msg|req|call|prt|ses|rs|fc|resp)_\S+"
    r"|[0-9a-f]{12,64}|[\d.:+-]*"
)
"""Ids, times and numbers, which are not shown beside the turns."""
_SHORTEST = 4


def write_page(prepared: Prepared, folder: Path) -> Path:
    """Write ``review.html`` into ``folder``."""
    share = prepared.share
    data = {
        "format": decisions.FORMAT,
        "hash": share.hash,
        "command": f"sxl-data share --decisions FILE -o {folder.name}",
        "dataset": DATASET,
        "namesLeft": share.names_left,
        "shortest": decisions.SHORTEST,
        "doubts": [{"key": d.key, "kind": d.kind, "value": d.value, "must": d.must} for d in share.doubts],
        "sessions": [
            _session(entry, folder, prepared.changes.get(entry.id, {}), share.doubts) for entry in share.sessions
        ],
    }
    commit_bytes(folder / PAGE, offline_page("sxl_data.share", data).encode("ascii"))
    return folder / PAGE


def _session(entry: Kept, folder: Path, changes: Mapping[Change, int], doubts: Iterable[Doubt]) -> dict[str, Any]:
    turns = turns_of(traces_of(folder / entry.file, entry.agent))
    texts = ["\n".join(block.text for block in turn.blocks) for turn in turns]
    every = list(texts_of(folder / entry.file))
    return {
        "id": entry.id,
        "agent": BY_NAME[entry.agent].title,
        "where": entry.where,
        "changed": entry.changed,
        "lost": entry.lost,
        "asks": next((block.text[:90] for t in turns if t.opens for block in t.blocks), ""),
        "turns": [
            {"opens": t.opens, "who": t.who, "blocks": [msgspec.structs.asdict(block) for block in t.blocks]}
            for t in turns
        ],
        "changes": [
            {
                **msgspec.structs.asdict(change),
                "count": number,
                "turns": _where(change.left + change.word + change.right, texts),
            }
            for change, number in sorted(changes.items(), key=lambda item: (item[0].kind, -item[1], item[0].left))
        ],
        "doubts": {
            doubt.key: _where(doubt.value, texts) for doubt in doubts if any(doubt.value in text for text in every)
        },
        "beside": list(_beside(every, turns)),
    }


def _where(snippet: str, texts: list[str]) -> list[int]:
    """The turns in whose texts ``snippet`` stands, as it is or as JSON writes it."""
    written = dump(snippet)[1:-1]
    return [number for number, text in enumerate(texts) if snippet in text or written in text]


def _beside(every: list[str], turns: list[Turn]) -> Iterator[str]:
    """What a session's file says beside its turns, each text once, without ids, times and numbers."""
    shown: set[str] = set()
    for turn in turns:
        for block in turn.blocks:
            shown.add(block.text)
            if block.text[:1] in "[{":
                try:
                    shown.update(strings(load_plain(block.text)))
                except ValueError:
                    continue
    whole = "\n".join(block.text for turn in turns for block in turn.blocks)
    for text in dict.fromkeys(every):
        if len(text) >= _SHORTEST and text not in shown and not _BOOKKEEPING.fullmatch(text) and text not in whole:
            yield json.loads(json.dumps(text, ensure_ascii=True))
