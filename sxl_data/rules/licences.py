"""L: does the trace say under which licence it stands, and where it comes from?

In: a trace. Out: faults in its provenance. What an expression allows is judged by `spdx`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sxl_data.contract.codes import table
from sxl_data.rules import Fault
from sxl_data.rules.spdx import NONE, asks_attribution, classify, is_spdx
from sxl_data.trace.types import Trace

CODES = table("""
L601 error licence-missing
    title  The trace has no licence
    why    without one nobody may copy it
    fix    find out and state it in `provenance.licence`
L602 error licence-not-spdx
    title  The licence is no SPDX expression
    why    tools cannot tell what it allows
    fix    use an SPDX id such as "Apache-2.0", or LicenseRef-NAME with a `licence_url`
L603 error non-commercial-licence
    title  The licence forbids commercial use
    why    a dataset that mixes it in passes the restriction on to every model trained on it
    fix    leave the source out, or publish it apart under its own licence
L604 warning source-hash-missing
    title  The trace does not say the hash of its source file
    why    nobody can check that it comes from where it says
    fix    give `provenance.source_sha256`; `sxl-data build` does
L605 warning attribution-missing
    title  The licence asks for attribution and none is given
    why    copies without it break the licence
    fix    name the authors in `provenance.attribution`
L606 note copyleft-licence
    title  The licence passes its terms on to what is made with it
    why    a dataset with such rows, and perhaps what is trained on it, falls under the same licence
    fix    keep it if that is meant; `licences: permissive` in a recipe leaves such rows out
L607 warning licence-unknown
    title  Nobody can see what the licence allows
    why    it is of no list, or forbids some uses, and there is no address where its text is
    fix    give `licence_url` in the recipe (`provenance.licence_url` of a trace), or find out which licence it is
""")


def check(trace: Trace) -> Iterator[Fault]:
    """The faults of licence and provenance in ``trace``."""
    provenance = trace.provenance
    licence = provenance.licence
    kind = classify(licence)
    if licence in NONE:
        yield Fault("L601", "/provenance/licence", repr(licence), "an SPDX expression or LicenseRef-NAME")
    elif not is_spdx(licence):
        yield Fault("L602", "/provenance/licence", repr(licence), "an SPDX expression or LicenseRef-NAME")
    elif kind == "non-commercial":
        yield Fault("L603", "/provenance/licence", licence, "a licence that allows every use")
    elif asks_attribution(licence) and not provenance.attribution:
        yield Fault("L605", "/provenance/attribution", f"none, under {licence}", "the names of the authors")
    if kind == "copyleft":
        yield Fault("L606", "/provenance/licence", licence, "a licence that asks nothing of what is made with it")
    elif kind in ("restricted", "unknown") and is_spdx(licence) and not provenance.licence_url:
        yield Fault("L607", "/provenance/licence", licence, "a licence of the SPDX list, or `licence_url`")
    if not provenance.source_sha256:
        yield Fault("L604", "/provenance/source_sha256", "none", "64 hex digits")
