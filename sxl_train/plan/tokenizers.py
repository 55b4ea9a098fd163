"""Tokenizer files → how many bytes they take, whole or trimmed, beside safetensors or inside GGUF.

A published tokenizer.json is indented and spreads every merge over four lines; the one that trimming writes
is compact (a third of the bytes, the same tokenizer), so a forecast for a trimmed vocabulary is made from the
entries themselves. Which tokens a corpus needs is unknown at planning time: the forecast takes those with the
lowest ids, which byte-pair encoding learned first and corpora use most.
"""

from __future__ import annotations

import json
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import msgspec

from sxl_data.contract.errors import error
from sxl_train.run.objects import Object
from sxl_train.run.size import TOKENIZER

SMALL_FILES = 2_000
"""Bytes of config.json and generation_config.json where they are not written yet."""


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A BPE vocabulary: ``tokens[id]``, ``merges`` in rank order, and what its files weigh."""

    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...]
    added: tuple[tuple[int, str, bool], ...]
    """(id, text, special) of tokens that are matched before any merge."""
    file_bytes: int
    """Of all tokenizer files and the chat template."""
    template: str = ""
    pre_tokenizer: Object | None = None
    """The ``pre_tokenizer`` entry of tokenizer.json."""
    ignores_merges: bool = False
    """Whether a word that is a token by itself is taken before any merge."""
    kind: str = ""
    """The tokenizer's class."""
    byte_level: bool = True
    """Whether every string is encodable from bytes, so that tokens may be trimmed."""
    byte_fallback: bool = False
    """Whether bytes are tokens of their own (``<0x0A>``) for what has no other, as SentencePiece has it."""
    prefixed: bool = False
    """Whether a space is put before the text."""

    @cached_property
    def costs(self) -> Costs:
        """Bytes of every smaller vocabulary, counted once."""
        return Costs(self)


def read_vocabulary(folder: Path) -> Vocabulary:
    """Read tokenizer.json, or vocab.json + merges.txt; `UserError` T507 where there is no BPE."""
    folder = Path(folder)
    size = sum((folder / name).stat().st_size for name in TOKENIZER if (folder / name).is_file())
    settings = _read_json(folder / "tokenizer_config.json") or {}
    template = settings.get("chat_template") or ""
    if (folder / "chat_template.jinja").is_file():
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    whole = _read_json(folder / "tokenizer.json")
    if whole is not None:
        model = whole["model"]
        if model.get("type") != "BPE":
            raise error("T507", file=str(folder), found=model.get("type"), expected="BPE")
        added = tuple((t["id"], t["content"], bool(t["special"])) for t in whole.get("added_tokens", []))
        merges = model["merges"]
        ids, pre = model["vocab"], whole.get("pre_tokenizer")
        fallback = bool(model.get("byte_fallback")) and all(f"<0x{byte:02X}>" in ids for byte in range(256))
        byte_level = fallback or "ByteLevel" in json.dumps(whole.get("decoder"))
        prefixed = "Prepend" in json.dumps(whole.get("normalizer"))
    else:
        ids = _read_json(folder / "vocab.json")
        if ids is None or not (folder / "merges.txt").is_file():
            raise error("T507", file=str(folder), found="no tokenizer", expected="tokenizer.json")
        lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
        merges = [line for line in lines if line and not line.startswith("#version")]
        entries = settings.get("added_tokens_decoder", {})
        added = tuple((int(i), e["content"], bool(e["special"])) for i, e in entries.items())
        pre, byte_level, fallback, prefixed = None, True, False, False
    names = dict(ids) | {text: index for index, text, _ in added}
    tokens = [""] * (max(names.values()) + 1)
    for text, index in names.items():
        tokens[index] = text
    pairs = [m.split(" ", 1) if isinstance(m, str) else m for m in merges]
    return Vocabulary(
        tokens=tuple(tokens),
        merges=tuple((a, b) for a, b in pairs),
        added=added,
        file_bytes=size,
        template=template or "",
        pre_tokenizer=pre,
        ignores_merges=whole is not None and bool(whole["model"].get("ignore_merges", False)),
        kind=settings.get("tokenizer_class") or "",
        byte_level=byte_level,
        byte_fallback=fallback,
        prefixed=prefixed,
    )


def count_files(vocabulary: Vocabulary, keep: int = 0) -> int:
    """Bytes of the tokenizer files and template beside the weights; ``keep`` tokens if trimmed."""
    if not keep or keep >= len(vocabulary.tokens):
        return vocabulary.file_bytes
    added = sum(110 + len(_dump(text)) for _, text, _ in vocabulary.added)
    return vocabulary.costs.sum_up(keep)[0] + added + 1_500 + len(vocabulary.template.encode())


def count_metadata(vocabulary: Vocabulary, keep: int = 0) -> int:
    """Bytes of the metadata of a GGUF file that holds this vocabulary and its template."""
    return vocabulary.costs.sum_up(keep or len(vocabulary.tokens))[1] + len(vocabulary.template.encode()) + 1_100


class Costs:
    """Bytes of the first n tokens and of the merges among them, in tokenizer.json and in GGUF, as running sums."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        added = [text for _, text, _ in vocabulary.added]
        apart = set(added)
        plain = [token for token in vocabulary.tokens if token and token not in apart]
        order = added + plain
        rank = {token: index for index, token in enumerate(order)}
        files = [len(_dump(token)) + len(str(index)) + 2 for index, token in enumerate(order)]
        scored = 4 if vocabulary.byte_fallback else 0
        metadata = [8 + len(token.encode()) + 4 + scored for token in order]
        for a, b in vocabulary.merges:
            # A merge is there as soon as its result and both of its parts are.
            last = max(rank.get(a, -1), rank.get(b, -1), rank.get(a + b, -1))
            if min(rank.get(a, -1), rank.get(b, -1), rank.get(a + b, -1)) >= 0:
                files[last] += len(_dump(f"{a} {b}")) + 1
                metadata[last] += 0 if scored else 8 + len(f"{a} {b}".encode())
        self._files, self._metadata = list(accumulate(files)), list(accumulate(metadata))

    def sum_up(self, keep: int) -> tuple[int, int]:
        """(bytes in tokenizer.json, bytes in GGUF) of the first ``keep`` tokens, special ones first."""
        last = min(keep, len(self._files)) - 1
        return (self._files[last], self._metadata[last]) if last >= 0 else (0, 0)


def _dump(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def _read_json(path: Path) -> Object | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
