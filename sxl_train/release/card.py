"""``run.json`` of every step in, the model card out. A number that no step measured is not on it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sxl_data.contract.console import format_share
from sxl_data.write.ratings import RATINGS, read_ratings, section
from sxl_train.config import ORDER
from sxl_train.release.benchmarks import benchmarks
from sxl_train.run.bases import PACKAGE
from sxl_train.run.licence import read_licence
from sxl_train.run.objects import Object, Value
from sxl_train.run.size import SizeReport
from sxl_train.run.step import Context, read_record

UNSTATED = "other"
"""The Hub's word where a base states no licence."""
READERS = {
    "f8": "transformers from 5.0 on",
    "int4": "transformers from 5.23 on and compressed-tensors",
    "nf4": "transformers and bitsandbytes",
    "nf4_dq": "transformers and bitsandbytes",
}
"""What has to be installed to read a format."""


def write_card(context: Context, report: SizeReport) -> None:
    """Write ``README.md`` into the step's folder."""
    text = make_card(context, report, collect(context))
    (context.folder / "README.md").write_text(text, encoding="utf-8", newline="\n")


def collect(context: Context) -> dict[str, Object]:
    """The records of the steps that ran, in their order."""
    found = {}
    for step in ("base", *ORDER):
        record = read_record(context.out / step)
        if record is not None and step in ("base", *context.recipe.steps) and step != "release":
            found[step] = record
    rated = context.out / "evaluate" / "suites"
    if "evaluate" in found and (rated / RATINGS).is_file():
        found["evaluate"] = {**found["evaluate"], "ratings": section(read_ratings(rated), 3)}
    return found


def make_card(context: Context, report: SizeReport, records: dict[str, Object]) -> str:
    """The card's text."""
    recipe = context.recipe
    toy = recipe.base_model == "demo"
    name = recipe.release.name or context.title
    head = [
        "---",
        f"license: {_find_licence(context, records)}",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags: [agent, tool-use, code, sxl]",
    ]
    if not toy and not Path(recipe.base_model).exists() and not recipe.base_model.startswith(PACKAGE):
        head.append(f"base_model: {recipe.base_model}")
    parts = ["\n".join([*head, "---"]), f"# {name}"]
    if toy:
        parts.append(
            "**A toy.** Its base was built in minutes on the dataset's own text to show that the path works. It "
            "is no assistant. For a real one start from a pretrained base, such as "
            "`base_model=Qwen/Qwen2.5-Coder-0.5B` or `base_model=HuggingFaceTB/SmolLM2-360M`."
        )
    parts.append(_describe(context, report, records))
    for make in (_evaluations, benchmarks, _training, _steps):
        section = make(records)
        if section:
            parts.append(section)
    format = records.get("quantise", {}).get("measured", {}).get("format", "")
    parts.append(_use(name, [path for path, _ in report.files], READERS.get(format, "")))
    return "\n\n".join(parts) + "\n"


def _describe(context: Context, report: SizeReport, records: dict[str, Object]) -> str:
    recipe = context.recipe
    rows = [
        ("base", _name_base(recipe.base_model, records)),
        ("method", recipe.method),
        ("dataset", _name(recipe.dataset)),
        ("size", f"{report.megabytes:.1f} MB of {recipe.size_limit} allowed, every file that loading needs"),
        ("format", _format(records.get("quantise", {}).get("measured", {}))),
        ("seed", recipe.seed),
    ]
    sha = next((r["dataset_sha256"] for r in records.values()), "")
    if sha:
        rows.append(("dataset manifest sha256", f"`{sha}`"))
    return _table(("", ""), rows)


def _name_base(source: str, records: dict[str, Object]) -> str:
    """The base, and what its weights had lost before anything was done here."""
    if source == "demo":
        return "a toy Llama built in place"
    origin = records.get("base", {}).get("measured", {}).get("expanded")
    if not origin:
        return _name(source)
    return (
        f"{_name(source)}: {origin['file']}, sha256 `{origin['sha256']}`, expanded from {origin['format']} to bf16; "
        "what that format rounded away is lost, so the published figures of the original do not hold"
    )


def _name(source: str) -> str:
    """A hub id, or the last part of a path: the rest is of this machine."""
    return Path(source).name if Path(source).exists() else source


def _find_licence(context: Context, records: dict[str, Object]) -> str:
    """The recipe's word, or what the card of the base says."""
    base = context.recipe.base_model
    stated = records.get("base", {}).get("measured", {}).get("licence") or read_licence(Path(base))
    if not stated and context.chain:
        stated = read_licence(Path(context.chain[0][1]))
    return context.recipe.release.licence or stated or UNSTATED


def _format(measured: Object) -> str:
    """What the weights are stored in; a limit with room to spare leaves some matrices wider than the rest."""
    others = Counter(measured.get("others", {}).values())
    wider = "".join(f", {count} matrices in {format}" for format, count in others.items())
    return str(measured.get("format", "bf16")) + wider


