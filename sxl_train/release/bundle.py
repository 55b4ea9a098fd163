"""A finished run → the folders of a release: START HERE to see what is in one and in which order it is made.

``OUT/model`` holds safetensors with all that loading needs, the card and the evidence; ``OUT/gguf`` the GGUF file with
its Modelfile; beside them the announcement and the statement that a person signs. Evidence is copied first, the lines
of the card are run, the card is written from the evidence, and hashes and signature close each folder. OUT is made
anew each time, but for the statement.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import yaml

from sxl_data.contract.console import say
from sxl_data.engine.commit import commit_bytes
from sxl_train.evaluate.benchmark import Report, read_report
from sxl_train.evaluate.exports import eval_results_of, every_eval_ever, model_index, place_of
from sxl_train.evaluate.instances import with_samples
from sxl_train.evaluate.samples import read_samples
from sxl_train.release import (
    alone,
    announce,
    bom,
    chain,
    modelfile,
    picture,
    reproduce,
    rights,
    sign,
    snippets,
    statement,
)
from sxl_train.release.example import choose
from sxl_train.release.finished import Finished
from sxl_train.release.model_card import Named, make, make_gguf
from sxl_train.release.sheet import Sheet
from sxl_train.run.checkpoints import read_config
from sxl_train.run.licence import read_licence, read_licence_texts
from sxl_train.run.objects import Object, Value
from sxl_train.run.size import is_needed


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks of a release."""

    name: str = ""
    repo: str = ""
    dataset_repo: str = ""
    clean: Path | None = None
    """Folder of clean environments; None checks beside what is installed here."""
    key: Path | None = None
    """Private key to sign with."""
    trace: Path | None = None
    """A run of the model, for the picture."""
    again: Path | None = None
    """The same run made a second time, for the page of reproduction."""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What was made."""

    folder: Path
    model: Path
    gguf: Path | None
    named: Named
    signed: str
    """Who signed the statement; empty for a draft."""
    ran: list[alone.Ran]


def make_bundle(run: Finished, out: Path, wish: Wish) -> Bundle:
    """Make the release of ``run`` in ``out``. Raises `UserError` T202, T601, T604, T605."""
    model, gguf = out / "model", out / "gguf" if run.gguf else None
    for folder in (model, out / "gguf"):
        shutil.rmtree(folder, ignore_errors=True)
    name = wish.name or wish.repo.rpartition("/")[2] or str(run.key("release.name") or run.records["release"]["recipe"])
    base = _base_name(run)
    licence = str(run.records.get("base", {}).get("measured", {}).get("licence") or read_licence(run.folder / "base"))
    allowed = rights.compute(base, licence, str(run.key("release.licence", "")), run.manifest)
    _copy_weights(run, model, allowed)
    file = _copy_gguf(run, model, gguf, allowed) if gguf else None
    _copy_evaluations(run, model)
    made = chain.write(run, model, file, allowed, name)
    ran = _try(model, gguf, file, wish.clean)
    commit_bytes(model / "evidence" / "checks.json", _json({"ran": ran}))
    bom.write(run, model, made, allowed)
    again = reproduce.compare(run.folder.parent, wish.again) if wish.again else None
    commit_bytes(model / "REPRODUCE.md", reproduce.page(run, made, again).encode())
    sheet = Sheet(model)
    packages = {measured: package.title for measured, package in run.packages.items()}
    said = statement.read(out, sheet, packages)
    safe, *other = packages
    named = Named(
        name=name,
        repo=wish.repo,
        gguf_repo=f"{wish.repo}-GGUF" if wish.repo and file else "",
        dataset_repo=wish.dataset_repo,
        base=base,
        base_id=base if "/" in base and not Path(base).exists() and not base.endswith(".gguf") else "",
        rights=allowed,
        statement=said.text,
        index=_index(model, name, safe),
        gguf_index=_index(model, f"{name}-GGUF", other[0]) if other else [],
        gguf=file.name if file else "",
        evaluations=tuple(run.evaluations),
        packages=packages,
        steps=tuple(run.records),
    )
    _write_card(model, sheet, make(sheet, named))
    if gguf and file:
        _link_evidence(model, gguf)
        own = Sheet(gguf)
        statement.read(out, own, packages)
        _write_card(gguf, own, make_gguf(own, named))
    pictures = picture.write(*_trace(wish.trace, name), out) if wish.trace else []
    announce.write(Sheet(model), sheet.numbers, named, out, pictures)
    for folder in filter(None, (model, gguf)):
        chain.seal(folder)
        if wish.key:
            sign.sign(folder, wish.key)
    if wish.key:
        sign.write_public(wish.key, out / "model.pub")
    return Bundle(folder=out, model=model, gguf=gguf, named=named, signed=said.signed, ran=ran)


def _base_name(run: Finished) -> str:
    source = str(run.key("base_model"))
    origin = run.records.get("base", {}).get("measured", {}).get("expanded")
    name = str(origin["file"]) if origin else source
    return Path(name).name if Path(name).exists() else name


def _copy_weights(run: Finished, model: Path, allowed: rights.Rights) -> None:
    model.mkdir(parents=True)
    for path in sorted(run.weights.iterdir()):
        if path.is_file() and is_needed(path) and path.suffix != ".gguf":
            shutil.copyfile(path, model / path.name)
    if not (model / "generation_config.json").is_file():
        config = read_config(model)
        ids = {
            key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id") if config.get(key) is not None
        }
        commit_bytes(model / "generation_config.json", _json({"do_sample": False} | ids))
    commit_bytes(model / "example.json", _json(choose(run)))
    _rights_into(run, model, allowed)


def _copy_gguf(run: Finished, model: Path, gguf: Path, allowed: rights.Rights) -> Path:
    assert run.gguf is not None
    gguf.mkdir(parents=True)
    file = gguf / run.gguf.name
    shutil.copyfile(run.gguf, file)
    shutil.copyfile(model / "example.json", gguf / "example.json")
    _rights_into(run, gguf, allowed)
    template = model / "chat_template.jinja"
    text = template.read_text(encoding="utf-8") if template.is_file() else ""
    eos = _eos(model)
    written = modelfile.make(file.name, text, eos, allowed.spdx)
    commit_bytes(gguf / "Modelfile", written.encode())
    if found := modelfile.faults(written, gguf):
        from sxl_data.contract.errors import error

        raise error("T604", file="Modelfile", found=found[0], expected="what Ollama builds from")
    return file


def _rights_into(run: Finished, folder: Path, allowed: rights.Rights) -> None:
    commit_bytes(folder / "ATTRIBUTION.md", rights.attribution(allowed).encode())
    for source in (run.folder / "release", run.folder / "base"):
        for name, text in read_licence_texts(source).items():
            commit_bytes(folder / name, text)


def _eos(model: Path) -> str:
    settings = model / "tokenizer_config.json"
    found = msgspec.json.decode(settings.read_bytes()).get("eos_token", "") if settings.is_file() else ""
    return str(found.get("content", "") if isinstance(found, dict) else found or "")


def _copy_evaluations(run: Finished, model: Path) -> None:
    """`eval.json` and samples of each model, and the same in the forms of others."""
    for name, folder in run.evaluations.items():
        report = read_report(folder)
        report = msgspec.structs.replace(report, model=f"{run.records['release']['recipe']}/{name}")
        commit_bytes(model / "evidence" / "eval" / f"{name}.json", _json(report))
        samples = folder / "samples.parquet"
        outcomes = read_samples(samples) if samples.is_file() else []
        if outcomes:
            shutil.copyfile(samples, model / "evidence" / "eval" / f"{name}.samples.parquet")
        for suite in report.suites:
            document = every_eval_ever(report, suite)
            judged = [outcome for outcome in outcomes if outcome.suite == suite]
            place = place_of(report, suite, document)
            if judged:
                lines = place.removesuffix(".json") + "_samples.jsonl"
                inside = lines.removeprefix("every_eval_ever/")
                document, data = with_samples(document, inside, judged, report.suites[suite].main)
                commit_bytes(model / "evidence" / lines, data)
            commit_bytes(model / "evidence" / place, _json(document))
        if name == next(iter(run.packages)):
            for suite, entries in eval_results_of(report).items():
                commit_bytes(
                    model / ".eval_results" / f"{suite}.yaml", yaml.safe_dump(entries, sort_keys=False).encode()
                )


def _index(model: Path, name: str, measured: str) -> list[Object]:
    """``model-index`` of what was measured as ``measured``: a number belongs to the files that gave it."""
    path = model / "evidence" / "eval" / f"{measured}.json"
    if not path.is_file():
        return []
    report = msgspec.json.decode(path.read_bytes(), type=Report)
    return [dict(entry) | {"name": name} for entry in model_index(report)]


def _try(model: Path, gguf: Path | None, file: Path | None, clean: Path | None) -> list[alone.Ran]:
    """The card's lines, run."""
    import importlib.util
    import sys

    tasks: list[tuple[Path, alone.Library, str]] = [(model, "transformers", snippets.transformers("."))]
    if gguf and file:
        tasks.append((gguf, "llama-cpp-python", snippets.llama(file.name)))
    ran = []
    for folder, library, code in tasks:
        if clean is None and importlib.util.find_spec(alone.MODULES[library]) is None:
            say(f"release    {library} is not installed: its lines were not run; --clean DIR makes an environment")
            continue
        python = alone.interpreter(clean, library) if clean else sys.executable
        found = alone.run(folder, library, code, python, clean is not None)
        say(f"release    {library} {found.version}{' alone' if found.clean else ''}: {found.printed[:90]}")
        ran.append(found)
    return ran


def _link_evidence(model: Path, gguf: Path) -> None:
    """The GGUF's card reads the same numbers, so it carries the same small files."""
    for path in [model / "run.json", *(model / "evidence").rglob("*.json")]:
        name = path.relative_to(model)
        if "every_eval_ever" not in name.parts and "cdx" not in path.name:
            (gguf / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, gguf / name)


def _write_card(folder: Path, sheet: Sheet, text: str) -> None:
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    commit_bytes(folder / "trace.json", _json(sheet.numbers))


def _trace(path: Path, name: str) -> tuple[Value, str]:
    from sxl_data.trace.types import decode

    lines = path.read_bytes().splitlines()
    return decode(lines[0]), f"One run of {name}, as it was"


def _json(value: Value) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
