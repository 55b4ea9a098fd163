"""A BPE tokenizer, its model and token counts → both with fewer tokens.

Kept are all special and added tokens but reserved ones (``<unused12>``) that nothing uses, the 256 bytes (so that
every string stays encodable; as letters of byte-level BPE, or as the ``<0x0A>`` that others fall back on), the tokens
the corpus uses most, and the merge ancestors of each: a token whose parts are gone could never be built. Merges of
removed tokens go, the others keep their order. This is exact: a text whose old encoding used kept tokens only is
encoded to the same tokens, because no merge it needed is gone and merges it never took cannot start to apply. Where a
token can be made in several ways (Gemma lists them all) its ancestors are those of the way that the merges' order
takes, which is the same inside a longer text: a merge across the token's border was never the first in the order, or
it would have been made.

The tokenizer.json that is written is compact; a published one is indented and about three times as large.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_train.data.control import Control
from sxl_train.data.samples import Sample
from sxl_train.run.objects import Object
from sxl_train.run.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from sxl_train.run.decoder import Decoder

_RESERVED = patterns.compile(r"<unused\d+>")
_BYTE = patterns.compile(r"<0x[0-9A-F]{2}>")
KEPT_FILE = "kept_tokens.json"
"""Written beside the trimmed model: the old id of each new id. Not needed to load the model."""


def read_tokenizer(folder: Path) -> Object:
    """The content of tokenizer.json, made from vocab.json + merges.txt where need be.

    Raises `UserError` T507 for anything but BPE over bytes, or with bytes to fall back on.
    """
    path = Path(folder) / "tokenizer.json"
    if path.is_file():
        whole = json.loads(path.read_text(encoding="utf-8"))
    else:
        whole = json.loads(open_tokenizer(folder).backend_tokenizer.to_str())
    model = whole["model"]
    if model.get("type") != "BPE" or not (falls_back(whole) or "ByteLevel" in json.dumps(whole.get("decoder"))):
        raise error(
            "T507",
            file=str(folder),
            found=f"{model.get('type')} without bytes",
            expected="BPE over bytes, as in the Qwen and SmolLM families, or with bytes to fall back on, as in Gemma's",
        )
    whole["model"]["merges"] = [m.split(" ", 1) if isinstance(m, str) else list(m) for m in model["merges"]]
    return dict(whole)


def choose_tokens(whole: Object, counts: Counter[int], size: int = 0) -> list[int]:
    """Old ids to keep, ascending; ``size`` 0 keeps exactly what the corpus needs.

    With a ``size``, the most used tokens come first and unused ones of low id fill the rest. More are kept
    than ``size`` only where special tokens and bytes alone need it.
    """
    ids: dict[str, int] = whole["model"]["vocab"]
    ranks = {(a, b): rank for rank, (a, b) in enumerate(whole["model"]["merges"])}
    texts = {index: text for text, index in ids.items()}
    special = whole.get("added_tokens", [])
    kept = {token["id"] for token in special if token["id"] in counts or not _RESERVED.fullmatch(token["content"])}
    if falls_back(whole):
        kept |= {index for text, index in ids.items() if _BYTE.fullmatch(text) or text == whole["model"]["unk_token"]}
    else:
        kept |= {index for text, index in ids.items() if len(text) == 1}  # the byte alphabet is one character each
    added = {token["id"] for token in special}
    used = [index for index, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    rest = [] if not size else sorted(ids.values())
    for index in [*used, *rest]:
        if size and len(kept) >= size:
            break
        if index in kept or index not in texts or index in added:
            continue
        new = _derive(texts[index], ranks, ids) - kept
        if size and len(kept) + len(new) > size:
            continue
        kept |= new
    return sorted(kept)


def trim_tokenizer(whole: Object, kept: Sequence[int]) -> Object:
    """The content of a tokenizer.json that knows only the ``kept`` old ids, renumbered in their order."""
    new = {old: index for index, old in enumerate(kept)}
    trimmed = copy.deepcopy(whole)
    model = trimmed["model"]
    model["vocab"] = {text: new[old] for text, old in model["vocab"].items() if old in new}
    names = model["vocab"]
    pairs = [(a, b) for a, b in model["merges"] if a in names and b in names and a + b in names]
    # Text form "a b" is the shortest and every version reads it; where a token holds a space all are lists.
    spaced = any(" " in a or " " in b for a, b in pairs)
    model["merges"] = [[a, b] if spaced else f"{a} {b}" for a, b in pairs]
    trimmed["added_tokens"] = [
        token | {"id": new[token["id"]]} for token in trimmed.get("added_tokens", []) if token["id"] in new
    ]
    processor = trimmed.get("post_processor") or {}
    for part in [processor, *processor.get("processors", [])]:
        for entry in (part.get("special_tokens") or {}).values():
            entry["ids"] = [new[old] for old in entry["ids"]]
    return trimmed


def retokenise(rows: Sequence[Sample], old: Tokenizer, new: Tokenizer) -> list[Sample]:
    """``rows`` of tokenizer ``old`` in the tokens of ``new``; what is trained stays trained.

    Added tokens are kept one by one; the text between them, each run of trained or
    untrained tokens apart, is encoded anew and stays text where it spells an added token (`sxl_train.data.control`).
    """
    added = {index: token.content for index, token in old.get_added_tokens_decoder().items()}
    control = Control({index: text for text in added.values() if (index := new.token_to_id(text)) is not None})
    made = []
    for row in rows:
        ids: list[int] = []
        trained: list[int] = []
        marked = zip(row.ids, row.trained, strict=True)
        for (mark, is_added), run in itertools.groupby(marked, lambda token: (token[1], token[0] in added)):
            olds = [index for index, _ in run]
            known = [new.token_to_id(added[index]) for index in olds] if is_added else [None]
            piece = [index for index in known if index is not None]
            if len(piece) < len(known):
                piece = control.encode(new, control.hide(old.decode(olds, skip_special_tokens=False)))[0]
            ids += piece
            trained += [mark] * len(piece)
        made.append(Sample(ids, trained, row.trained_bytes))
    return made


def respell(rows: Sequence[Sample], whole: Object, kept: Sequence[int]) -> list[Sample]:
    """``rows`` of the tokenizer.json ``whole`` in the tokens of the one trimmed to ``kept``."""
    from tokenizers import Tokenizer

    old, new = (Tokenizer.from_str(json.dumps(found)) for found in (whole, trim_tokenizer(whole, kept)))
    return retokenise(rows, old, new)


def trim_model(model: Decoder, kept: Sequence[int]) -> Decoder:
    """Pick the embedding and head rows of ``kept`` and renumber the model's own token ids; in place."""
    import torch

    rows = torch.tensor(list(kept), device=model.device)
    new = {old: index for index, old in enumerate(kept)}
    with torch.no_grad():
        embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
        embedding.weight = torch.nn.Parameter(embedding.weight[rows].clone())
        embedding.num_embeddings = len(kept)
        if not model.config.tie_word_embeddings:
            head.weight = torch.nn.Parameter(head.weight[rows].clone())
        head.out_features = len(kept)
    embedding.padding_idx = None
    model.config.vocab_size = model.vocab_size = len(kept)
    for settings in (model.config, model.generation_config):
        for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            value = getattr(settings, name, None)
            if isinstance(value, list):
                setattr(settings, name, [new[old] for old in value if old in new])
            elif value is not None:
                setattr(settings, name, new.get(value))
    model.tie_weights()
    return model


