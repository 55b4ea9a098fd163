"""For the tests of those who make traces: one assertion.

```python
from sxl_data.trace.testing import assert_valid

def test_our_traces_can_be_trained_on():
    assert_valid("exports/traces.jsonl", ignore=["C412"])
```
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sxl_data.contract.codes import CODES
from sxl_data.rules.profiles import PROFILES, RANKS
from sxl_data.validate.reporters.report import Report
from sxl_data.validate.validate import validate


def assert_valid(
    source: Any, format: str = "auto", profile: str = "train", *, ignore: Collection[str] = (), **options: Any
) -> Report:
    """Fail with the report's text unless ``source`` passes ``profile``; codes of ``ignore`` are left out.

    ``options`` are those of `validate`. Returns the report, so that a test can look further.
    """
    __tracebackhide__ = True
    unknown = sorted(set(ignore) - set(CODES))
    if unknown:
        raise ValueError(f"no such code: {', '.join(unknown)}")
    report = validate(source, format, profile, **options)
    report.findings = [item for item in report.findings if item.code not in ignore]
    report.counts = {code: count for code, count in report.counts.items() if code not in ignore}
    limit = RANKS[PROFILES[profile].fails_at]
    if not report.ok:
        grave = [code for code in report.counts if RANKS[CODES[code].level] >= limit]
        raise AssertionError(f"{', '.join(sorted(grave)) or 'incomplete'}\n{report.text()}")
    return report
