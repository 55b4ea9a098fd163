"""The last model of a run in, the folder to publish out: weights, tokenizer, template, card; gated by size.

The folder must load with transformers alone (and the package that its format names): a fresh process without our code
opens it and answers (`verify.verify_folder`), or there is no release. A GGUF file is tried by llama.cpp too where
that is installed. The gate measures the real files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sxl_data.contract.console import say
from sxl_data.contract.errors import GateMissed, UserError, error
from sxl_train.config import parse_size
from sxl_train.release.card import write_card
from sxl_train.release.gguf_beside import add_gguf, try_gguf
from sxl_train.release.verify import verify_folder
from sxl_train.run import size
from sxl_train.run.checkpoints import find_gguf
from sxl_train.run.licence import read_licence_texts
from sxl_train.run.step import Context


def run(context: Context) -> Path:
    """Copy what loading needs, reload it, write the card, measure. Raises `GateMissed` T201, `UserError` T202."""
    source, recipe = Path(context.model), context.recipe
    if (source / "adapter_config.json").exists():
        raise error("T202", file=str(source), found="an adapter", expected="a whole model: add merge to steps")
    for path in sorted(source.iterdir()):
        if path.is_file() and size.is_needed(path):
            shutil.copyfile(path, context.folder / path.name)
    verdict = verify_folder(context.folder, min(16, recipe.evaluate.new_tokens))
    report = size.measure(context.folder)
    context.measured.update(
        bytes=report.total,
        files=dict(report.files),
        limit=recipe.size_limit,
        load_s=round(verdict.load_s, 2),
        example=verdict.text,
    )
    for name, text in read_licence_texts(Path(context.chain[0][1]) if context.chain else source).items():
        (context.folder / name).write_bytes(text)
    if find_gguf(context.folder):
        try_gguf(context, context.folder / find_gguf(context.folder)["gguf_file"])
    elif recipe.release.gguf:
        add_gguf(context)
    write_card(context, report)
    try:
        size.require(context.folder, parse_size(recipe.size_limit))
    except (GateMissed, UserError):
        say(f"release    the folder is kept at {context.folder} for a look; it is not finished")
        raise
    return context.folder
