"""A base's GGUF file → the same with the tokens that a dataset uses: every other byte of the weights as it was.

    python benchmarks/models/trim.py BASE --dataset BUILD [--tokens 32768] -o FILE.gguf [--rows 24] [--json FILE]

A vocabulary of 262,144 is two thirds of a Gemma of 270 M, and most of what its tuning computes. The rows of the table
that stay are copied as they are stored, so nothing is rounded twice; the file opens as a base like the whole one.
``--rows`` measures what was lost on held-out rows: the tokens they take, the loss in nats a byte, and whether what the
layers put out for text of kept tokens is the same to the bit.
"""

from __future__ import annotations

import dataclasses
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

LISTS = ("tokens", "scores", "token_type")
TABLES = ("token_embd.weight", "output.weight")
STEP = 64
"""Tables have rows in multiples of this, so that other formats fit."""


@dataclasses.dataclass
class Read:
    """A base as it is tuned: its tokenizer with the template's tokens, and its model."""

    tokenizer: Any
    added: list[str]
    folder: Path


def open_base(base: Path, template: str) -> Read:
    """The base's tokenizer with template and special tokens, as the recipe's first step has them."""
    from sxl_train.data import special_tokens
    from sxl_train.run import bases
    from sxl_train.run.tokenizer import open_tokenizer

    folder = bases.describe(base)
    tokenizer = open_tokenizer(folder)
    chosen = special_tokens.choose_template(template, tokenizer)
    return Read(tokenizer, special_tokens.add_special_tokens(tokenizer, chosen), folder)


def choose(base: Read, dataset: str, size: int, max_length: int) -> tuple[list[int], dict[str, Any]]:
    """Old ids to keep, and how much of the training rows they are."""
    from sxl_train.data import samples, special_tokens, vocabulary

    rows = samples.read_samples(dataset, "train", base.tokenizer, 0, max_length)
    counts: Counter[int] = Counter()
    for row in rows:
        counts.update(row.ids)
    used = sum(counts.values())
    for token in base.added:  # their rows begin as the mean of these
        counts.update({index: used for index in special_tokens.spell_out(base.tokenizer, token, base.added)})
    kept = vocabulary.choose_tokens(vocabulary.read_tokenizer(base.folder), counts, size)
    there = {*kept, *base.tokenizer.convert_tokens_to_ids(base.added)}
    missed = sum(count for index, count in counts.items() if index not in there)
    return kept, {"rows": len(rows), "tokens_used": len(counts), "share_missed": round(missed / max(1, used), 6)}


