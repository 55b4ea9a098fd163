"""What a report of a fault should say of the machine, and the words that a shell completes.

In: nothing, or a parser. Out: text. No name of a person, host or folder is in it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

PACKAGES = (
    "sheikh-sxl",
    "numpy",
    "pyarrow",
    "polars",
    "numba",
    "datasets",
    "huggingface_hub",
    "msgspec",
    "torch",
    "transformers",
    "trl",
    "peft",
    "compressed-tensors",
    "bitsandbytes",
    "gguf",
    "llama-cpp-python",
    "ray",
)
LATEST = (3, 14)
"""The first Python that it was never tried on."""


def describe_environment() -> str:
    """Versions and machine, a line each."""
    import importlib.metadata  # a third of the time that `--help` takes

    lines = [
        f"python             {platform.python_version()} ({platform.python_implementation()})",
        f"system             {platform.system()} {platform.release()} {platform.machine()}",
        f"processors         {os.cpu_count()}",
        f"encoding           {sys.getfilesystemencoding()}, UTF-8 mode {'on' if sys.flags.utf8_mode else 'off'}",
    ]
    for name in PACKAGES:
        try:
            lines.append(f"{name:<18} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name:<18} –")
    return "\n".join(lines)


def require_python() -> None:
    """Raise `UserError` U317 on a Python that sxl was never tried on."""
    from sxl_data.contract.errors import error

    if sys.version_info >= LATEST:
        raise error("U317", found=f"Python {platform.python_version()}", expected="Python 3.11, 3.12 or 3.13")


class ShowEnvironment(argparse.Action):
    """``--env``: print `describe_environment` and end."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from sxl_data.contract.console import tell

        tell(describe_environment())
        parser.exit()


class ShowCompletion(argparse.Action):
    """``--completion SHELL``: print what makes the shell complete words, and end."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, choices=("bash", "zsh", "tcsh"), metavar="SHELL", **options)

    def __call__(self, parser: argparse.ArgumentParser, namespace: object, value: object, *rest: object) -> None:
        import shtab

        from sxl_data.contract.console import tell

        tell(shtab.complete(parser, shell=str(value)))
        parser.exit()


def add(parser: argparse.ArgumentParser, version: str) -> None:
    """Declare ``--version``, ``--env`` and ``--completion``."""
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument("--env", action=ShowEnvironment, help="versions and machine, for a report of a fault")
    parser.add_argument("--completion", action=ShowCompletion, help="print a completion script: bash, zsh or tcsh")
