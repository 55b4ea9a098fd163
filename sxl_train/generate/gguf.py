"""A GGUF file as a `Backend`, through llama.cpp: many sequences at once, each prompt read once.

The turns of a conversation, and questions behind the same examples, cost only what is new in them (`prefixes`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sxl_train.data import mask
from sxl_train.data.control import ESCAPED, PART, Control
from sxl_train.generate import beginnings
from sxl_train.generate.llama import Llama, count_cores
from sxl_train.generate.prefixes import Prefixes
from sxl_train.generate.prompts import Job, as_dicts, count_same, need_template, prepare
from sxl_train.generate.rows import Row
from sxl_train.generate.sampling import choose
from sxl_train.generate.types import Request, Sample, Score
from sxl_train.run.bases import hash_files
from sxl_train.run.gguf_reader import GgufFile, read
from sxl_train.run.gguf_tokenizer import CONTROL, USER_DEFINED

ROWS = 8
CELLS = 65_536
"""Tokens whose keys and values are held at most, unless one row alone needs more."""


class GgufBackend:
    """One GGUF file."""

    def __init__(self, file: Path, name: str = "", rows: int = 0, context: int = 0) -> None:
        described = read(file)
        self.llama = Llama(file)
        self.name = f"llama.cpp {name or file.name}"
        self.weights = hash_files(file)
        self.rows, self.context = rows or max(ROWS, count_cores()), min(context or 2**31, self.llama.context)
        self.template, self._control = read_template(described)
        self._ends = self.llama.ends()
        self._prefixes = Prefixes(self.llama)
        self._grammars: dict[str, Any] = {}

    def encode(self, request: Request) -> list[int]:
        """The tokens of a request's prompt. Raises `UserError` T108."""
        if request.prompt is not None:
            return self.llama.tokenise(request.prompt, opening=True)
        template, hide = need_template(self.template, self.name), self._control.hide
        text = mask.render(template, hide(as_dicts(request.messages) or []), hide(as_dicts(request.tools)), prompt=True)
        ids: list[int] = []
        for part in text.replace(ESCAPED, PART).split(PART):
            ids += self.llama.tokenise(part) if part else []
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of generated tokens."""
        return b"".join(map(self.llama.piece, ids)).decode("utf-8", "replace")

    def generate(
        self,
        requests: Sequence[Request],
        progress: Callable[[int, int], None] | None = None,
        skip: frozenset[tuple[str, int]] = frozenset(),
    ) -> Iterator[Sample]:
        """Samples as they finish; those in ``skip`` are left out."""
        total = sum(request.samples for request in requests) - len(skip)
        done, jobs = 0, []
        for item in prepare(requests, self.encode, self.context):
            if isinstance(item, Job):
                jobs.append(item)
            elif (item.request, item.index) not in skip:
                done += 1
                yield item
        for row in self._run(sorted(jobs, key=lambda job: job.ids), skip):
            done += 1
            yield row.close()
            if progress is not None:
                progress(done, total)

    def _run(self, jobs: Sequence[Job], skip: frozenset[tuple[str, int]]) -> Iterator[Row]:
        """The rows of ``jobs``, each when it is finished."""
        if not jobs:
            return
        waiting = deque((job, i) for job in jobs for i in range(job.request.samples) if (job.request.id, i) not in skip)
        longest = max(len(job.ids) + job.limit for job in jobs)
        count = max(1, min(self.rows, len(waiting), CELLS // longest - 1))
        self._prefixes.open((count + 1) * longest, count, max(self.rows, len(waiting)))
        live: dict[int, Row] = {}
        while waiting or live:
            while waiting and len(live) < count:
                job, index = waiting.popleft()
                row = Row(job.request, index, job.ids, job.limit, self._ends, self.decode, self._constrain(job.request))
                self._choose([row], self._read(job.ids, len(job.ids) - 1))
                live[self._prefixes.branch()] = row
            if unfinished := {sequence: row for sequence, row in live.items() if row.finish is None}:
                tokens = [(r.ids[-1], len(r.prompt) + len(r.ids) - 1, s) for s, r in unfinished.items()]
                self._choose(list(unfinished.values()), self.llama.decode(tokens, range(len(tokens))))
            for sequence in [s for s, row in live.items() if row.finish is not None]:
                row = live.pop(sequence)
                self._prefixes.keep(sequence, [*row.prompt, *row.ids[:-1]])  # the last one was never decoded
                yield row

    def _read(self, ids: Sequence[int], first: int) -> Any:
        """Logits of ``ids`` from place ``first`` on."""
        return self._prefixes.read(ids, first)

    def begin(self, request: Request) -> None:
        """As `types.Begins`: all that stands before the last message is read, or taken from the user's cache."""
        messages = request.messages or ()
        ends = [
            msgspec.structs.replace(request, messages=(*messages[:-1], {**messages[-1], "content": text}))
            for text in "ab"
        ]
        one, other = map(self.encode, ends)
        ids = one[: count_same(one, other)]
        held = count_same(self._prefixes.head, ids)
        if held == len(ids) or not beginnings.LEAST <= len(ids) < self.context:
            return
        self._prefixes.open(2 * len(ids), 1, self.rows)
        file = beginnings.name(self.weights, self.llama.build, ids)
        if not self._prefixes.put(ids, beginnings.find(file)):
            self._read(ids, len(ids) - 1)
            beginnings.keep(file, self.llama.save(0))

    def _choose(self, rows: Sequence[Row], logits: Any) -> None:
        import numpy as np

        if any(row.constraint is not None for row in rows):
            from sxl_train.generate.constraint import fill

            allowed = np.unpackbits(fill(rows).view(np.uint8), axis=1, bitorder="little")[:, : logits.shape[1]]
            np.putmask(logits[:, : allowed.shape[1]], allowed == 0, -np.inf)
        heat = np.array([row.request.temperature for row in rows])
        nucleus = np.array([row.request.top_p for row in rows])
        chosen = choose(logits, heat, nucleus, np.array([row.place for row in rows]))
        for row, token in zip(rows, chosen.tolist(), strict=True):
            row.push(token)

    def _constrain(self, request: Request) -> Any:
        if not request.constrained or not request.tools:
            return None
        from sxl_train.generate.constraint import Grammars

        if not self._grammars:
            template = need_template(self.template, self.name)
            self._grammars["calls"] = Grammars.of_llama(self.llama, template, self._ends)
        return self._grammars["calls"].constrain(request.tools, request.call_of, request.copied)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """The likelihood of each continuation; what contexts begin with alike is read once."""
        import numpy as np

        encoded = [self._divide(*pair) for pair in pairs]
        longest = max((len(head) + len(tail) for head, tail in encoded), default=0)
        self._prefixes.open(min(longest, self.context), 0, 0)
        found: dict[int, Score] = {}
        for at in sorted(range(len(pairs)), key=lambda at: encoded[at][0] + encoded[at][1]):
            head, tail = encoded[at]
            ids = (head + tail)[:-1][-self.context :]
            logits = self._read(ids, max(len(ids) - len(tail), 0)).astype(np.float64)
            wanted = np.array(tail[-len(logits) :])
            top = logits.max(axis=-1, keepdims=True)
            sums = top[:, 0] + np.log(np.exp(logits - top).sum(axis=-1))
            each = logits[np.arange(len(wanted)), wanted] - sums
            greedy = bool((logits.argmax(axis=-1) == wanted).all())
            found[at] = Score(logprob=float(each.sum()), tokens=len(tail), greedy=greedy)
        return [found[at] for at in range(len(pairs))]

    def _divide(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        spaces = len(context) - len(context.rstrip())
        if spaces:
            context, continuation = context[:-spaces], context[-spaces:] + continuation
        head = self.llama.tokenise(context, opening=True)
        whole = self.llama.tokenise(context + continuation, opening=True)
        if not head:
            first = min(self._ends, default=0)
            head, whole = [first], [first, *whole]
        return whole[: len(head)], whole[len(head) :]

    def close(self) -> None:
        """Free the weights."""
        self.llama.close()


def read_template(file: GgufFile) -> tuple[mask.Template | None, Control]:
    """The chat template inside a GGUF file, and the tokens that only the template may write."""
    names = [str(name) for name in file.items("tokenizer.ggml.tokens")]
    text = file.text("tokenizer.chat_template")
    constants = {}
    for name, key in (("bos_token", "bos"), ("eos_token", "eos"), ("pad_token", "padding"), ("unk_token", "unknown")):
        index = file.metadata.get(f"tokenizer.ggml.{key}_token_id")
        if isinstance(index, int) and index < len(names):
            constants[name] = names[index]
    tokens = {
        at: name
        for at, (name, kind) in enumerate(zip(names, file.items("tokenizer.ggml.token_type")))
        if kind == CONTROL or (kind == USER_DEFINED and name.strip() and name in text)
    }
    return (mask.Template(text, constants) if text else None), Control(tokens)