def write_tokenizer(source: Path, out: Path, trimmed: Object, kept: Sequence[int]) -> None:
    """Write the trimmed tokenizer to ``out`` with settings and template of ``source``."""
    source, out = Path(source), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "tokenizer.json", json.dumps(trimmed, ensure_ascii=False, separators=(",", ":")))
    path = source / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    new = {old: index for index, old in enumerate(kept)}
    if "added_tokens_decoder" in settings:
        entries = settings["added_tokens_decoder"].items()
        settings["added_tokens_decoder"] = {str(new[int(old)]): entry for old, entry in entries if int(old) in new}
    _write(out / "tokenizer_config.json", json.dumps(settings, ensure_ascii=False, indent=2))
    for name in ("special_tokens_map.json", "chat_template.jinja"):
        if (source / name).is_file():
            (out / name).write_bytes((source / name).read_bytes())
    _write(out / KEPT_FILE, json.dumps(list(kept), separators=(",", ":")))


def _derive(text: str, ranks: dict[tuple[str, str], int], ids: dict[str, int]) -> set[int]:
    """The token ``text`` and all that is joined on the way to it, by the merges' order."""
    parts = list(text)
    found = {ids[part] for part in (*parts, text) if part in ids}
    while len(parts) > 1:
        best = min(itertools.pairwise(parts), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        place = next(i for i, pair in enumerate(itertools.pairwise(parts)) if pair == best)
        parts[place : place + 2] = ["".join(best)]
        found.add(ids[parts[place]])
    return found


def falls_back(whole: Object) -> bool:
    """Whether a tokenizer.json has a token for every byte that it falls back on."""
    model = whole["model"]
    return bool(model.get("byte_fallback")) and all(f"<0x{byte:02X}>" in model["vocab"] for byte in range(256))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
