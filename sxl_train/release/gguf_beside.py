"""The run's last bf16 model → a GGUF file beside the packaged folder, checked by llama.cpp where it is there.

Written from bf16, not from NF4: rounding twice on two different grids would cost loss for nothing. The finest
format under the size limit is taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract.console import say
from sxl_train import config
from sxl_train.plan import step as plan
from sxl_train.plan.formats import Format
from sxl_train.release import gguf_check
from sxl_train.run import checkpoints, size
from sxl_train.storage import gguf

if TYPE_CHECKING:
    from sxl_train.run.step import Context

FINEST_FIRST: tuple[Format, ...] = ("f16", "q8_0", "q4_0+q8_0", "q4_0")


def add_gguf(context: Context) -> Path:
    """Write ``model-<format>.gguf`` into the step's folder; `GateMissed` T201 where none fits the limit."""
    source = find_source(context)
    limit = config.parse_size(context.recipe.size_limit)
    shape = plan.read_shape(checkpoints.read_config(source))
    forecasts = plan.forecast_sizes(shape, plan.read_vocabulary(source), FINEST_FIRST, limit)
    format = next((forecast.format for forecast in forecasts if forecast.fits), FINEST_FIRST[-1])
    out = gguf.write(source, context.folder / f"model-{format.replace('+', '-')}.gguf", format)
    context.measured["gguf"] = {"format": format, "bytes": size.require(out, limit).total}
    try_gguf(context, out)
    return out


def try_gguf(context: Context, path: Path) -> None:
    """Let llama.cpp load ``path`` and write, where it is installed; `UserError` T202 where it cannot."""
    if not gguf_check.is_available():
        say("release    llama-cpp-python is not installed: the GGUF file was written and not tried")
        return
    found = gguf_check.check(path, "def add(a, b):", 16)
    seen = {key: found[key] for key in ("load_s", "tokens_per_s", "text")}
    context.measured["gguf"] = context.measured.get("gguf", {}) | seen


def find_source(context: Context) -> Path:
    """The last model of the run whose weights are not quantised yet."""
    folders = [Path(folder) for _, folder in context.chain if (Path(folder) / "config.json").is_file()]
    plain = [folder for folder in folders if "quantization_config" not in checkpoints.read_config(folder)]
    whole = [folder for folder in plain if not (folder / "adapter_config.json").is_file()]
    return whole[-1] if whole else Path(context.model)
