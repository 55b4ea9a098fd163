"""L: may it be used and given away?"""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="L601",
        rule="licence-missing",
        level="error",
        title="The trace has no licence",
        why="without one nobody may copy it",
        fix="find out and state it in `provenance.licence`",
    ),
    Code(
        code="L602",
        rule="licence-not-spdx",
        level="error",
        title="The licence is no SPDX expression",
        why="tools cannot tell what it allows",
        fix='use an SPDX id such as "Apache-2.0", or LicenseRef-NAME with a `licence_url`',
    ),
    Code(
        code="L603",
        rule="non-commercial-licence",
        level="error",
        title="The licence forbids commercial use",
        why="a dataset that mixes it in passes the restriction on to every model trained on it",
        fix="leave the source out, or publish it apart under its own licence",
    ),
    Code(
        code="L604",
        rule="source-hash-missing",
        level="warning",
        title="The trace does not say the hash of its source file",
        why="nobody can check that it comes from where it says",
        fix="give `provenance.source_sha256`; `sxl-data build` does",
    ),
    Code(
        code="L605",
        rule="attribution-missing",
        level="warning",
        title="The licence asks for attribution and none is given",
        why="copies without it break the licence",
        fix="name the authors in `provenance.attribution`",
    ),
)
