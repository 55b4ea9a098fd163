"""Rows that are generated together by a transformers model: prompts in, a token for each row a step, finished rows out.

A prompt is read once for all samples of its request, and what all prompts of a batch begin with once for all of them.
Rows that finish make room for others at once, so a step is seldom for a few rows alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from sxl_train.generate import store
from sxl_train.generate.prompts import count_same
from sxl_train.generate.rows import Row
from sxl_train.generate.sampling import choose, choose_on_device

if TYPE_CHECKING:
    from transformers.cache_utils import Cache

    from sxl_train.run.decoder import Decoder

PROMPTS = 64
"""Prompts that are read together at most: each of their lengths has logits of its own for all of them."""
SHARED = 16
"""Tokens that prompts must begin with alike for them to be read once."""


def count_shared(prompts: Sequence[Sequence[int]]) -> int:
    """How many tokens all ``prompts`` begin with alike, one less than the shortest has at most."""
    least, most = min(map(tuple, prompts)), max(map(tuple, prompts))  # what these two share, all share
    shortest = min(map(len, prompts)) - 1
    return min(count_same(least, most), shortest)


def prefill(
    model: Decoder, prompts: Sequence[Sequence[int]], places: Sequence[int]
) -> tuple[Cache, torch.Tensor, torch.Tensor]:
    """(cache, lengths, logits [rows, places, vocabulary]) of prompts that begin together.

    ``places`` are those in the prompts whose logits are wanted, none of them in what all prompts share.
    """
    device = model.device
    cache = store.make(model.config.get_text_config().num_hidden_layers)
    shared = min(count_shared(prompts), min(places)) if len(prompts) > 1 else 0
    shared = shared if shared >= SHARED else 0
    if shared:
        beginning = torch.tensor([list(prompts[0][:shared])], device=device)
        model(input_ids=beginning, past_key_values=cache, logits_to_keep=1)
        store.keep(cache, torch.zeros(len(prompts), dtype=torch.long, device=device), shared)
    width = max(map(len, prompts))
    ids = torch.zeros(len(prompts), width - shared, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt) - shared] = torch.tensor(list(prompt[shared:]))
    positions = torch.arange(shared, width, device=device).expand(len(prompts), -1)
    wanted = torch.tensor([place - shared for place in places], device=device)
    # What pads a row stands behind it, so no token of the row looks at it and no mask is needed.
    made = model(
        input_ids=ids.to(device), position_ids=positions, past_key_values=cache, logits_to_keep=wanted, use_cache=True
    )
    return cache, torch.tensor([len(prompt) for prompt in prompts], device=device), made.logits


class Batch:
    """The rows in the making."""

    def __init__(self, model: Decoder) -> None:
        self.model, self.device = model, model.device
        self.rows: list[Row] = []
        self.cache = store.make(0)
        self.lengths = self.last = self.taken = torch.zeros(0, dtype=torch.long, device=self.device)
        self.temperature = self.top_p = torch.zeros(0, dtype=torch.float64, device=self.device)
        self.places = torch.zeros(0, 0, dtype=torch.float64, device=self.device)
        self._fresh: list[torch.Tensor] = []

    @property
    def width(self) -> int:
        """Columns that the rows take."""
        return int(store.layers_of(self.cache)[0].get_seq_length()) if self.rows else 0

    @property
    def left(self) -> int:
        """The most steps that a row may still take."""
        return max((row.limit - len(row.ids) for row in self.rows if row.finish is None), default=0)

    def admit(self, groups: Sequence[Sequence[Row]], chunk: int) -> None:
        """Read the prompts and choose each row's first token; the rows of a group share one prompt.

        About ``chunk`` tokens are read at a time.
        """
        ordered = sorted(groups, key=lambda group: len(group[0].prompt))
        while ordered:
            count = min(max(1, chunk // len(ordered[-1][0].prompt)), PROMPTS)
            some, ordered = ordered[-count:], ordered[:-count]
            self._admit(some)

    def _admit(self, groups: Sequence[Sequence[Row]]) -> None:
        prompts = [group[0].prompt for group in groups]
        places = sorted({len(prompt) - 1 for prompt in prompts})
        cache, lengths, logits = prefill(self.model, prompts, places)
        store.align(cache, lengths)
        ends = torch.tensor([places.index(len(prompt) - 1) for prompt in prompts], device=self.device)
        logits = logits[torch.arange(len(prompts), device=self.device), ends]
        sources = [at for at, group in enumerate(groups) for _ in group]
        rows = [row for group in groups for row in group]
        copies = torch.tensor(sources, device=self.device)
        if sources != list(range(len(prompts))):
            store.keep(cache, copies, int(lengths.max()))
        self.flush()
        before = len(self.rows)
        self.cache = store.join(self.cache, cache) if before else cache
        self.rows += rows
        self.lengths = torch.cat([self.lengths, lengths[copies]])
        self.taken = torch.cat([self.taken, torch.zeros_like(copies)])
        self.last = torch.cat([self.last, torch.zeros_like(copies)])
        self._note(rows)
        self._choose(logits[copies], before)
        self.flush(before)

    def _note(self, rows: Sequence[Row]) -> None:
        """The settings of further rows, where the device can read them."""

        def column(values: list[float]) -> torch.Tensor:
            return torch.tensor(values, dtype=torch.float64, device=self.device)

        self.temperature = torch.cat([self.temperature, column([row.request.temperature for row in rows])])
        self.top_p = torch.cat([self.top_p, column([row.request.top_p for row in rows])])
        drawn = [row.places for row in rows]
        width = max([self.places.shape[1], *(len(places) for places in drawn if places is not None)])
        table = torch.zeros(len(rows), width, dtype=torch.float64)
        for at, places in enumerate(drawn):
            if places is not None:
                table[at, : len(places)] = torch.from_numpy(places)
        older = torch.nn.functional.pad(self.places, (0, width - self.places.shape[1]))
        self.places = torch.cat([older, table.to(self.device)])

    def step(self) -> None:
        """One more token for each row."""
        width = self.width + 1
        seen = torch.arange(width, device=self.device)[None] >= (width - 1 - self.lengths)[:, None]
        made = self.model(
            input_ids=self.last[:, None],
            attention_mask=seen,
            position_ids=self.lengths[:, None],
            past_key_values=self.cache,
            logits_to_keep=1,
            use_cache=True,
        )
        self.lengths = self.lengths + 1
        self._choose(made.logits[:, -1])

    def _choose(self, logits: torch.Tensor, first: int = 0) -> None:
        """Choose tokens for the rows from ``first`` on."""
        logits, rows = logits.float(), self.rows[first:]
        if any(row.constraint is not None for row in rows):
            logits = self._hold(logits, rows)
        taken = self.taken[first:]
        places = taken.clamp_max(self.places.shape[1] - 1)[:, None]
        drawn = self.places[first:].gather(1, places)[:, 0] if self.places.shape[1] else taken.double()
        settings = self.temperature[first:], self.top_p[first:], drawn
        if self.device.type == "cpu":
            tokens = torch.from_numpy(choose(logits.numpy(), *(part.numpy() for part in settings)))
        else:
            plain = all(row.places is None for row in rows)
            tokens = choose_on_device(logits, *settings, plain)
        self.last = torch.cat([self.last[:first], tokens])
        self.taken = torch.cat([self.taken[:first], taken + 1])
        self._fresh.append(tokens)

    def _hold(self, logits: torch.Tensor, rows: Sequence[Row]) -> torch.Tensor:
        """``logits`` without the tokens that the rows' grammars do not allow."""
        from sxl_train.generate.constraint import fill

        words = torch.from_numpy(fill(rows)).to(self.device)
        places = torch.arange(32, dtype=torch.int32, device=self.device)
        allowed = ((words[:, :, None] >> places) & 1).bool().flatten(1)
        missing = logits.shape[1] - allowed.shape[1]
        if missing > 0:
            allowed = torch.nn.functional.pad(allowed, (0, missing))
        return logits.masked_fill(~allowed[:, : logits.shape[1]], float("-inf"))

    def flush(self, first: int = 0) -> None:
        """Hand the tokens chosen since the last time to the rows from ``first`` on."""
        if self._fresh:
            for row, tokens in zip(self.rows[first:], torch.stack(self._fresh, 1).tolist(), strict=True):
                row.extend(tokens)
            self._fresh.clear()

    def drop(self) -> list[Row]:
        """Take out the finished rows and return them."""
        done = [row for row in self.rows if row.finish is not None]
        if done:
            stay = [at for at, row in enumerate(self.rows) if row.finish is None]
            self.rows = [self.rows[at] for at in stay]
            kept = torch.tensor(stay, dtype=torch.long, device=self.device)
            for name in ("lengths", "last", "taken", "temperature", "top_p", "places"):
                setattr(self, name, getattr(self, name)[kept])
            if stay:
                store.keep(self.cache, kept, int(self.lengths.max()))
            else:
                self.cache = store.make(0)
        return done
