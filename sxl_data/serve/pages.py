"""The chosen row as HTML: what happened to it, what was left out for it, how it differs from the other build, and its
steps, or the conversation as it is trained.

In: an index, shelves and the number of a line. Out: HTML in which every foreign text is escaped. An id is a button that
leads to its row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from sxl_data.build.as_read import as_read
from sxl_data.build.comparing import CHANGED, GONE, MOVED, NEW
from sxl_data.contract.alignment import unified
from sxl_data.contract.console import format_count
from sxl_data.contract.errors import UserError, shorten
from sxl_data.report.fate import beside_twin, history, quarantined, twin_of
from sxl_data.serve.index import Index
from sxl_data.serve.shelf import Shelf
from sxl_data.trace.template import Template
from sxl_data.trace.types import Trace
from sxl_data.view.blocks import WHOLE, Bounds, blocks
from sxl_data.view.markup import Raw, folded, line, paragraph
from sxl_data.view.rendered import blocks_rendered
from sxl_data.view.screen import diff
from sxl_data.view.show import render

FIRST = Bounds(characters=60_000, steps=200)
"""What is shown of a row before somebody asks for all of it."""
_FOLLOWERS = 60


class Form(NamedTuple):
    """How a row is shown: as blocks, or as ``template`` renders it."""

    template: Template | None = None
    max_length: int | None = None
    whole: bool = False


class Pages:
    """The rows of a build as HTML."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.shelf = Shelf(index.build.shards)
        self.before = Shelf(index.against.shards) if index.against else None

    def page(self, number: int, form: Form) -> tuple[str, str]:
        """Id and HTML of the line ``number``."""
        trace_id, shard, row, split = self.index.place(number)
        told = self.index.history(trace_id)
        parts: list[str] = [Raw(f"<h2>{line(trace_id)}</h2>"), *history(told, link)]
        if shard >= 0:
            trace = self.shelf.trace(shard, row)
            head = shorten(trace.task.strip().split("\n")[0], 160) or trace_id
            parts[0] = Raw(f'<h2>{line(head)}</h2><p class="soft">{line(split)} · {line(trace.provenance.source)}</p>')
            parts += [*self._followers(trace_id), *self._compared(trace_id, trace), *_body(trace, form)]
        elif split == GONE:
            parts += self._gone(trace_id, form)
        else:
            parts += self._left_out(trace_id, twin_of(told), form)
        return trace_id, "".join(parts)

    def _trace(self, trace_id: str) -> Trace | None:
        """The row with this id, where it is in the dataset."""
        number = self.index.find(trace_id)
        if number is None:
            return None
        _, shard, row, _ = self.index.place(number)
        return self.shelf.trace(shard, row) if shard >= 0 else None

    def _left_out(self, trace_id: str, twin_id: str | None, form: Form) -> Iterator[Raw]:
        build = self.index.build
        if raw := quarantined(build.folder, build.manifest, trace_id):
            yield raw
            return
        own, twin = as_read(build.folder, trace_id), self._trace(twin_id) if twin_id else None
        stayed = twin is not None
        if twin is None and twin_id:
            twin = as_read(build.folder, twin_id)
        if own is not None and twin is not None:
            yield _difference("What differs from the row that stayed", twin, own, "stayed", "left out")
        yield beside_twin(trace_id, own, twin_id, twin, stayed, WHOLE if form.whole else FIRST, link)

    def _followers(self, trace_id: str) -> Iterator[Raw]:
        found = self.index.followers(trace_id)
        if len(found):
            items = "".join(
                f"<li>{link(name, '' if score is None else f'{score:.3f} ')}</li>"
                for name, score in found.select("trace_id", "score").head(_FOLLOWERS).iter_rows()
            )
            more = "" if len(found) <= _FOLLOWERS else paragraph(f"… and {len(found) - _FOLLOWERS} more", "soft")
            said = f"{format_count(len(found))} rows were left out for this one"
            yield folded(said, f'<ul class="ids">{items}</ul>{more}')

    def _compared(self, trace_id: str, trace: Trace) -> Iterator[Raw]:
        """How the row differs from that of the other build."""
        if self.index.compared is None or self.before is None:
            return
        found = self.index.compared.filter(pl.col("trace_id") == trace_id)
        if not len(found):
            return
        of = found.row(0, named=True)
        said = {
            NEW: "New: the other build does not have this row.",
            MOVED: f"Before in {of['split']}, now in {of['split_now']}.",
            CHANGED: f"In {of['split']} as before, with other content.",
        }.get(of["change"])
        if said:
            yield Raw(f'<div class="fate edited">{paragraph(said)}</div>')
        if of["altered"]:
            old = self.before.trace(int(of["shard"]), int(of["row"]))
            yield _difference("What changed", old, trace, "before", "now")

    def _gone(self, trace_id: str, form: Form) -> Iterator[str]:
        assert self.index.compared is not None and self.before is not None
        of = self.index.compared.filter(pl.col("trace_id") == trace_id).row(0, named=True)
        said = f"In {of['split']} of the other build; this one did not read it."
        yield Raw(f'<div class="fate dropped">{paragraph(said)}</div>')
        yield from _body(self.before.trace(int(of["shard"]), int(of["row"])), form)


def link(trace_id: str, before: str = "") -> Raw:
    """An id as a button that leads to its row."""
    shown = line(trace_id)
    return Raw(f'<button type="button" class="id" data-id="{shown}">{line(before)}{shown}</button>')


def _body(trace: Trace, form: Form) -> Iterator[str]:
    if form.template is not None:
        try:
            yield from blocks_rendered(trace, form.template, form.max_length)
        except UserError as problem:
            yield Raw(f'<p class="bad">{line(problem.findings[0].found or str(problem))}</p>')
        return
    yield from blocks(trace, WHOLE if form.whole else FIRST)
    if not form.whole and _is_cut(trace):
        yield Raw('<p><button type="button" data-all="1">Show all of this row</button></p>')


def _is_cut(trace: Trace) -> bool:
    """Whether `FIRST` leaves out something of it; the size of its JSON is an upper bound that costs little."""
    return len(trace.steps) > FIRST.steps or len(render(trace, 0)) > FIRST.characters


def _difference(title: str, one: Trace, two: Trace, name_one: str, name_two: str) -> Raw:
    """Two traces line by line."""
    before, after = ([f"{row}\n" for row in render(side, 0).split("\n")] for side in (one, two))
    changed = "".join(unified(before, after, name_one, name_two))
    if len(changed) > FIRST.characters:
        changed = changed[: FIRST.characters] + "\n…"
    return Raw(f'<h3>{line(title)}</h3><pre class="diff">{diff(changed)}</pre>') if changed else Raw("")
