"""sxl_data.sandbox.cgroups"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sxl_data.sandbox import cgroups

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")


@pytest.fixture
def group() -> Iterator[cgroups.Group]:
    made = cgroups.make(f"sxl-test-{os.getpid()}", 64_000_000, 5)
    if made is None:
        pytest.skip("no control group can be had here")
    yield made
    made.remove()
    assert not any(Path(folder).exists() for folder in made.folders.values())


def test_a_group_has_the_limits_that_were_asked_for(group):
    names = ("memory.limit_in_bytes", "pids.max") if group.version == 1 else ("memory.max", "pids.max")
    memory, processes = (Path(group.folders[c], name).read_text() for c, name in zip(("memory", "pids"), names))
    assert abs(int(memory) - 64_000_000) < 1 << 16  # whole pages
    assert int(processes) == 5


def test_a_process_that_joins_is_bound_and_running_out_is_known(group):
    assert not group.ran_out()
    child = os.fork()
    if child == 0:
        group.join()
        held = bytearray(b"x") * 200_000_000
        os._exit(len(held) == 0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == 9
    assert group.ran_out()
