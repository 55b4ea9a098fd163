"""A model folder (or one GGUF file) → its size in decimal megabytes, and the gate that holds it to a limit.

Size is every byte that loading needs: weights, configuration, tokenizer and chat template. Cards, logs,
`run.json` and licences are listed but not counted. A GGUF file holds all of that in itself, so a path to
one is measured alone. Megabytes are 10^6 bytes, as the Hub shows them.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sxl_data.contract.console import format_bytes
from sxl_data.contract.errors import GateMissed, error, finding

WEIGHTS = (".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".gguf", ".pt")
TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "chat_template.jinja",
    "chat_template.json",
)
CONFIG = ("config.json", "generation_config.json", "adapter_config.json")


class SizeReport(msgspec.Struct, frozen=True):
    """Files that loading needs with their bytes, largest first; ``left_out`` are the others."""

    files: tuple[tuple[str, int], ...]
    total: int
    left_out: tuple[tuple[str, int], ...] = ()

    @property
    def megabytes(self) -> float:
        """The total in MB of 10^6 bytes."""
        return self.total / 1e6


def is_needed(path: Path) -> bool:
    """Whether loading the model of this file's folder reads the file."""
    name = path.name
    return name in TOKENIZER or name in CONFIG or name.endswith(WEIGHTS) or path.suffix == ".py"


def measure(path: Path) -> SizeReport:
    """Measure a model folder's own files (not its subfolders), or one GGUF file.

    In a folder with safetensors weights, GGUF files beside them are another artifact and are left out.
    Raises `UserError` U201 where nothing is there or no weights are among the files.
    """
    path = Path(path)
    if path.is_file():
        return SizeReport(((path.name, path.stat().st_size),), path.stat().st_size)
    if not path.is_dir():
        raise error("U201", file=str(path), found="nothing", expected="a model folder or a GGUF file")
    sizes = {entry.name: entry.stat().st_size for entry in path.iterdir() if entry.is_file()}
    needed = {name for name in sizes if is_needed(Path(name))}
    if any(name.endswith(".safetensors") for name in needed):
        needed = {name for name in needed if not name.endswith(".gguf")}
    if not any(name.endswith((".safetensors", ".bin", ".gguf", ".pt")) for name in needed):
        raise error("U201", file=str(path), found="no weights", expected="*.safetensors or *.gguf")
    ranked = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    files = tuple(item for item in ranked if item[0] in needed)
    left_out = tuple(item for item in ranked if item[0] not in needed)
    return SizeReport(files, sum(size for _, size in files), left_out)


def require(path: Path, limit: int) -> SizeReport:
    """The gate: the report of ``path`` where it is at or under ``limit``, else `GateMissed` T201."""
    report = measure(path)
    if report.total > limit:
        listed = ", ".join(f"{name} {format_bytes(size)}" for name, size in report.files)
        raise GateMissed(
            finding(
                "T201",
                file=str(path),
                found=f"{report.total:,} bytes: {listed}",
                expected=f"at most {limit:,} bytes ({format_bytes(limit)})",
            )
        )
    return report
