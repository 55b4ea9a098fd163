"""Any exception → the error that a user can do something about, or None where it is a bug of ours.

What stages know of is raised as `UserError` where it happens, with its place. This is for the rest: a disk that fills
while something small is written, a folder that vanishes, memory that runs out in a library, a package of an extra that
is not installed, a file whose format the library under us gives up on.
"""

from __future__ import annotations

import errno
import os

from sxl_data.contract.errors import UserError, error

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
TRAIN = (
    "accelerate",
    "bitsandbytes",
    "compressed_tensors",
    "optuna",
    "peft",
    "safetensors",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
)
EXTRAS = dict.fromkeys(TRAIN, "train") | {
    "ray": "ray",
    "gguf": "gguf",
    "s3fs": "s3",
    "krippendorff": "review",
    "statsmodels": "review",
}
"""Package → the extra that brings it."""
_DAMAGE = (
    "pyarrow",
    "zlib",
    "zipfile",
    "tarfile",
    "lzma",
    "gzip",
    "zstandard",
    "polars",
    "csv",
    "_csv",
    "safetensors_rust",
)
_NO_MEMORY = (
    "cannot allocate memory",
    "unable to allocate",
    "out of memory",
    "failed to map segment",
    "can't start new thread",
    "failed to launch worker thread",
)


def explain(problem: BaseException) -> UserError | None:
    """``problem`` as a `UserError` with the code, the place where the exception knows it, and what to do."""
    if isinstance(problem, UserError):
        return problem
    said = str(problem) or type(problem).__name__
    if is_memory(problem):
        return error("U315", found=said, expected="memory for the work")
    if type(problem).__name__ == "BrokenProcessPool":
        return error("U309", found=said, expected="processes that live")
    if isinstance(problem, RuntimeError) and said.startswith("Symlink loop"):  # an OSError from Python 3.13 on
        return error("U316", found=said, expected="a link that ends somewhere")
    if isinstance(problem, RuntimeError) and "home directory" in said:
        return error("U201", found=said, expected="a home folder: HOME, or a user that exists after ~")
    if isinstance(problem, ImportError):
        return _missing(problem)
    if isinstance(problem, OSError):
        return _refused(problem)
    if isinstance(problem, UnicodeError):
        return error("U204", found=said, expected="text in UTF-8")
    if type(problem).__module__.partition(".")[0] in _DAMAGE:
        return error("U204", found=said, expected="a whole file of its format")
    return None


def is_memory(problem: BaseException) -> bool:
    """Whether memory ran out, and nothing is wrong with the file that was read or written then."""
    return isinstance(problem, MemoryError) or any(words in str(problem).lower() for words in _NO_MEMORY)


def is_full(problem: OSError) -> bool:
    """Whether the disk or the quota is full. numpy says only how much of an array it could write."""
    return problem.errno in _FULL or (problem.errno is None and " requested and " in str(problem))


def _refused(problem: OSError) -> UserError:
    """What the system said no to."""
    name = next((os.fsdecode(n) for n in (problem.filename2, problem.filename) if isinstance(n, str | bytes)), None)
    said = problem.strerror or str(problem) or type(problem).__name__
    if is_full(problem):
        return error("U301", file=name, found=said, expected="room on the disk")
    if isinstance(problem, FileNotFoundError):
        return error(
            "U201",
            file=name,
            found=said,
            expected="a file or folder",
            why="it was not there, or went while it was used",
            fix="check the path",
        )
    return error("U316", file=name, found=said, expected="a file or folder that can be used like this")


def _missing(problem: ImportError) -> UserError | None:
    name = (problem.name or "").partition(".")[0]
    if not name or name.startswith("sxl_"):
        return None
    extra = EXTRAS.get(name)
    command = f"pip install 'sheikh-sxl[{extra}]'" if extra else f"pip install {name}"
    return error(
        "U402",
        found=f"{name} cannot be imported: {problem}",
        expected=f"the extra `{extra}`" if extra else f"the package {name}",
        fix=command,
    )
