"""The compiled pass of `scan`: its tables, made of the same rules as the patterns, and the places that it gives.

In: sequences of classes of bytes, with which everything begins that is looked for. Out: for a text, the stretches in
which a pattern may match, and where runs of base64 begin. The pass is worth its start for much text only, so a text
below `LARGE` is read by RE2 until somebody has loaded it.
"""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sxl_data.contract.patterns import compile

if TYPE_CHECKING:
    import numpy as np

    from sxl_data.native.loader import Kernel

BLOCK = 1 << 14
"""Bytes that are looked at in one go."""
SHIFT = 14
"""What is left of a hash: 18 bits."""
NAMED, URL, NAMED_BEFORE = 1, 2, 3
"""What has to stand behind a sequence: something that a value is set with, an @; the first behind all but its last
byte."""
LARGE = 8 << 20
"""Bytes of text from which on compiling the pass, once for each installation, is worth it."""
HALF = 1 << 32 - SHIFT - 5
"""Numbers of one of the two maps of bits, by two hashes."""
SLOTS = 256 + (1 << 14)
"""Lists of sequences: by a byte, or by the first bits of a hash."""
MASKS = BLOCK // 128 + 1
PLACES = BLOCK // 2
FOUND = PLACES + BLOCK + 1
"""Room for what the pass finds in a block: words, and from `PLACES` on places."""
_FIRST = 9 + SLOTS + FOUND
_BY_HASH = 256
_MARGIN = 256
_BEHIND, _BEFORE = 220, 60
"""How much of the text around a place is read by the patterns."""
_LONGEST, _GRAM, _MOST_GRAMS = 24, 4, 1_000
TRIGGERS: tuple[dict[int, bytes], ...] = (
    *({0: bytes([byte])} for byte in b"\x1b\0@~%"),
    {0: b"+", 1: b"123456789"},
    {0: b"\xc2", 1: b"\xad"},
    {0: b"\xe2", 2: b"\x8b"},
    {0: b"\\", 1: b"/"},
    {0: b"&", 1: b"#"},
    {0: b"$", 2: b"$"},
    {0: b"-", 2: b" "},
    {0: b"-", 4: b"-"},
    {0: b"(", 4: b")"},
    *({0: b".", far: b"."} for far in (2, 3, 4, 7)),
    {0: b":", 3: b" ", 4: b"+-"},
    {0: b"\\", 1: b"x"},
    {0: b"S", 1: b"K"},
    *({0: b":", far: b":"} for far in (1, 2, 3, 4, 5)),
    {0: b"p", 1: b"a", 2: b"t", 17: b"."},
    {0: b"pP", 1: b"wW", 2: b"dD"},
    {0: b"pP", 1: b"sS", 2: b"wW"},
)
"""Bytes at distances from each other that `scan` compares at every place, because they are rare and four bytes in a row
would be too many different ones."""
_CLASS = compile(r"\[(?:\\.|[^\]\\])+\]|\\[dw]|\\.|.")
_COUNT = compile(r"\{(\d+)\}")

Sequence = tuple[frozenset[int], ...]


class Start(NamedTuple):
    """How something begins that is looked for, written as a pattern of letters, classes and {n}; what follows the
    first other sign is left out. ``tail``: see `NAMED`."""

    look: str
    tail: int = 0
    fold: bool = False


class Places(NamedTuple):
    """Stretches of a text in which patterns may match, apart and in order, and where runs of base64 begin."""

    stretches: list[tuple[int, int]]
    runs: list[int]


def sequence(start: Start) -> Sequence:
    """The classes of bytes that ``start`` begins with."""
    out: list[frozenset[int]] = []
    text = start.look
    while text and len(out) < _LONGEST and text[0] not in "(?*+|":
        found = _CLASS.match(text)
        assert found is not None
        members = _members(found[0], start.fold)
        text = text[found.end() :]
        count = _COUNT.match(text)
        if count is not None:
            text = text[count.end() :]
        elif text[:1] in ("?", "*", "{"):
            break
        out += [members] * (int(count[1]) if count else 1)
    return tuple(out[:_LONGEST])


