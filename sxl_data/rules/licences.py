"""L: does the trace say under which licence it stands, and where it comes from?

In: a trace. Out: faults in its provenance. SPDX expressions are judged by `packaging.licenses`, which
carries the SPDX list.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sxl_data.contract import patterns
from sxl_data.contract.codes import table
from sxl_data.rules import Fault
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
""")

_NON_COMMERCIAL = patterns.compile(r"(?i)(?:^|[-_.])(?:nc|non-?commercial|research-only|polyform-strict)(?:[-_.\d]|\z)")
_LONGEST = 1_000  # characters of an expression that anybody wrote by hand
_ATTRIBUTION = patterns.compile(r"(?:CC-BY|ODC-By|ODbL)[-\w.]*")


def check(trace: Trace) -> Iterator[Fault]:
    """The faults of licence and provenance in ``trace``."""
    provenance = trace.provenance
    licence = provenance.licence
    if not licence or licence in ("NOASSERTION", "NONE"):
        yield Fault("L601", "/provenance/licence", repr(licence), "an SPDX expression or LicenseRef-NAME")
    elif not is_spdx(licence):
        yield Fault("L602", "/provenance/licence", repr(licence), "an SPDX expression or LicenseRef-NAME")
    elif _NON_COMMERCIAL.search(licence):
        yield Fault("L603", "/provenance/licence", licence, "a licence that allows every use")
    elif _ATTRIBUTION.search(licence) and not provenance.attribution:
        yield Fault("L605", "/provenance/attribution", f"none, under {licence}", "the names of the authors")
    if not provenance.source_sha256:
        yield Fault("L604", "/provenance/source_sha256", "none", "64 hex digits")


@lru_cache(maxsize=1024)
def is_spdx(licence: str) -> bool:
    """Whether ``licence`` is an SPDX licence expression."""
    if len(licence) > _LONGEST:
        return False
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return False
    return True
