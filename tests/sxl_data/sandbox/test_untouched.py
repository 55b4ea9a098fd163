"""A box that a program wrote to, if only for a moment, is told from one that is as it was made."""

from __future__ import annotations

import pytest

from sxl_data.sandbox.run import missing, open_box

pytestmark = pytest.mark.skipif(missing() is not None, reason="no sandbox here")


@pytest.mark.parametrize(
    "program",
    [
        "open('left', 'w')",
        "import os\nopen('left', 'w').close()\nos.unlink('left')",
        "import os\nos.mkdir('json')",
        "import tempfile\ntempfile.mkstemp()",
        "import os\nos.symlink('/etc', 'etc')",
    ],
)
def test_what_is_left_or_was_there_shows(program):
    with open_box() as box:
        assert box.run("print(sum(range(9)))").status == "ok" and box.untouched()
        assert box.run(program).status == "ok" and not box.untouched()
    assert not box.untouched()
