"""The decontaminate stage: drops rows that hold a benchmark item, naming the item and the coverage."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pyarrow as pa

from sxl_data.contract import ledger
from sxl_data.contract.columns import SPOKEN, text_of
from sxl_data.contract.stage import Outcome
from sxl_data.decontaminate.fingerprints import load
from sxl_data.decontaminate.match import Looked, match, prepare


@cache
def prepared(names: tuple[str, ...]) -> tuple[Looked, ...]:
    """The fingerprints of ``names``, loaded once in a process."""
    return prepare({name: load(name) for name in names})


class DecontaminateConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which benchmarks must not be in the dataset."""

    against: tuple[str, ...] = (
        "humaneval",
        "humaneval-x",
        "mbpp",
        "gsm8k",
        "mmlu",
        "bigcodebench-hard",
        "swebench-lite",
        "bfcl",
    )
    """Names of shipped fingerprints, or paths of fingerprint files or of benchmarks' own files; empty turns the stage
    off. `held-out-tools`, the parts of tool sets that are held out, is for mixes without these sets, whose held-out
    rows go to test."""
    threshold: float = 0.5
    """Weighted share of a long item from which a row counts as contaminated; of shorter ones more has to be there."""


def run(batch: pa.Table, config: DecontaminateConfig, seed: int = 0) -> Outcome:
    """Drop contaminated rows of one batch; ``seed`` is unused."""
    if not config.against or not len(batch):
        return Outcome(batch, ledger.table())
    found = match(text_of(batch, SPOKEN), prepared(config.against), config.threshold)
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
