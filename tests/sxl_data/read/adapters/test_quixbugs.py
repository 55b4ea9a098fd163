"""sxl_data.read.adapters.quixbugs"""

from __future__ import annotations

from sxl_data.read.adapters.quixbugs import FORMAT
from sxl_data.trace.format import Document, Origin
from tests.sxl_data.read.readings import outline, read_path, said

BUGGY = 'def one(a):\n    return a\n\n"""\nReturns one more.\n"""\n'


def test_the_difference_of_the_two_programs_is_the_edit():
    files = {
        "python_programs/one.py": BUGGY,
        "correct_python_programs/one.py": "\ndef one(a):\n    return a + 1\n",
        "python_programs/node.py": "x = 1\n",
        "correct_python_programs/node.py": "x = 1\n",
    }
    (reading,) = FORMAT.read(Document(file="q", value=files), Origin(source="toy"))
    patch = reading.trace.steps[1].calls[0].arguments_json
    assert outline(reading.trace) == "OC"
    assert said(reading.trace)[0].startswith("Returns one more.\n\n```python\n# python_programs/one.py\ndef one(a):")
    assert "-    return a\n" in patch and "+    return a + 1\n" in patch


def test_all_forty_programs_are_read(shared):
    readings, _ = read_path(FORMAT, shared / "data/github_issues/quixbugs.tar.gz")
    assert len(readings) == 40