def write(base: Path, out: Path, kept: Sequence[int]) -> None:
    """``base`` with the rows and tokens ``kept``, all other tensors as they are; licence texts go beside."""
    import gguf
    import numpy as np

    from sxl_train.run.bases import find_licences

    reader = gguf.GGUFReader(base)
    fields = {field.name: field for field in reader.fields.values() if not field.name.startswith("GGUF.")}
    names = [str(text) for text in fields["tokenizer.ggml.tokens"].contents()]
    new, there = {old: index for index, old in enumerate(kept)}, {names[index] for index in kept}
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    writer = gguf.GGUFWriter(partial, fields.pop("general.architecture").contents())
    for name, field in fields.items():
        value, kinds = field.contents(), field.types
        last = name.rpartition(".")[2]
        if name.startswith("tokenizer.ggml.") and last in LISTS:
            value = [value[index] for index in kept]
        elif last == "merges":
            pairs = [pair.split(" ", 1) for pair in value]
            value = [f"{a} {b}" for a, b in pairs if a in there and b in there and a + b in there]
        elif last.endswith("_token_id"):
            if value not in new:
                continue
            value = new[value]
        elif last == "vocab_size":
            value = len(kept)
        writer.add_key_value(name, value, kinds[0], kinds[-1] if len(kinds) > 1 else None)
    for tensor in reader.tensors:
        data = tensor.data[np.array(kept)] if tensor.name in TABLES else tensor.data
        writer.add_tensor(tensor.name, data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(out)
    for name, text in find_licences(base).items():
        (out.parent / name).write_bytes(text)


def load(base: Path, read: Read, work: Path) -> Any:
    """The model of ``base`` in float32, with rows for the tokens that the template added."""
    import torch

    from sxl_train.data.special_tokens import resize
    from sxl_train.run import bases, checkpoints

    bases.expand(base, work)
    model = checkpoints.load(work, "float32")
    resize(model, read.tokenizer, read.added)
    torch.manual_seed(0)
    return model.eval()


def compare(whole: Path, trimmed: Path, kept: Sequence[int], options: Any, work: Path) -> dict[str, Any]:
    """Loss, tokens and outputs of both on the same held-out rows."""
    from sxl_train.data import samples

    both = [(file, open_base(file, options.template)) for file in (whole, trimmed)]
    reads = [read for _, read in both]
    models = [load(file, read, work / str(number)) for number, (file, read) in enumerate(both)]
    found: dict[str, Any] = {}
    rows = [
        samples.read_samples(options.dataset, "validation", read.tokenizer, options.rows, options.max_length)
        for read in reads
    ]
    for name, model, own in zip(("whole", "trimmed"), models, rows):
        loss = samples.measure_loss(model, own, 1024)
        found[name] = {
            "rows": len(own),
            "tokens": sum(len(row.ids) for row in own),
            "nats_per_byte": round(loss.per_byte, 5),
            "nats_per_token": round(loss.per_token, 5),
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
        }
    new = {old: index for index, old in enumerate(kept)}
    new |= dict(zip(*(read.tokenizer.convert_tokens_to_ids(read.added) for read in reads)))
    same = [(a, b) for a, b in zip(*rows) if [new.get(index) for index in a.ids] == b.ids]
    found["rows_with_the_same_tokens"] = len(same)
    found |= outputs(models, same[:4], new)
    return found


def outputs(models: Sequence[Any], same: Sequence[tuple[Any, Any]], new: dict[int, int]) -> dict[str, Any]:
    """How far the last states and the logits of kept tokens differ on rows of the same tokens."""
    import torch

    states, logits = 0.0, 0.0
    old = [index for index in sorted(new) if index < models[0].config.vocab_size]
    with torch.no_grad():
        for first, second in same:
            a, b = (m.model(torch.tensor([row.ids])).last_hidden_state for m, row in zip(models, (first, second)))
            states = max(states, float((a - b).abs().max()))
            one, two = models[0].lm_head(a[:, -16:])[..., old], models[1].lm_head(b[:, -16:])
            logits = max(logits, float((one - two[..., [new[index] for index in old]]).abs().max()))
    return {"rows_compared": len(same), "largest_difference_of_states": states, "of_logits": logits}


def main() -> int:
    import tempfile

    parser = harness.options(__doc__, None)
    parser.add_argument("base", help="a .gguf file, or package:NAME")
    parser.add_argument("--dataset", required=True, help="what the base is to be tuned on")
    parser.add_argument("--tokens", type=int, default=32768)
    parser.add_argument("--template", default="short", help="as tune.template says")
    parser.add_argument("--max-length", type=int, default=1024)
    parser.add_argument("--rows", type=int, default=0, help="held-out rows to compare both on")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    from sxl_train.run import bases

    base = bases.find_gguf(options.base)
    if base is None:
        raise SystemExit(f"{options.base} is no GGUF file")
    began = time.process_time()
    read = open_base(base, options.template)
    # With the template's tokens the table has a multiple of STEP rows.
    size = options.tokens // STEP * STEP - len(read.added)
    kept, found = choose(read, options.dataset, size, options.max_length)
    write(base, options.out, kept)
    found |= {
        "tokens": [len(read.tokenizer) - len(read.added), len(kept)],
        "bytes": [base.stat().st_size, options.out.stat().st_size],
        "base_sha256": bases.hash_files(base),
        "kept_sha256": hashlib.sha256(" ".join(map(str, kept)).encode()).hexdigest(),
        "sha256": bases.hash_files(options.out),
        "cpu_s": round(time.process_time() - began, 1),
    }
    if options.rows:
        with tempfile.TemporaryDirectory() as work:
            found |= compare(base, options.out, kept, options, Path(work))
    harness.finish(options.json, found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
