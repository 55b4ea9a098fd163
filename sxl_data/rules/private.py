"""C: does a trace hold secrets, or what says who somebody is?

In: a trace. Out: faults. Every text of the trace is asked, decoded as JSON says it where it is JSON: what is said and
done, results, schemas, URIs, names, ids, what the source has beyond the model. What counts as a secret is the table of
`sxl_data.secrets`, the same that cleans a build.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sxl_data.contract.codes import table
from sxl_data.rules import Fault
from sxl_data.secrets import marks
from sxl_data.secrets.find import find, find_json, holds, pieces, which
from sxl_data.secrets.redact import code_of, shown
from sxl_data.trace.types import Observe, Trace

CODES = table("""
C411 warning possible-secret
    title  Text that looks like a key or token
    why    what is published cannot be taken back
    fix    revoke it and replace it by a placeholder; `sxl-data redact FILE -o OUT` does
C412 note home-path
    title  A path names somebody's home folder
    why    it may name a person
    fix    replace the name by a neutral one before publishing
C413 note personal-data
    title  An address, phone number or name says who somebody is
    why    who is in a published trace did not agree to it
    fix    replace it by a placeholder; `sxl-data redact FILE -o OUT` does
""")

_OURS = frozenset(("phase", "type", "schema_version", "sha256", "source_sha256", "subtraces"))


def prepare() -> None:
    """Load what makes `looks` fast, where much is asked."""
    marks.prepare()


def looks(data: bytes) -> str:
    """The letters of the looks that ``data``, the texts of a trace as JSON, ask for: k(ey), p(erson)."""
    # One search over the whole trace, escapes and all: most hold nothing, and then no text of it is asked.
    return "kp" if holds(data, people=True) else ""


def looks_of(data: Sequence[bytes]) -> list[str]:
    """As `looks`, of several."""
    return [looks(one) if may else "" for one, may in zip(data, marks.among(data), strict=True)]


def look(trace: Trace, wanted: str) -> Iterator[Fault]:
    """The secrets and persons in ``trace`` itself; its subtraces are looked at by who walks them."""
    secrets, people = "k" in wanted, "p" in wanted
    asked = {part.text for step in trace.steps if isinstance(step, Observe) for part in step.content}
    told = [  # a copy of what is looked at where it stands is not
        (place, text.encode("utf-8", "surrogatepass"), is_json)
        for place, text, is_json in texts(trace)
        if place != "/task" or text not in asked
    ]
    parts = [(n, piece) for n, (_, text, is_json) in enumerate(told) for piece in (pieces(text) if is_json else [text])]
    for n in sorted({parts[k][0] for k in which([piece for _, piece in parts], secrets, people)}):
        place, data, is_json = told[n]
        said: set[tuple[str, bytes]] = set()
        for hit in (find_json if is_json else find)(data, secrets, people):
            code = code_of(hit)
            key = (code, b"" if code != "C411" else hit.value)
            if key not in said:
                said.add(key)
                yield Fault(code, place, shown(hit), _EXPECTED[code])


_EXPECTED = {"C411": "a placeholder", "C412": "a neutral path", "C413": "a placeholder"}


def texts(trace: Trace) -> Iterator[tuple[str, str, bool]]:
    """Pointer, text and whether it is JSON, of every text of ``trace`` that somebody may have written."""
    todo: list[tuple[str, str, Any]] = [("", "", msgspec.to_builtins(trace, enc_hook=float))]
    while todo:
        at, name, value = todo.pop()
        if isinstance(value, str):
            yield at, value, name.endswith("_json")
        elif isinstance(value, dict):
            todo += [(f"{at}/{key}", key, inner) for key, inner in reversed(value.items()) if key not in _OURS]
        elif isinstance(value, list | tuple):
            todo += [(f"{at}/{n}", name, inner) for n, inner in reversed(list(enumerate(value)))]
