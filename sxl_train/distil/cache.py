"""A teacher's top logits on a set of samples ↔ one safetensors file.

With the file the teacher is asked once and need not be in memory while the student trains, or need not be on
this machine at all. Per trained token it holds the ``top`` token ids and log-probabilities: 6 bytes each.
A sample is found by the hash of its token ids, so order and number of samples may differ.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.console import Progress
from sxl_data.contract.errors import error
from sxl_train.data.samples import Sample, collate, make_batches
from sxl_train.recovery.teach import Targets, Teach

if TYPE_CHECKING:
    from torch import Tensor


def write_cache(teach: Teach, rows: Sequence[Sample], path: Path, tokens: int = 8192) -> Path:
    """Ask ``teach`` (one that gives top logits) about every sample; write the answers."""
    import torch
    from safetensors.torch import save_file

    ids, scores, keys, counts = [], [], [], []
    progress = Progress("teacher", len(rows))
    for batch in make_batches(rows, tokens):
        progress.advance(len(batch))
        chosen = collate(batch)["labels"][:, 1:] != -100
        answer = teach(batch, chosen)
        if not isinstance(answer, tuple):
            raise ValueError("a cache holds the top logits only; give `top` to the teacher")
        ids.append(answer[0].to("cpu", torch.int32))
        scores.append(answer[1].to("cpu", torch.float16))
        keys += [hash_sample(sample) for sample in batch]
        counts += chosen.sum(1).tolist()
    progress.close()
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    answers = {"ids": torch.cat(ids), "scores": torch.cat(scores)}
    save_file(answers | {"keys": torch.tensor(keys), "counts": torch.tensor(counts)}, partial)
    partial.replace(path)
    return path


def teach_cached(path: Path, device: str = "cpu") -> Teach:
    """Targets from a file that `write_cache` wrote; `UserError` T505 for a sample that is not in it."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file

    with safe_open(path, "pt") as file:
        softened = (file.metadata() or {}).get("temperature", "1.0")
    if float(softened) != 1:  # a file of an earlier version
        raise error("T505", file=str(path), found=f"answers at temperature {softened}", expected="a file made anew")
    stored = load_file(path)
    ends = stored["counts"].cumsum(0).tolist()
    starts = [0, *ends[:-1]]
    places = dict(zip(stored["keys"].tolist(), zip(starts, ends)))

    def teach(batch: Sequence[Sample], chosen: Tensor) -> Targets:
        spans = [places.get(hash_sample(sample)) for sample in batch]
        if any(span is None for span in spans):
            raise error(
                "T505",
                file=str(path),
                found="a sample that the cache does not hold",
                expected="the samples, vocabulary and tune.max_length that it was made with",
            )
        wanted = torch.cat([torch.arange(*span) for span in spans if span is not None])
        return stored["ids"][wanted].long().to(device), stored["scores"][wanted].float().to(device)

    return teach


def hash_sample(sample: Sample) -> int:
    """A signed 64-bit key of the token ids and of which of them are trained."""
    digest = hashlib.blake2b(array("i", sample.ids).tobytes(), digest_size=8)
    digest.update(bytes(sample.trained))
    return int.from_bytes(digest.digest(), "little", signed=True)
