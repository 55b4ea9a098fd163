"""The card of a released model: every number read through the sheet, so that it has a file behind it.

In: the package's folder with its evidence, and what cannot be measured (licence, statement, names). Out: Markdown. A
section for which nothing was measured is not there.
"""

from __future__ import annotations

import msgspec
import yaml

from sxl_train.config import ORDER
from sxl_train.release import snippets
from sxl_train.release.rights import Rights
from sxl_train.release.sheet import Sheet, escape
from sxl_train.run.objects import Object, Value

DOES = {
    "base": "the base, and the tokens its template writes",
    "plan": "how the limit is met, from the configuration alone",
    "tune": "fine-tuning",
    "merge": "adapters into the weights",
    "prune": "structured pruning",
    "distil": "distillation from the model before pruning",
    "quantise": "storage in fewer bits",
    "evaluate": "measurements of every model of the run",
    "release": "packaging, and reloading with one library alone",
}


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What a card says that nobody measured."""

    name: str
    repo: str
    """Id on the Hub, or empty."""
    gguf_repo: str
    dataset_repo: str
    base: str
    base_id: str
    """Id of the base on the Hub, or empty."""
    rights: Rights
    statement: str
    """Limitations, biases and ethics, signed or not."""
    index: list[Object]
    """``model-index`` of the weights, where they were measured themselves."""
    gguf_index: list[Object] = []
    """The same of the GGUF file."""
    gguf: str = ""
    evaluations: tuple[str, ...] = ()
    packages: dict[str, str] = {}
    """Name of a package's evaluation → what it is of, whether it was measured or not."""
    steps: tuple[str, ...] = ()


