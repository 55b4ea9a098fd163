"""A package that can be called, for verbs that are packages too: ``sxl_data.dedup(files, …)``.

Every command is a function of the same name in `sxl_data`. Where the name is taken by the package that does
the work, the package itself is made callable: Python lets a module's class be replaced.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


def make_callable(package: str, module: str, name: str) -> None:
    """Calls of ``package`` go to the function ``name`` of ``module``, which is imported by the first one."""

    class Verb(ModuleType):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return getattr(import_module(module), name)(*args, **kwargs)

    sys.modules[package].__class__ = Verb
