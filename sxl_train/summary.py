"""What a run made, as the table it ends with, and what to open next."""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract.console import format_bytes, format_seconds, format_table
from sxl_train.config import Recipe
from sxl_train.evaluate.compare import compare
from sxl_train.run.size import measure
from sxl_train.run.step import Made, read_record


def folder_of(title: str, recipe: Recipe) -> Path:
    """The folder of a run's steps."""
    return Path(recipe.out or f"build/train/{Path(title).stem}")


def summarise(title: str, recipe: Recipe, made: dict[str, Made]) -> str:
    """Steps with time, size and folder; the comparison; where to look."""
    out = folder_of(title, recipe)
    rows = []
    for step, result in made.items():
        folder = Path(result.model)
        record = read_record(out / step) or {}
        size = format_bytes(measure(folder).total) if folder.is_dir() and folder == out / step else "–"
        took = "reused" if result.reused else format_seconds(record.get("seconds", 0.0))
        rows.append((step, took, size, str(out / step)))
    parts = [format_table(("step", "time", "model", "folder"), rows)]
    models = made["evaluate"].measured.get("models") if "evaluate" in made else None
    if models:
        parts.append(compare(models))
    if "release" in made:
        numbers = made["release"].measured
        parts.append(f"package    {format_bytes(numbers['bytes'])} of {recipe.size_limit} allowed: {out / 'release'}")
        parts.append(
            f"open next  {out / 'release' / 'README.md'} (the card), {out / 'tune' / 'log.jsonl'} (the losses)"
        )
    if recipe.base_model == "demo":
        parts.append(
            "This base is a toy, made in place from the dataset's own text; it shows the path, it is no assistant.\n"
            "For a real one:  sxl-train recipe qlora base_model=Qwen/Qwen2.5-Coder-0.5B dataset=<your build>\n"
            "or smaller:      sxl-train recipe qlora base_model=HuggingFaceTB/SmolLM2-360M dataset=<your build>"
        )
    return "\n\n".join(parts)