@cache
def _members(spelled: str, fold: bool) -> frozenset[int]:
    pattern = compile(("(?i)" if fold else "").encode() + spelled.encode("latin-1"))
    return frozenset(b"".join(pattern.findall(bytes(range(256)))))  # all in one go: every class is of single bytes


class Tables(msgspec.Struct, frozen=True):
    """What the pass looks for, as it reads it: numbers of four bytes, of one byte, and where the lists of each slot
    begin."""

    words: bytes
    """Both maps of bits, room for masks, (four bytes, their place, first step, steps and tail) each, steps."""
    members: bytes
    """Of each class of bytes."""
    books: list[int]
    steps: int
    factors: list[int]


def make_tables(starts: Iterable[Start]) -> Tables:
    """The tables of what begins with ``starts``."""
    import numpy as np

    base64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    known: dict[frozenset[int], int] = {base64: 0}
    steps: list[int] = []
    entries: set[tuple[int, int, int, int, int]] = set()
    for start in starts:
        classes = sequence(start)
        first, length = len(steps), len(classes)
        steps += [known.setdefault(one, len(known)) for one in classes]
        for slot, gram, offset in _grams(classes):
            entries.add((slot, gram, offset, first, length | start.tail << 8))
    made = np.array(sorted(entries), np.uint32)
    hashed = made[:, 0] == _BY_HASH
    factors = _factors(np.unique(made[hashed, 1]))
    bits = np.zeros(2 * HALF, np.uint32)
    for base, factor in zip((0, HALF), factors):
        hashes = _hashed(made[hashed, 1], factor)
        np.bitwise_or.at(bits, base + (hashes >> 5), np.uint32(1) << (hashes & 31).astype(np.uint32))
    slots = np.where(hashed, 256 + (_hashed(made[:, 1], factors[0]) >> 4), made[:, 0])
    order = np.argsort(slots, kind="stable")
    books = np.searchsorted(slots[order], np.arange(SLOTS + 1)).tolist()
    grams = made[order, 1:].ravel()
    members = np.zeros((len(known), 256), np.uint8)
    for letters, number in known.items():
        members[number, list(letters)] = 1
    words = np.concatenate([bits, np.zeros(MASKS, np.uint32), grams, np.array(steps, np.uint32)])
    return Tables(words.tobytes(), members.tobytes(), books, len(steps), factors)


class Scanner:
    """The pass over texts, for what ``tables`` say; for one thread."""

    def __init__(self, tables: Tables, kernel: Kernel) -> None:
        self._kernel = kernel
        self._tables = array("I", tables.words)
        # [members of each class, room for marks, twice]
        self._letters = bytearray(tables.members) + bytes(2 * BLOCK + 40)
        # [what goes in and comes out, where the lists of each slot begin, room, places, runs of base64]
        self._numbers = array("q", bytes(8 * (_FIRST + 8 * BLOCK)))
        self._numbers[4], self._numbers[5] = len(self._tables) - tables.steps, len(tables.members)
        self._numbers[6:8] = array("q", tables.factors)
        self._numbers[8 : 9 + SLOTS] = array("q", tables.books)
        self._most = 0

    def places(self, data: bytes) -> Places:
        """Where something may stand in ``data``."""
        stretches: list[tuple[int, int]] = []
        found, runs = self.found(data)
        for at in sorted(found):
            begin, end = max(0, at - _BEFORE), min(len(data), at + _BEHIND)
            if stretches and begin <= stretches[-1][1]:
                stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
            else:
                stretches.append((begin, end))
        return Places(stretches, runs)

    def found(self, data: bytes) -> tuple[list[int], list[int]]:
        """The places of ``data`` at which a sequence begins, in no order, and at which runs of base64 do."""
        n = _MARGIN + len(data)
        if n > self._most:
            self._grow(n)
        self._into[_MARGIN:n] = data
        self._into[n : n + _MARGIN] = bytes(_MARGIN)
        numbers = self._numbers
        numbers[0], numbers[1] = n, _MARGIN
        places: list[int] = []
        runs: list[int] = []
        half = _FIRST + 4 * BLOCK
        while numbers[1] < n:
            self._run()
            if numbers[2]:
                places += [at - _MARGIN for at in numbers[_FIRST : _FIRST + numbers[2]]]
            if numbers[3]:
                runs += [at - _MARGIN for at in numbers[half : half + numbers[3]]]
        return places, runs

    def _grow(self, n: int) -> None:
        # One buffer for all texts: what the kernel is called with stays the same, which is most of a call.
        self._most = max(1 << 16, 1 << n.bit_length())
        held = bytearray(self._most + 2 * _MARGIN)
        self._into = memoryview(held)
        self._run = self._kernel.prepare(held, self._tables, self._letters, self._numbers)


