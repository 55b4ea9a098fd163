"""sxl_data.rules.spdx"""

from __future__ import annotations

import pytest

from sxl_data.rules.spdx import CLASSES, admits, asks_attribution, classify, keys_of, worst

KNOWN = {
    "MIT": "permissive",
    "mit": "permissive",
    "Apache-2.0": "permissive",
    "CC0-1.0": "permissive",
    "CC-BY-4.0": "permissive",
    "GPL-3.0-or-later": "copyleft",
    "LGPL-2.1-only": "copyleft",
    "MPL-2.0": "copyleft",
    "AGPL-3.0-only": "copyleft",
    "CC-BY-SA-4.0": "copyleft",
    "CC-BY-NC-4.0": "non-commercial",
    "CC-BY-NC-SA-3.0": "non-commercial",
    "PolyForm-Noncommercial-1.0.0": "non-commercial",
    "LicenseRef-research-only": "non-commercial",
    "CC-BY-ND-4.0": "restricted",
    "BUSL-1.1": "restricted",
    "LicenseRef-house": "unknown",
    "MIT License": "free-text",
    "see LICENSE": "free-text",
    "MIT OR": "free-text",
    "": "missing",
    " NOASSERTION ": "missing",
    # Of a choice the best counts, of a sum the worst; an exception leaves a licence what it is.
    "MIT OR GPL-3.0-only": "permissive",
    "MIT AND GPL-3.0-only": "copyleft",
    "(MIT OR CC-BY-NC-4.0) AND Apache-2.0": "permissive",
    "MIT AND (GPL-2.0-only OR CC-BY-NC-4.0)": "copyleft",
    "GPL-2.0-only WITH Classpath-exception-2.0": "copyleft",
    "Apache-2.0 WITH LLVM-exception": "permissive",
}


@pytest.mark.parametrize(("licence", "expected"), KNOWN.items())
def test_expressions_have_the_class_of_what_they_allow(licence: str, expected: str):
    assert expected == classify(licence)


def test_deep_and_long_expressions_end():
    assert ("free-text", "free-text") == (classify("MIT AND " * 300 + "MIT"), classify("(" * 2000))
    assert "permissive" == classify("(" * 200 + "MIT" + ")" * 200)


@pytest.mark.parametrize(
    ("gate", "licence", "expected"),
    [
        ("any", "", True),
        ("permissive", "MIT OR GPL-3.0-only", True),
        ("permissive", "MIT AND GPL-3.0-only", False),
        ("permissive", "", False),
        (("MIT", "Apache-2.0"), "mit", True),
        (("MIT", "Apache-2.0"), "MIT AND Apache-2.0", True),
        (("MIT",), "MIT AND Apache-2.0", False),
        (("MIT",), "MIT OR Apache-2.0", True),
        (("GPL-2.0-only WITH Classpath-exception-2.0",), "GPL-2.0-only WITH Classpath-exception-2.0", True),
        (("GPL-2.0-only WITH Classpath-exception-2.0",), "GPL-2.0-only", False),
        (("permissive", "copyleft"), "MPL-2.0 AND MIT", True),
        (("permissive",), "CC-BY-NC-4.0", False),
        (("missing",), "", True),
    ],
)
def test_a_gate_lets_in_what_it_names(gate, licence: str, expected: bool):
    assert expected is admits(gate, licence)


def test_a_work_is_as_free_as_the_least_of_its_parts():
    assert ("copyleft", "missing", "missing") == (worst(["MIT", "MPL-2.0"]), worst([]), worst(["MIT", ""]))
    assert list(CLASSES) == sorted(CLASSES, key=CLASSES.index)


def test_creative_commons_asks_to_be_named():
    assert (True, True, False) == (
        asks_attribution("CC-BY-4.0"),
        asks_attribution("MIT OR ODbL-1.0"),
        asks_attribution("MIT"),
    )
    assert {"MIT", "GPL-2.0-only"} == keys_of("MIT OR GPL-2.0-only WITH Classpath-exception-2.0")
