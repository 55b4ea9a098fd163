"""A module of ours → the files that its work may depend on: what it imports, what that imports, and what is named.

In: ``package.module`` or ``package.module:function``, and the folder that holds our packages. Out: the files and one
digest, which keys of tasks and steps are made of: an edit redoes what it may change and nothing else. Nothing is
imported and nothing parsed but the module itself: the text of a file is searched, which takes milliseconds for all of
them. What is followed:

- every import, those inside functions and for types alone too; a line of a docstring that reads like one costs no more
  than a needless digest;
- modules that a text names (``"sxl_data.formats"``: found or run by that name), a package so named as a whole, as one
  is whose `__init__` composes names from its own; files beside it that it names (``"driver.py"``), and where it asks
  for ``__file__`` all that is no Python below its folder;
- with ``:function``, of the module itself only the imports that stand outside of functions or in those that this
  function uses.

A package on the way to a module counts with its `__init__` and what that imports, not with the names it offers. Why a
code is raised and how it is mended, in a table of codes, is for people and counts nowhere.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from sxl_data.contract import patterns

PACKAGES = ("sxl_data", "sxl_train")
PROTOCOL = frozenset(
    f"{package}.{module}"
    for package, modules in {
        "sxl_data": ("engine.task", "engine.watch", "engine.sources"),
        "sxl_train": ("config", "run.step", "run.uses"),
    }.items()
    for module in modules
)
"""How tasks and steps are asked and run, with the help text of each key: what is asked stands in the key itself."""

_FOUND = patterns.compile(
    rb"(?m)^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)"
    rb"|^[ \t]*import[ \t]+([^\n#]+)"
    rb"|[\"'](sxl_(?:data|train)(?:\.\w+)+)(?:[:.{][^\"'\n]*)?[\"']"
    rb"|[\"'](\w+\.py)[\"']|(\{__name__\}\.)|(__file__)"
)
_COMMENT = patterns.compile(rb"#[^\n]*")
_CODES = patterns.compile(rb'(?s)\nCODES = table\(""".*?\n"""\)')
_ADVICE = patterns.compile(rb"\n    (?:why|fix) [^\n]*(?:\n {8}[^\n]*)*")


class Text(msgspec.Struct, frozen=True):
    """What the text of a file says: imports as (module, name or ""), names of modules and of files, and its digest."""

    digest: bytes
    imports: tuple[tuple[str, str], ...]
    named: tuple[str, ...]
    files: tuple[str, ...]
    composes: bool
    asks: bool


def hash_sources(target: str, folder: Path) -> str:
    """Hex digest of the names and texts of `find_sources`; the end of a line may be of any system."""
    digest = hashlib.sha256()
    for path in find_sources(target, folder):
        name = path.relative_to(folder).as_posix()
        digest.update(name.encode() + b"\0" + _read(path, *_stamp(path)).digest)
    return digest.hexdigest()


def find_sources(target: str, folder: Path) -> list[Path]:
    """The files that ``target`` may depend on, sorted; ``folder`` holds `PACKAGES`. `ModuleNotFoundError` for none."""
    module, _, function = target.partition(":")
    start = _place(module, folder)
    if start is None:
        raise ModuleNotFoundError(module)
    found = {start: True}  # file → whether its names are followed, or it is only on the way to another
    others: set[Path] = set()
    waiting = [*_packages_above(module, folder)]
    imports = _imports_of(start, function) if function else _read(start, *_stamp(start)).imports
    waiting += _follow(start, module, imports, folder, others)
    while waiting:
        name, wholly = waiting.pop()
        path = _place(name, folder)
        if path is None or name in PROTOCOL or (found.get(path, False) >= wholly and path in found):
            continue
        found[path] = wholly
        waiting += _packages_above(name, folder)
        text = _read(path, *_stamp(path))
        waiting += _follow(path, name, text.imports, folder, others if wholly else set(), wholly)
    return sorted(found.keys() | others)


def _follow(
    path: Path, module: str, imports: Iterable[tuple[str, str]], folder: Path, others: set[Path], wholly: bool = True
) -> Iterator[tuple[str, bool]]:
    """(module, True) for all that the file ``path`` of ``module`` reaches; its files that are no modules to ``others``.

    Of a package that is only on the way (``wholly`` false) its imports alone count.
    """
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for name, inner in imports:
        if name.startswith("."):
            parts = package.split(".")
            up = len(name) - len(name.lstrip("."))
            name = ".".join([*parts[: len(parts) - up + 1], *filter(None, [name.lstrip(".")])])
        if name.partition(".")[0] in PACKAGES:
            one = f"{name}.{inner}"
            if inner and _place(one, folder):
                yield one, True
            elif name != module:  # a docstring that shows how to import it
                yield name, name not in PACKAGES  # the door to all, which only others go through
    if not wholly:
        return
    text = _read(path, *_stamp(path))
    for name in text.named:
        yield from _all_below(name, folder)
    if text.composes:
        yield from _all_below(package, folder)
    others.update(other for name in text.files if (other := path.with_name(name)).is_file())
    if text.asks:
        others.update(_data_below(path.parent))


def _all_below(name: str, folder: Path) -> Iterator[tuple[str, bool]]:
    """The module ``name``; of a package all its modules. A name that goes on behind a module is that module's."""
    while "." in name and _place(name, folder) is None:
        name = name.rpartition(".")[0]
    path = _place(name, folder)
    if path is None or name in PACKAGES:
        return
    yield name, path.name != "__init__.py"
    if path.name == "__init__.py":
        for inner in sorted(path.parent.rglob("*.py")):
            parts = inner.relative_to(folder).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), inner.name != "__init__.py"