def load(starts: Iterable[Start]) -> Scanner:
    """The pass for what begins with ``starts``. Raises ImportError where no kernel can be loaded. Its tables take as
    long to make as 15 MB to read, so they are kept."""
    from sxl_data.native.loader import kept
    from sxl_data.native.loader import load as load_kernels

    kernel = load_kernels("sxl_data.secrets", ("scan",), ("scan", "scanning"))["scan"]
    starts = tuple(starts)
    own = [files(__package__).joinpath(name).read_bytes() for name in ("scanning.py", "frequent.json")]
    made_of = b"\0".join([*own, repr(starts).encode()])
    packed = kept("sxl_data.secrets", "tables", made_of, lambda: msgspec.msgpack.encode(make_tables(starts)))
    return Scanner(msgspec.msgpack.decode(packed, type=Tables), kernel)


def _grams(classes: Sequence) -> list[tuple[int, int, int]]:
    """Slot (`_BY_HASH` for four bytes), bytes and their place, by which a sequence is found: by a trigger, or by the
    four bytes in it that cost least."""
    for trigger in TRIGGERS:
        for offset in range(len(classes) - max(trigger)):
            if all(classes[offset + far] <= set(letters) for far, letters in trigger.items()):
                return [(byte, byte, offset) for byte in classes[offset]]
    padded = (*classes, *[frozenset(range(256))] * (_GRAM - len(classes)))
    windows = [padded[k : k + _GRAM] for k in range(len(padded) - _GRAM + 1)]
    offset = min(range(len(windows)), key=lambda k: _cost(windows[k]))
    return [(_BY_HASH, gram, offset) for gram in _grams_of(windows[offset])]


def _grams_of(window: Sequence) -> list[int]:
    return [int.from_bytes(bytes(letters), "little") for letters in itertools.product(*window)]


@cache
def _frequent() -> dict[int, int]:
    """The rank of the most frequent four bytes of code, prose and JSON; `benchmarks/secrets/frequent.py` writes them
    anew."""
    found = msgspec.json.decode(
        files(__package__).joinpath("frequent.json").read_bytes(), type=dict[str, str | list[str]]
    )
    return {int.from_bytes(letters.encode(), "little"): rank for rank, letters in enumerate(found["four"])}


def _cost(window: Sequence) -> float:
    """What it costs to look for ``window``: how often texts hold it, and how many different ones it may be."""
    many = math.prod(map(len, window))
    if many > _MOST_GRAMS:
        return many
    known = _frequent()
    return many * 1e-5 + sum(1 / (known[gram] + 20) for gram in _grams_of(window) if gram in known)


def _hashed(grams: np.ndarray, factor: int) -> np.ndarray:
    import numpy as np

    return (grams.astype(np.uint64) * np.uint64(factor) & np.uint64(0xFFFFFFFF)).astype(np.int64) >> SHIFT


def _factors(grams: np.ndarray) -> list[int]:
    """Two odd numbers by which ``grams`` are hashed with the fewest frequent ones beside them."""
    import numpy as np

    known, mine = _frequent(), set(grams.tolist())
    common = np.array([gram for gram in known if gram not in mine], np.uint32)
    weight = 1 / (np.array([known[gram] for gram in common.tolist()]) + 20)

    def collides(factor: int) -> float:
        return float(weight[np.isin(_hashed(common, factor), _hashed(grams, factor))].sum())

    return sorted(((2654435761 * (2 * k + 1)) & 0xFFFFFFFF for k in range(48)), key=collides)[:2]