def _evaluations(records: dict[str, Object]) -> str:
    models = records.get("evaluate", {}).get("measured", {}).get("models", {})
    if not models:
        return ""
    rows = []
    for step, m in models.items():
        counts = [_count(m[kind]) if m.get("markup") else ("–", "–") for kind in ("forced", "generated")]
        rows.append(
            (
                step,
                f"{m['loss']:.4f}",
                f"{m['loss_per_byte']:.5f}",
                *counts[0],
                *counts[1],
                format_share(m["generated"]["stopped"], m["generated"]["turns"]),
                m.get("megabytes") or "–",
                m.get("load_s", "–"),
                m.get("tokens_per_s") or "–",
            )
        )
    first = next(iter(models.values()))
    note = (
        f"On {first['rows']} rows of the validation split ({first['tokens']:,} trained tokens). Calls: how many of "
        "those made parse, name a declared tool and satisfy its schema; exact: turns whose calls are the true ones; "
        "stopped: turns that ended by themselves. Forced = likeliest token at each place of the true turn, generated "
        "= greedy from the prompt. Size is of every file that loading needs. Each model was reloaded from disk in a "
        f"new process and measured {_machines(models)}."
    )
    if not all(m.get("markup") for m in models.values()):
        note += " A dash: the template spells calls in no way that is read here, so they were not judged."
    headers = (
        "after step",
        "loss",
        "loss per byte",
        "calls, forced",
        "exact, forced",
        "calls, generated",
        "exact, generated",
        "stopped",
        "MB",
        "load s",
        "tokens/s",
    )
    return "## Measured\n\n" + note + "\n\n" + _table(headers, rows)


def _count(tally: dict[str, int]) -> tuple[str, str]:
    """(calls, turns) of one way of asking."""
    calls = f"{tally['parse']}, {tally['declared']}, {tally['valid']} of {tally['made']}"
    return calls if tally["made"] else f"none of {tally['wanted']}", format_share(tally["exact"], tally["turns"])


def _machines(models: dict[str, Object]) -> str:
    """Where the models were measured and in which precision, with the steps' names where these differ."""
    places: dict[tuple[str, str], list[str]] = {}
    for step, m in models.items():
        places.setdefault((m["device"], m["precision"]), []).append(step)
    parts = [
        f"on {device} in {precision}" + (f" ({', '.join(steps)})" if len(places) > 1 else "")
        for (device, precision), steps in places.items()
    ]
    return ", ".join(parts)


def _training(records: dict[str, Object]) -> str:
    measured = records.get("tune", {}).get("measured")
    if not measured:
        return ""
    names = (
        "rows",
        "pieces",
        "tokens",
        "trained",
        "reflect",
        "cut",
        "dropped",
        "sequences",
        "capacity",
        "steps",
        "batch",
        "accumulate",
        "trainable",
        "validation_loss_before",
        "validation_loss_after",
        "seconds",
    )
    rows = [(name.replace("_", " "), measured[name]) for name in names if measured.get(name) is not None]
    config = records["tune"]["config"]
    keys = ("tune.lr", "tune.lr_floor", "tune.epochs", "tune.rank", "tune.alpha", "tune.max_length")
    rows += [(key, config[key]["value"]) for key in keys if key in config]
    return "## Training\n\n" + _table(("", ""), rows)


def _steps(records: dict[str, Object]) -> str:
    rows = [(step, f"{r['seconds']:.1f}", _machine(r["hardware"]), r["finished"]) for step, r in records.items()]
    last = next(reversed(records.values()), None)
    if last is None:
        return ""
    versions = ", ".join(f"{name} {version}" for name, version in last["versions"].items())
    table = _table(("step", "seconds", "on", "finished"), rows)
    return f"## Made by\n\n{table}\n\nThe last of these with {versions}."


def _machine(hardware: Object) -> str:
    gpus = Counter(hardware.get("gpus") or [])
    return ", ".join(f"{n} × {name}" for name, n in gpus.items()) or f"{hardware['cores']} CPU cores"


def _use(name: str, files: list[str], readers: str) -> str:
    file = next((path for path in files if path.endswith(".gguf")), "")
    named = f', gguf_file="{file}"' if file else ""
    also = f"\n\nllama.cpp opens `{file}` as it is; tokenizer and chat template are inside." if file else ""
    needs = f"Reading it takes {readers}.\n\n" if readers else ""
    return (
        f"## Use\n\n{needs}```python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        f'folder = "{name}"  # this folder\ntokenizer = AutoTokenizer.from_pretrained(folder{named})\n'
        f"model = AutoModelForCausalLM.from_pretrained(folder{named})\n"
        'messages = [{"role": "user", "content": "Add 2 and 3."}]\n'
        'inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", '
        "return_dict=True)\n"
        f"print(tokenizer.decode(model.generate(**inputs, max_new_tokens=64)[0]))\n```{also}"
    )


def _table(headers: tuple[str, ...], rows: list[Value]) -> str:
    lines = ["| " + " | ".join(headers) + " |", "|" + "---|" * len(headers)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])
