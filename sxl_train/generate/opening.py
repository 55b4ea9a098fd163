"""Where a model is → a `Backend` that asks it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_train.generate.types import Backend
from sxl_train.run.bases import find_gguf
from sxl_train.run.quiet import hush

SERVERS = ("http://", "https://")


def open_model(where: str, *, rows: int = 0, context: int = 0) -> Backend:
    """A transformers folder, a ``.gguf`` file, ``package:NAME``, or ``http(s)://…/v1``.

    ``rows``: the most samples in the making at once, ``context``: the longest prompt and answer together of a GGUF
    file; 0 lets the machine and the model decide. Raises `UserError` T101 for what is not there, U402 where
    llama-cpp-python is missing, T121 for a server that does not answer.
    """
    if where.startswith(SERVERS):
        from sxl_train.generate.server import ServerBackend

        return ServerBackend(where)
    file = find_gguf(where)
    expands = Path(where).is_dir() and importlib.util.find_spec("llama_cpp") is None
    if file is not None and not expands:  # transformers expands the weights of a folder, and is slower
        if importlib.util.find_spec("llama_cpp") is None:
            raise error("U402", found="no package llama_cpp", expected="pip install 'sheikh-sxl[llama]'")
        from sxl_train.generate.gguf import GgufBackend

        return GgufBackend(file, where, rows=rows, context=context)
    hush()
    from sxl_train.generate.folder import FolderBackend

    if not Path(where).is_dir():
        from sxl_train.data.base import fetch

        where = str(fetch(where, "main"))
    return FolderBackend(where, rows=rows)