def make(sheet: Sheet, named: Named) -> str:
    """The whole card."""
    parts = [
        front(named, "transformers"),
        f"# {sheet.show('run.json', '/name')}",
        _what(sheet, named),
        _intended(named),
        _evaluation(sheet, named),
        _machine(sheet, named),
        _dataset(sheet, named),
        _training(sheet, named),
        named.statement,
        _licence(sheet, named),
        _use(sheet, named),
        _evidence(named),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def make_gguf(sheet: Sheet, named: Named) -> str:
    """The card of the GGUF file: how to use it, what was measured of it, and where all else stands."""
    parts = [
        front(named, "gguf"),
        f"# {sheet.show('run.json', '/name')} as GGUF",
        f"One file for llama.cpp and what runs on it, {sheet.show('run.json', '/gguf/bytes', 'megabytes')}; tokenizer "
        "and chat template are inside. Everything else about the model is on the card of "
        f"{_link(named.repo, named.name)}.",
        _evaluation(sheet, named),
        _machine(sheet, named),
        f"## Use\n\n```python\n{snippets.llama(named.gguf)}```\n\nOllama builds a model from the folder with its "
        "`Modelfile`: `ollama create NAME -f Modelfile`. Ollama itself was not run here: that the file is there, its "
        "blocks are closed and its stop word is the model's was checked.",
        named.statement,
        _licence(sheet, named),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def front(named: Named, library: str) -> str:
    """The Hub's metadata."""
    values: Object = {
        "license": named.rights.licence,
        "library_name": library,
        "pipeline_tag": "text-generation",
        "language": ["en"],
        "tags": ["agent", "tool-use", "sxl"] + (["gguf"] if library == "gguf" else []),
    }
    if named.rights.licence == "other":
        values["license_name"] = "see-attribution"
        values["license_link"] = "ATTRIBUTION.md"
    if library == "gguf" and named.repo:
        values |= {"base_model": named.repo, "base_model_relation": "quantized"}
    elif named.base_id:
        values |= {"base_model": named.base_id, "base_model_relation": "finetune"}
    if named.dataset_repo:
        values["datasets"] = [named.dataset_repo]
    if index := named.gguf_index if library == "gguf" else named.index:
        values["model-index"] = index
    return "---\n" + yaml.safe_dump(values, sort_keys=False, allow_unicode=True).rstrip() + "\n---"


def _link(repo: str, name: str) -> str:
    return f"[{repo}](https://huggingface.co/{repo})" if repo else f"`{name}`"


def _what(sheet: Sheet, named: Named) -> str:
    size = sheet.show("run.json", "/weights/bytes", "megabytes")
    text = f"{sheet.show('run.json', '/base/name')}, fine-tuned to call tools and packaged as safetensors, {size}"
    if named.gguf:
        small = sheet.show("run.json", "/gguf/bytes", "megabytes")
        limit = sheet.show("run.json", "/size_limit")
        text += f"; as one GGUF file, {small} under a limit of {limit}, in {_link(named.gguf_repo, 'gguf')}"
    return text + "."


def _intended(named: Named) -> str:
    return (
        "## Intended use\n\nTurning what a person asks into calls of tools that the prompt declares, on the "
        "person's own machine, with tools like those of its dataset. It is a small model that was "
        "tuned on little: look at a call before it acts on anything that matters. It is not meant for advice, for "
        "facts, for decisions about people, or for tools that cannot be undone."
    )


def _evaluation(sheet: Sheet, named: Named) -> str:
    files = {name: f"evidence/eval/{name}.json" for name in named.evaluations}
    suites = dict.fromkeys(s for file in files.values() if sheet.has(file) for s in sheet.value(file, "/suites"))
    if not suites:
        return ""
    lines = ["## Evaluation", "", "Each share with its interval of 95 % and how many it counts.", ""]
    for suite in suites:
        place = f"/suites/{escape(suite)}"
        holding = [file for file in files.values() if sheet.has(file, place)]
        title = sheet.value(holding[0], f"{place}/title")
        lines += [f"**{suite}**: `{title}`; `{sheet.value(holding[0], f'{place}/protocol')}`.", ""]
        names = [name for name, file in files.items() if file in holding]
        lines += ["| measure | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
        for measure in sheet.value(holding[0], f"{place}/measured/measures"):
            cells = [_share(sheet, files[name], f"{place}/measured/measures/{escape(measure)}") for name in names]
            lines.append(f"| {measure} | " + " | ".join(cells) + " |")
        lines += ["", f"Run it again: `python -m sxl_train.evaluate FOLDER --suite {suite}`.", ""]
    told = {"base": "the model before anything was done to it"} | named.packages
    said = "Here " + "; ".join(f"{name} is {told[name]}" for name in named.evaluations if name in told) + "."
    missing = [title for name, title in named.packages.items() if name not in named.evaluations]
    if missing:
        said += f" Not measured: {' and '.join(missing)}, whose answers may differ."
    lines.append(said)
    return "\n".join(lines)


def _share(sheet: Sheet, file: str, place: str) -> str:
    if not sheet.has(file, place) or not sheet.value(file, f"{place}/n"):
        return "–"
    value, low, high = (sheet.show(file, f"{place}/{key}", "percent") for key in ("value", "low", "high"))
    return f"{value} ({low} to {high}, {sheet.show(file, f'{place}/n', 'count')} {sheet.value(file, f'{place}/unit')})"


def _machine(sheet: Sheet, named: Named) -> str:
    rows = []
    for place, ran in enumerate(sheet.value("evidence/checks.json", "/ran")):
        at = f"/ran/{place}"
        shown = lambda key, form, at=at: sheet.show("evidence/checks.json", f"{at}/{key}", form)  # noqa: E731
        size = sheet.show(
            "run.json", "/weights/bytes" if ran["library"] == "transformers" else "/gguf/bytes", "megabytes"
        )
        memory = shown("peak_bytes", "megabytes") if ran["peak_bytes"] else "–"
        where = "alone" if ran["clean"] else "beside other packages"
        library = f"{ran['library']} {shown('version', 'text')}, {where}"
        rows.append(
            f"| {library} | {size} | {shown('cpu_seconds', 'seconds')} | {memory} | {shown('processor', 'text')} |"
        )
    if not rows:
        return ""
    head = "| opened with | size | processor time | memory at its peak | processor |\n|---|---|---|---|---|\n"
    return (
        "## Size, speed and memory\n\nThe lines below, run once as they stand, in a new process on a processor: "
        "library loaded, weights loaded, prompt read, call written.\n\n" + head + "\n".join(rows)
    )


def _dataset(sheet: Sheet, named: Named) -> str:
    file = "evidence/dataset.json"
    if not sheet.has(file):
        return ""
    lines = [
        "## Dataset",
        "",
        f"{_link(named.dataset_repo, sheet.value(file, '/name'))}: what went in and what was left.",
        "",
    ]
    lines += ["| stage | in | out | left out, by code |", "|---|---:|---:|---|"]
    for place, stage in enumerate(sheet.value(file, "/stages")):
        at = f"/stages/{place}"
        rows = [sheet.show(file, f"{at}/{key}", "count") for key in ("rows_in", "rows_out")]
        codes = [f"`{code}` {sheet.show(file, f'{at}/dropped/{code}', 'count')}" for code in stage["dropped"]]
        lines.append(f"| {stage['stage']} | {' | '.join(rows)} | {', '.join(codes) or '–'} |")
    split = [f"{name} {sheet.show(file, f'/splits/{name}/rows', 'count')}" for name in sheet.value(file, "/splits")]
    lines += ["", "Rows by split: " + ", ".join(split) + "."]
    if limit := sheet.value("run.json", "/limit"):
        lines[-1] += f" Trained on {sheet.show('run.json', '/limit', 'count')} of them." if limit else ""
    return "\n".join(lines)


def _training(sheet: Sheet, named: Named) -> str:
    rows = []
    for step in ("base", *ORDER):
        file = f"evidence/steps/{step}.json"
        if step not in named.steps:
            continue
        cost = sheet.show(file, "/seconds", "seconds")
        gpus = sheet.value(file, "/hardware").get("gpus")
        where = (
            sheet.show(file, "/hardware/gpus") if gpus else sheet.show(file, "/hardware/cores", "count") + " CPU cores"
        )
        rows.append(f"| {step} | {DOES[step]} | {cost} | {where} |")
    lines = ["## How it was made", "", "| step | what | time | on |", "|---|---|---|---|", *rows]
    file = "evidence/steps/tune.json"
    if sheet.has(file):
        measured = sheet.value(file, "/measured")
        facts: list[tuple[str, str, Value]] = [
            ("rows", "rows", "count"),
            ("tokens", "tokens", "count"),
            ("trained", "tokens with loss", "count"),
            ("steps", "optimiser steps", "count"),
            ("trainable", "trained parameters", "count"),
            ("validation_loss_before", "validation loss before", "decimals"),
            ("validation_loss_after", "validation loss after", "decimals"),
        ]
        told = [
            f"{words} {sheet.show(file, f'/measured/{key}', form)}"
            for key, words, form in facts
            if measured.get(key) is not None
        ]
        keys = ("tune.lr", "tune.epochs", "tune.rank", "tune.alpha", "tune.max_length", "method", "seed")
        config = sheet.value(file, "/config")
        values = [f"`{key}={config[key]['value']}`" for key in keys if key in config]
        lines += ["", "Tuning: " + ", ".join(told) + ". Keys: " + ", ".join(values) + "."]
    return "\n".join(lines)


def _licence(sheet: Sheet, named: Named) -> str:
    rights = named.rights
    who = "\n".join(f"- `{c['what']}`: `{c['licence'] or 'none stated'}`, {c['who']}" for c in rights.credits)
    return (
        f"## Licence and attribution\n\n{rights.words} Computed from what base and rows state "
        "([ATTRIBUTION.md](ATTRIBUTION.md)); no legal advice. The licence is "
        f"{sheet.show('run.json', '/licence')}.\n\n{who}"
    ).rstrip()


def _use(sheet: Sheet, named: Named) -> str:
    where = named.repo or "."
    text = (
        f"## Use\n\nSafetensors only, nothing pickled, no code of ours.\n\n```python\n{snippets.transformers(where)}```"
    )
    needs = sheet.value("run.json", "/needs")
    return text + (f"\n\nReading this format takes {needs}." if needs else "")


def _evidence(named: Named) -> str:
    return (
        "## Evidence\n\n- `trace.json`: for each number above the file and the place that it was read from.\n"
        "- `run.json`: dataset, base, steps and weights, each by its hash. `REPRODUCE.md`: the commands.\n"
        "- `SHA256SUMS`: `sha256sum -c SHA256SUMS`. `model.sig`, where it is there: `model_signing verify`.\n"
        "- `evidence/`: records of every step, evaluations with their samples, bills of materials (CycloneDX)."
    )
