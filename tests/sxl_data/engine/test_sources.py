from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

import sxl_data
from sxl_data.engine.sources import find_sources, hash_sources

ROOT = Path(sxl_data.__file__).parents[1]  # a checkout, or where the wheel was installed
BUILD = "sxl_data.build.tasks"
TASKS = [
    *(f"{BUILD}:{name}" for name in "detect read clean decontaminate ground view apply place split write".split()),
    *(f"sxl_data.dedup.parts.tasks:{name}" for name in "find_copies scatter meet check settle conclude".split()),
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small package: `work` has two functions, of which one imports `far`, and that `near`."""
    texts = {
        "__init__": "DOOR = 'sxl_data.shown'",
        "work": "import sxl_data.own\n\ndef one(): return two()\n\ndef two():\n    from sxl_data.far import (\n        x,  # y\n"
        "    )\n\ndef three():\n    from sxl_data import other\n",
        "own": "",
        "far/__init__": "import sxl_data.above",
        "above": "",
        "near": "",
        "other": "",
        "shown": "import sxl_data.near",
        "asked": "",
    }
    for name, text in texts.items():
        path = tmp_path / "sxl_data" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def names(target: str, folder: Path) -> set[str]:
    return {path.relative_to(folder / "sxl_data").as_posix() for path in find_sources(target, folder)}


def write(folder: Path, name: str, text: str) -> None:
    path = folder / "sxl_data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_function_depends_on_what_it_uses_and_on_what_stands_outside_of_functions(house: Path):
    common = {"__init__.py", "work.py", "own.py"}
    assert common | {"far/__init__.py", "above.py"} == names("sxl_data.work:one", house)
    assert common | {"other.py"} == names("sxl_data.work:three", house)
    assert common | {"far/__init__.py", "above.py", "other.py"} == names("sxl_data.work", house)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from sxl_data import near as n, other", {"near.py", "other.py"}),
        ("from . import near", {"near.py"}),
        ("from .near import x", {"near.py"}),
        ("import json, sxl_data.near", {"near.py"}),
        ("if x:\n\timport sxl_data.near as n", {"near.py"}),
        ("class A:\n    async def f(self):\n        from sxl_data.near import x", {"near.py"}),
        ("RUN = 'sxl_data.near:answer'", {"near.py"}),
        ('RUN = f"sxl_data.near:{x}"', {"near.py"}),
        ("from sxl_data.near import x\r\n", {"near.py"}),
        ("import sxl_data_other.near, json", set()),
        ("near = 1  # from sxl_data import near", set()),
        ("from json import near", set()),
    ],
)
def test_an_import_is_found_however_it_is_written(house: Path, text: str, found: set[str]):
    write(house, "asked.py", text)
    assert {"__init__.py", "asked.py"} | found == names("sxl_data.asked", house)


def test_a_package_on_the_way_counts_with_its_imports_and_not_with_what_it_offers(house: Path):
    write(house, "far/__init__.py", "import sxl_data.above\nOFFERS = {'x': 'sxl_data.other'}\n")
    write(house, "far/inner.py", "")
    write(house, "asked.py", "from sxl_data.far.inner import x")
    assert {"__init__.py", "asked.py", "far/__init__.py", "far/inner.py", "above.py"} == names("sxl_data.asked", house)
    write(house, "asked.py", "from sxl_data.far import x")
    assert {"__init__.py", "asked.py", "far/__init__.py", "above.py", "other.py"} == names("sxl_data.asked", house)


def test_a_package_that_is_named_counts_as_a_whole(house: Path):
    for name in ("many/__init__.py", "many/a.py", "many/deep/__init__.py", "many/deep/b.py"):
        write(house, name, "")
    write(house, "asked.py", "load('sxl_data.many')")
    whole = {"many/__init__.py", "many/a.py", "many/deep/__init__.py", "many/deep/b.py"}
    assert {"__init__.py", "asked.py"} | whole == names("sxl_data.asked", house)
    write(house, "many/__init__.py", "load(f'{__name__}.{x}')")
    write(house, "asked.py", "import sxl_data.many")
    assert {"__init__.py", "asked.py"} | whole == names("sxl_data.asked", house)


def test_files_beside_a_module_count_where_it_names_them_or_looks_for_its_own_place(house: Path):
    write(house, "far/data/rows.bin", "1")
    write(house, "far/driver.py", "")
    write(house, "far/inner.py", "open('driver.py')")
    assert "far/driver.py" in names("sxl_data.far.inner", house)
    assert "far/data/rows.bin" not in names("sxl_data.far.inner", house)
    write(house, "far/inner.py", "HERE = __file__")
    before = hash_sources("sxl_data.far.inner", house)
    write(house, "far/data/rows.bin", "2 ")
    assert before != hash_sources("sxl_data.far.inner", house)


def test_circles_end(house: Path):
    write(house, "near.py", "import sxl_data.asked")
    write(house, "asked.py", "import sxl_data.near")
    assert {"__init__.py", "asked.py", "near.py"} == names("sxl_data.asked", house)


def test_a_module_that_is_not_there_is_said(house: Path):
    with pytest.raises(ModuleNotFoundError):
        find_sources("sxl_data.nowhere:x", house)


def test_the_end_of_a_line_changes_nothing(house: Path):
    write(house, "asked.py", "a = 1\nb = 2\n")
    before = hash_sources("sxl_data.asked", house)
    (house / "sxl_data" / "asked.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    assert before == hash_sources("sxl_data.asked", house)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.parquet")
    shutil.copytree(ROOT / "sxl_data", tmp_path / "sxl_data", ignore=ignored)
    return tmp_path


def edit(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n# another word\n", encoding="utf-8")


def changed(folder: Path, *edited: str) -> set[str]:
    """The tasks whose digest another word in each of the files ``edited`` changes."""
    before = {task: hash_sources(task, folder) for task in TASKS}
    for pattern in edited:
        paths = list((folder / "sxl_data").glob(pattern))
        assert paths
        for path in paths:
            edit(path)
    return {task.rpartition(":")[2] for task in TASKS if before[task] != hash_sources(task, folder)}


def test_what_is_typed_shown_or_asked_changes_no_task(copy: Path):
    front = ("cli.py", "pipeline.py", "verbs/*.py", "view/*.py", "validate/*.py", "build/[!teow_]*.py")
    assert set() == changed(copy, *front, "engine/l*.py")


def test_each_file_changes_the_tasks_that_reach_it(copy: Path):
    assert {"detect", "read"} == changed(copy, "read/adapters/gsm8k.py")
    assert {"detect", "read"} == changed(copy, "formats/claude_code.py")
    assert {"clean"} == changed(copy, "clean/stage.py")
    assert {"write"} == changed(copy, "write/parquet.py")
    assert {task.rpartition(":")[2] for task in TASKS} == changed(copy, "contract/codes/content.py")


def test_advice_of_a_code_is_no_work_and_its_title_is(copy: Path):
    path = copy / "sxl_data" / "rules" / "pairing.py"
    text = path.read_text(encoding="utf-8")
    advised, titled = (
        text.replace("give each call an id", "give every call an id"),
        text.replace("Two calls of", "Calls of"),
    )
    before = hash_sources(TASKS[2], copy)
    path.write_text(advised, encoding="utf-8")
    assert (advised != text, before) == (True, hash_sources(TASKS[2], copy))
    path.write_text(titled, encoding="utf-8")
    assert before != hash_sources(TASKS[2], copy)


def test_rules_change_the_tasks_that_run_them(copy: Path):
    assert "find_copies" not in changed(copy, "rules/pairing.py", "rules/content.py")


def test_a_file_that_loads_modules_by_a_name_of_its_own_making_is_known():
    """`sources` sees names that are written out; who makes them up must be looked at, and listed here."""
    makers = {
        "sxl_data/__init__.py": "the door, which nothing inside goes through",
        "sxl_data/contract/callable.py": "a package that is called from outside",
        "sxl_data/contract/codes/__init__.py": "names below its own, and rules, whose words are no work",
        "sxl_data/dedup/__init__.py": "names below its own",
        "sxl_data/engine/confined.py": "what its caller writes out",
        "sxl_data/engine/task.py": "the task's own function",
        "sxl_data/files/syntax.py": "grammars of other packages",
        "sxl_data/formats/registry.py": "packages that its callers write out",
        "sxl_data/ground/api_bank_driver.py": "runs in the sandbox alone",
        "sxl_data/native/loader.py": "packages that its callers write out",
        "sxl_data/review/__init__.py": "names below its own",
        "sxl_data/view/pages.py": "modules of formats, for their list and pages; no step imports it",
        "sxl_data/toolsets/known.py": "files of its own folder, which its source reads all",
    }
    found = set()
    for path in (ROOT / "sxl_data").rglob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
        if {getattr(call, "id", getattr(call, "attr", "")) for call in calls} & {"import_module", "__import__"}:
            found.add(path.relative_to(ROOT).as_posix())
    assert makers.keys() == found
