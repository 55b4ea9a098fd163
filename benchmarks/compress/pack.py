"""A model folder + a built dataset → one small folder for `benchmarks/compress` on a machine without either.

Weights are split into high and low bytes (the high bytes of bf16 compress to a third), conversations are
tokenised already, and prompts that call for a tool travel as text with their tools and true calls. What is
measured is read from the test split: the defaults of distillation were chosen on the validation split.

    python benchmarks/compress/pack.py --model MODEL --dataset BUILD -o FOLDER
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import shutil
import sys
from array import array
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LONGEST = 112
"""Tokens of the true turn: what is judged must have room to end."""


def pack(model: Path, dataset: str, out: Path, rows: int, held_out: int, prompts: int, max_length: int) -> None:
    """Write weights, tokenizer with the special tokens of our template, samples and prompts to ``out``."""
    from sxl_train.data import samples, special_tokens

    out.mkdir(parents=True, exist_ok=True)
    for path in model.iterdir():
        if path.suffix in (".json", ".jinja"):
            shutil.copyfile(path, out / path.name)
    pack_weights((model / "model.safetensors").read_bytes(), out)
    from sxl_train.run.tokenizer import open_tokenizer

    tokenizer = open_tokenizer(model)
    template = special_tokens.choose_template("sxl", tokenizer)
    added = special_tokens.add_special_tokens(tokenizer, template)
    tokenizer.save_pretrained(out)
    (out / "added.json").write_text(json.dumps(added), encoding="utf-8")
    for split, limit in (("train", rows), ("test", held_out)):
        found = samples.read_samples(dataset, split, tokenizer, limit, max_length)
        pack_samples(found, out / f"{split}.xz")
        print(split, len(found), "samples", sum(len(s.ids) for s in found), "tokens")
    asked = find_prompts(dataset, tokenizer, prompts, max_length)
    (out / "prompts.xz").write_bytes(lzma.compress(json.dumps(asked).encode()))
    print("prompts", len(asked))


def find_prompts(dataset: str, tokenizer: Any, count: int, max_length: int) -> list[dict[str, Any]]:
    """Test turns that call a tool, drawn at random among those whose call takes few tokens."""
    from sxl_train.data import dataset as data
    from sxl_train.data import mask

    template = mask.make_template(tokenizer.chat_template, tokenizer)
    rows = list(data.read_rows(data.find_dataset(dataset), "test"))
    random.Random(0).shuffle(rows)
    asked: list[dict[str, Any]] = []
    for row in rows:
        place = next((i for i, m in enumerate(row.messages) if m.get("tool_calls")), None)
        if place is None or len(asked) >= count:
            continue
        text = mask.render(template, row.messages[:place], row.tools, prompt=True)
        spans = mask.find_spans(template, row.messages[: place + 1], row.tools)
        truth = spans.text[slice(*spans.turns[-1])]
        lengths = [len(ids) for ids in tokenizer([text, truth], add_special_tokens=False)["input_ids"]]
        if lengths[0] < max_length - 200 and lengths[1] <= LONGEST and "<tool_call>" in truth:
            asked.append({"text": text, "tools": row.tools, "truth": truth})
    return asked


def pack_weights(content: bytes, out: Path) -> None:
    """A bf16 safetensors file as two byte planes; the header's length keeps the planes aligned."""
    (out / "weights.low").write_bytes(content[0::2])
    (out / "weights.high.xz").write_bytes(lzma.compress(content[1::2], preset=3))


def unpack_weights(folder: Path) -> bytes:
    """The safetensors file that `pack_weights` split."""
    low, high = ((folder / "weights.low").read_bytes(), lzma.decompress((folder / "weights.high.xz").read_bytes()))
    content = bytearray(len(low) + len(high))
    content[0::2], content[1::2] = low, high
    return bytes(content)


def pack_samples(found: list[Any], path: Path) -> None:
    """Lengths, trained bytes, ids and marks, one array after the other."""
    arrays = [
        array("I", [len(s.ids) for s in found]),
        array("I", [s.trained_bytes for s in found]),
        array("H", [i for s in found for i in s.ids]),
        array("B", [t for s in found for t in s.trained]),
    ]
    sizes = array("Q", [len(part) * part.itemsize for part in arrays])
    path.write_bytes(lzma.compress(sizes.tobytes() + b"".join(part.tobytes() for part in arrays), preset=6))


def unpack_samples(path: Path) -> list[Any]:
    """The samples that `pack_samples` wrote."""
    from sxl_train.data.samples import Sample

    content = lzma.decompress(path.read_bytes())
    sizes = array("Q", content[:32])
    parts, start = [], 32
    for kind, size in zip("IIHB", sizes):
        parts.append(array(kind, content[start : start + size]))
        start += size
    lengths, counts, ids, marks = parts
    made, start = [], 0
    for length, count in zip(lengths, counts):
        made.append(Sample(list(ids[start : start + length]), list(marks[start : start + length]), count))
        start += length
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=0, help="training rows; 0 takes all")
    parser.add_argument("--held-out", type=int, default=400, help="test rows")
    parser.add_argument("--prompts", type=int, default=256, help="test prompts that call for a tool")
    parser.add_argument("--max-length", type=int, default=1024, help="tokens of a row")
    chosen = parser.parse_args()
    pack(chosen.model, chosen.dataset, chosen.out, chosen.rows, chosen.held_out, chosen.prompts, chosen.max_length)