def _packages_above(name: str, folder: Path) -> list[tuple[str, bool]]:
    """The packages that hold the module ``name``: their `__init__` runs before it."""
    parts = name.split(".")
    return [(".".join(parts[:end]), False) for end in range(1, len(parts))]


@cache
def _place(name: str, folder: Path) -> Path | None:
    """The file of a module of ours, or None."""
    path = folder.joinpath(*name.split("."))
    package = path / "__init__.py"
    module = path.with_name(path.name + ".py")
    return package if package.is_file() else module if module.is_file() else None


def _data_below(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.suffix not in (".py", ".pyc", ".pyi") and "__pycache__" not in path.parts and path.is_file()
    ]


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=4096)
def _read(path: Path, size: int, changed: int) -> Text:
    """What the file says, read once for each state of it."""
    data = path.read_bytes()
    if path.suffix != ".py":
        return Text(hashlib.sha256(data).digest(), (), (), (), False, False)
    data = data.replace(b"\r\n", b"\n")
    imports: list[tuple[str, str]] = []
    named, files, composes, asks = set(), set(), False, False
    for match in _FOUND.finditer(data):
        module, names, plain, name, file, own, here = match.groups()
        if module is not None:
            listed = _COMMENT.sub(b"", names).strip(b"() \n")
            imports += [(module.decode(), words[0].decode()) for part in listed.split(b",") if (words := part.split())]
        elif plain is not None:
            imports += [(words[0].decode(), "") for part in plain.split(b",") if (words := part.split())]
        elif name is not None:
            named.add(name.decode())
        elif file is not None:
            files.add(file.decode())
        composes, asks = composes or own is not None, asks or here is not None
    worked = _CODES.sub(lambda table: _ADVICE.sub(b"", table.group()), data)
    digest = hashlib.sha256(worked).digest()
    return Text(digest, tuple(imports), tuple(sorted(named)), tuple(sorted(files)), composes, asks)


@lru_cache(maxsize=16)
def _tree(path: Path, size: int, changed: int) -> ast.Module:
    """The file parsed, once for all the functions of a stage that are asked of."""
    return ast.parse(path.read_bytes())


def _imports_of(path: Path, function: str) -> list[tuple[str, str]]:
    """The imports of the module at ``path`` that ``function`` meets: those outside of functions, and those inside of
    it and of the functions and classes of the module that it names, or that these name."""
    tree = _tree(path, *_stamp(path))
    inner = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    met: list[ast.AST] = [node for node in tree.body if node not in inner.values()]
    waiting, seen = [function, *_names(met)], set()
    while waiting:
        name = waiting.pop()
        if name in inner and name not in seen:
            seen.add(name)
            met.append(inner[name])
            waiting += _names([inner[name]])
    found: list[tuple[str, str]] = []
    for node in (inner for outer in met for inner in ast.walk(outer)):
        if isinstance(node, ast.ImportFrom):
            found += [("." * node.level + (node.module or ""), alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    return found


def _names(nodes: Iterable[ast.AST]) -> list[str]:
    return [node.id for outer in nodes for node in ast.walk(outer) if isinstance(node, ast.Name)]
