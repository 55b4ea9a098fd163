"""The decontaminate stage: drops rows that hold a benchmark item, naming the item and the coverage."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from sxl_data.contract import ledger
from sxl_data.contract.columns import SPOKEN, text_of
from sxl_data.contract.stage import Outcome
from sxl_data.decontaminate.fingerprints import load
from sxl_data.decontaminate.match import match


class DecontaminateConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which benchmarks must not be in the dataset."""

    against: tuple[str, ...] = ("humaneval", "mbpp")
    """Names of shipped fingerprints, or paths of fingerprint files; empty turns the stage off."""
    threshold: float = 0.6
    """Weighted share of an item's 5-word shingles from which a row counts as contaminated."""


def run(batch: pa.Table, config: DecontaminateConfig, seed: int = 0) -> Outcome:
    """Drop contaminated rows of one batch; ``seed`` is unused."""
    if not config.against or not len(batch):
        return Outcome(batch, ledger.table())
    found = match(text_of(batch, SPOKEN), {name: load(name) for name in config.against}, config.threshold)
    if not found:
        return Outcome(batch, ledger.table())
    keep = np.ones(len(batch), dtype=bool)
    keep[[item.row for item in found]] = False
    ids, sources = batch["trace_id"], batch["source"]
    entries = [
        ledger.entry("D401", ids[row].as_py(), sources[row].as_py(), "dropped", detail=part, score=round(coverage, 4))
        for row, part, coverage in found
    ]
    return Outcome(batch.filter(pa.array(keep)), ledger.table(entries))
