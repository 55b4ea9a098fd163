"""llama.cpp, as much of it as generation needs: a model, sequences that share cells, tokens in and logits out.

Its Python binding's own generation runs one sequence; here many are decoded at once, and a prompt that several begin
with is computed once and lent to them (`lend`). Weights are laid out anew for the processor (Q4_0: prompts are read
1.3 times as fast, one thread with AVX2), but not by builds that know AMX: some of those crash at the first evaluation.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sxl_data.contract.errors import error

CHUNK = 512
"""Tokens that are decoded at a time."""
LEAST_CELLS = 2048
BYTES_A_THREAD = 100_000_000
"""Weights that are worth a thread where one token is made at a time. Threads wait for each other several hundred times
a token: two of them make 103 to 115 tokens/s of a model of 92 MB, one of them 149."""
APART = {"Q8_0": 5, "Q4_": 3, "Q5_": 3, "Q6_": 3}
"""Type of the weights, as its name begins → up to so many tokens are decoded one by one, by `FEW_THREADS` at most. One
token has a product of its own in llama.cpp; few together cost more than that each (AVX2, one thread, 135 M weights,
CPU ms a token of 1, 2, 3, 4, 6, 8 together: Q8_0 6.9, 14.7, 12.7, 8.8, 6.8, 4.4; Q4_0 5.6, 6.9, 7.0, 4.8, 4.5, 3.8; F16
10.8, 10.8, 8.6, 8.4, 6.7, 6.1)."""
FEW_THREADS = 2
"""More of them share what few tokens cost together, but not one token."""
NO_CELL = 1
"""What `llama_decode` answers where tokens found no room; nothing is changed then."""


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
def _unsaid(level: int, text: bytes, data: int) -> None:
    """What llama.cpp would print."""


def silence(library: Any) -> None:
    """llama.cpp writes pages to stderr; what matters comes back as an error. ``library`` is `llama_cpp.llama_cpp`."""
    library.llama_log_set(_unsaid, ctypes.c_void_p(0))


class Llama:
    """One GGUF file in memory. `open_cells` before the first `decode`."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        # Threads that wait for each other spin otherwise, and where another program has their core, they spin for its
        # whole turn: 2 to 14 tokens/s in place of 32 to 115, by two threads on two busy cores.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import llama_cpp
        from llama_cpp import llama_cpp as library

        self.library = library
        silence(library)
        library.llama_backend_init()
        flags = library.llama_print_system_info()
        self.build = f"{llama_cpp.__version__} {flags.decode()}"
        """Which llama.cpp this is, and what of the processor it uses."""
        settings = library.llama_model_default_params()
        settings.use_extra_bufts = b"AMX" not in flags
        self.model = library.llama_model_load_from_file(str(path).encode(), settings)
        if not self.model:
            raise error("T101", file=str(path), found="llama.cpp does not load it", expected="a GGUF file it knows")
        self.vocabulary = library.llama_model_get_vocab(self.model)
        self.size = int(library.llama_vocab_n_tokens(self.vocabulary))
        self.context = int(library.llama_model_n_ctx_train(self.model))
        self.threads = threads or count_cores()
        self.weights = self._describe()
        """The type of most weights, such as ``Q8_0``."""
        self.cells = self.sequences = 0
        self.make_room: Callable[[], bool] = lambda: False
        """Called where no cell is free: whether some are now."""
        self._state: Any = None
        self._batch = library.llama_batch_init(CHUNK, 0, 1)
        self._pieces: dict[int, bytes] = {}

    def open_cells(self, cells: int, sequences: int, keep: Sequence[int] = ()) -> list[int] | None:
        """Room for ``cells`` tokens in ``sequences``: None where it was there, else which of ``keep`` still hold what
        they held; the others are empty."""
        if cells <= self.cells and sequences <= self.sequences:
            return None
        library = self.library
        held = {sequence: self.save(sequence) for sequence in keep} if self._state else {}
        if self._state:
            library.llama_free(self._state)
        settings = library.llama_context_default_params()
        # Twice as many each time: a conversation that grows would have them made anew in every turn.
        cells = max(cells, LEAST_CELLS, self.cells if cells <= self.cells else 2 * self.cells)
        settings.n_ctx = cells + -cells % 256
        settings.n_seq_max = max(sequences, self.sequences)
        settings.n_batch = settings.n_ubatch = CHUNK
        weights = int(library.llama_model_size(self.model))
        settings.n_threads = min(self.threads, max(1, round(weights / BYTES_A_THREAD)))
        settings.n_threads_batch = self.threads
        settings.kv_unified = settings.swa_full = True
        self._state = library.llama_init_from_model(self.model, settings)
        if not self._state:
            raise error("U315", found=f"no room for {cells:,} tokens of keys and values")
        self.cells, self.sequences = settings.n_ctx, settings.n_seq_max
        self._memory = library.llama_get_memory(self._state)
        return [sequence for sequence, saved in held.items() if self.restore(sequence, saved)]

    def save(self, sequence: int) -> bytes:
        """The keys and values of ``sequence``."""
        size = self.library.llama_state_seq_get_size(self._state, sequence)
        room = (ctypes.c_uint8 * size)()
        written = self.library.llama_state_seq_get_data(self._state, room, size, sequence)
        return bytes(memoryview(room)[:written])

    def restore(self, sequence: int, held: bytes) -> bool:
        """Put back what `save` gave for the same weights; False where it does not fit, and the sequence is empty."""
        room = (ctypes.c_uint8 * len(held)).from_buffer_copy(held)
        done = bool(held) and self.library.llama_state_seq_set_data(self._state, room, len(held), sequence) > 0
        if not done:
            self.forget(sequence)
        return done

    def decode(self, tokens: Sequence[tuple[int, int, int]], wanted: Sequence[int]) -> Any:
        """Logits [wanted, vocabulary] of the places ``wanted`` in ``tokens``: (token, position, sequence) each."""
        import numpy as np

        library, batch = self.library, self._batch
        asked, found = set(wanted), []
        few = next((most for name, most in APART.items() if self.weights.startswith(name)), 0)
        step = 1 if self.threads <= FEW_THREADS and len(tokens) <= few else CHUNK
        for start in range(0, len(tokens), step):
            part = tokens[start : start + step]
            batch.n_tokens = len(part)
            for at, (token, position, sequence) in enumerate(part):
                batch.token[at], batch.pos[at] = token, position
                batch.n_seq_id[at], batch.seq_id[at][0] = 1, sequence
                batch.logits[at] = start + at in asked
            while (failed := library.llama_decode(self._state, batch)) == NO_CELL and self.make_room():
                pass
            if failed:
                raise error("U315", found=f"llama.cpp could not decode {len(part)} tokens", expected="room for them")
            for at in range(len(part)):
                if batch.logits[at]:
                    pointer = library.llama_get_logits_ith(self._state, at)
                    found.append(np.ctypeslib.as_array(pointer, shape=(self.size,)).copy())
        return np.stack(found) if found else np.zeros((0, self.size), dtype=np.float32)

    def _describe(self) -> str:
        room = ctypes.create_string_buffer(256)
        self.library.llama_model_desc(self.model, room, len(room))
        words = room.value.decode(errors="replace").split()  # "llama 135M Q8_0", and perhaps "- Medium" behind it
        return next((word for word in words if word[:1] in "QFBIT" and any(c.isdigit() for c in word)), "")

    def forget(self, sequence: int, first: int = 0) -> None:
        """Drop the tokens of ``sequence`` from position ``first`` on."""
        self.library.llama_memory_seq_rm(self._memory, sequence, first, -1)

    def lend(self, source: int, target: int) -> None:
        """Let ``target`` have the tokens of ``source``, without a copy."""
        self.library.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def tokenise(self, text: str, opening: bool = False) -> list[int]:
        """Ids of ``text``, control tokens read; ``opening`` puts in front what the file says a text begins with."""
        raw = text.encode("utf-8", "surrogatepass")
        room = len(raw) + 8
        ids = (ctypes.c_int32 * room)()
        count = self.library.llama_tokenize(self.vocabulary, raw, len(raw), ids, room, opening, True)
        return list(ids[: max(count, 0)])

    def piece(self, token: int) -> bytes:
        """The bytes of one token, control tokens as they are written."""
        if token not in self._pieces:
            room = ctypes.create_string_buffer(1024)
            size = self.library.llama_token_to_piece(self.vocabulary, token, room, len(room), 0, True)
            self._pieces[token] = room.raw[: max(size, 0)]
        return self._pieces[token]

    def ends(self) -> frozenset[int]:
        """The tokens that end a generation."""
        return frozenset(token for token in range(self.size) if self.library.llama_vocab_is_eog(self.vocabulary, token))

    def close(self) -> None:
        """Free everything."""
        if self._state:
            self.library.llama_free(self._state)
        if self.model:
            self.library.llama_batch_free(self._batch)
            self.library.llama_model_free(self.model)
        self.model = self._state = None
        self.cells = self.sequences = 0


def count_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
