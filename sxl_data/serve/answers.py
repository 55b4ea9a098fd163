"""What the viewer answers: about the build, which rows a filter leaves, one row as HTML.

In: a question and its values, as strings of anybody. Out: what becomes JSON. Used by several threads: an answer to the
last filters is kept, and one search through all texts runs at a time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_bytes, format_count
from sxl_data.contract.errors import error
from sxl_data.contract.printable import printable_line
from sxl_data.serve.index import GONE, LEFT_OUT, ORDERS, Index, Wanted
from sxl_data.serve.pages import Form, Pages
from sxl_data.trace.template import Template, load, named

USUAL = "qwen3"
"""The template of the key t, where none was named."""
MOST_ROWS = 200
MOST_WORDS = 500
_KEPT = 6
"""Answers to filters that are kept, four bytes a row each."""


class Answers:
    """One viewer's answers. ``template``: the one that was named at the start, by the name that the page shows."""

    def __init__(self, index: Index, template: Template | None = None, max_length: int | None = None) -> None:
        self.index, self.pages, self.max_length = index, Pages(index), max_length
        self._templates: dict[str, Template | None] = {} if template is None else {_short(template.name): template}
        for name in sorted({stem.removesuffix("_training") for stem in named()}):
            self._templates.setdefault(name, None)
        first = next(iter(self._templates), "")
        self._usual = USUAL if template is None and USUAL in self._templates else first
        self._found: OrderedDict[tuple[Wanted, bool], np.ndarray] = OrderedDict()
        self._lock, self._searching, self._rendering = threading.Lock(), threading.Lock(), threading.Lock()

    def answer(self, what: str, values: Mapping[str, str]) -> dict[str, Any] | None:
        """The answer to a question; None where there is no such question. Raises `UserError`."""
        known = {"about": self.about, "rows": self.rows, "trace": self.trace}
        return known[what](values) if what in known else None

    def about(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The build, and the values of each filter."""
        manifest = self.index.build.manifest
        size = format_bytes(float(self.index.rows["text_bytes"].sum()))
        said = f"{format_count(self.index.kept)} rows, {size} of text"
        if self.index.against is not None:
            said += f"; against {self.index.against.manifest.name} in {self.index.against.folder}"
        facets: dict[str, Any] = {**self.index.facets(), "source": self.index.sources()}
        return {
            "name": printable_line(manifest.name),
            "said": printable_line(said),
            "facets": {name: [_labelled(name, pair) for pair in counts] for name, counts in facets.items()},
            "orders": list(ORDERS),
            "templates": list(self._templates),
            "template": self._usual,
        }

    def rows(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Some of the rows that a filter leaves, and where the row ``find`` stands among them."""
        started = time.monotonic()
        found = self._select(values)
        first, count = _number(values, "first"), min(_number(values, "count"), MOST_ROWS)
        lines = [_shown(line) for line in self.index.lines(found[first : first + count])]
        position = None
        if wanted := values.get("find"):
            number = self.index.find(wanted)
            at = np.flatnonzero(found == (-1 if number is None else number)).tolist()
            position = at[0] if at else None
        return {
            "total": len(found),
            "all": len(self.index.rows),
            "rows": lines,
            "position": position,
            "seconds": time.monotonic() - started,
        }

    def trace(self, values: Mapping[str, str]) -> dict[str, Any]:
        """One row: by its number ``n``, its ``id``, or its ``position`` in what a filter leaves."""
        number: int | None
        if "id" in values:
            number = self.index.find(values["id"])
        elif "position" in values:
            found, at = self._select(values), _number(values, "position")
            number = int(found[at]) if at < len(found) else None
        else:
            number = _number(values, "n")
        if number is None or number >= len(self.index.rows):
            raise error("U201", found="no row of this id or number", expected="a row of this build")
        form = Form(self._template(values.get("form", "")), self.max_length, bool(values.get("all")))
        with self._rendering if form.template else nullcontext():  # a template is one process, asked by one at a time
            trace_id, html = self.pages.page(number, form)
        return {"trace_id": trace_id, "n": number, "html": html}

    def _select(self, values: Mapping[str, str]) -> np.ndarray:
        wanted = Wanted()._replace(**{name: values[name] for name in Wanted._fields if values.get(name)})
        wanted = wanted._replace(words=wanted.words.strip()[:MOST_WORDS])
        whole = bool(values.get("whole") and wanted.words)
        key = (wanted, whole)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        if whole:
            with self._searching:
                found = self.index.select(wanted, self._in_texts(wanted.words))
        else:
            found = self.index.select(wanted)
        with self._lock:
            self._found[key] = found
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return found

    def _in_texts(self, words: str) -> np.ndarray:
        """Whether each line holds ``words`` in a text of its row, its task, or what the ledger says of it."""
        held = np.concatenate([*self.pages.shelf.search(words), np.zeros(0, bool)])
        near = self.index.select(Wanted(words=words))
        hit = np.zeros(len(self.index.rows), bool)
        hit[: len(held)] = held
        hit[near] = True
        return hit

    def _template(self, name: str) -> Template | None:
        """The template of this name, of those that the page lists; never a path."""
        if not name:
            return None
        if name not in self._templates:
            raise error("U201", found=f"no template {name[:80]!r}", expected="one that the page lists")
        with self._rendering:
            held = self._templates[name]
            if held is None:
                held = self._templates[name] = load(name)
            return held


def _labelled(facet: str, counted: tuple[Any, ...]) -> tuple[str, str]:
    """A value of a filter and what stands for it: of a source, how many of its rows are in the dataset."""
    value, rows, of = (*counted, 0)[:3]
    title = f"{value} {CODES[value].title}" if facet == "code" and value in CODES else value
    count = f"{format_count(rows)} of {format_count(of)}" if of > rows else format_count(rows)
    return printable_line(value), printable_line(f"{title} ({count})")


def _short(name: str) -> str:
    return printable_line(Path(name).name or name)


def _number(values: Mapping[str, str], name: str) -> int:
    text = values.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise error("U401", found=f"{name}={text[:40]!r}", expected="a number")
    return int(text)


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    """A line of the list: its words, and what it is about."""
    out = line["split"] in (LEFT_OUT, GONE)
    about = [line["source"], line["split"]]
    if not out:
        about += [f"{line['n_turns']} turn{'s' * (line['n_turns'] != 1)}", format_bytes(line["text_bytes"])]
        about += [f"{line['n_calls']} call{'s' * (line['n_calls'] != 1)}"] if line["n_calls"] else []
        about += [f"{line['n_errors']} failed"] if line["n_errors"] else []
    about += [change] if (change := line.get("change")) and change != "the same" else []
    about += [f"{code} {CODES[code].rule}" if code in CODES else code for code in line["codes"]]
    return {
        "n": line["n"],
        "trace_id": printable_line(line["trace_id"]),
        "head": printable_line(line["head"]),
        "about": printable_line(" · ".join(about)),
        "out": out,
    }
