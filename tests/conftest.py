"""Fixtures that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Workers of pytest-xdist are told a width; what a test prints goes to no terminal.
os.environ.pop("COLUMNS", None)
SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real inputs beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("real inputs are not here")
    return SHARED
