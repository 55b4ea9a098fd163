"""A module of toy tasks that workers can import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sxl_data.engine.task import Task

SOURCE = '''
import os, signal, time
from pathlib import Path
import pyarrow as pa
from sxl_data.engine.task import Output
from sxl_data.engine.watch import WATCH
from sxl_data.contract.errors import error

def double(params, inputs):
    return Output(tables={"out": pa.table({"n": [2 * params["n"]]})}, counters={"pid": os.getpid()})

def total(params, inputs):
    import pyarrow.parquet as pq
    return Output(counters={"sum": sum(pq.read_table(p)["n"][0].as_py() for p in inputs["parts"])})

def once(params, inputs):
    """Dies the first time, when its file is not there yet."""
    mark = Path(params["mark"])
    if not mark.exists():
        mark.write_bytes(b"")
        {"kill": lambda: os.kill(os.getpid(), signal.SIGKILL), "exit": lambda: os._exit(3),
         "hang": lambda: time.sleep(600)}[params["how"]]()
    return double(params, inputs)

def items(params, inputs):
    """Ten items, of which some end the process."""
    watch = WATCH.get()
    done = []
    for item in range(10):
        if item in watch.skipped:
            continue
        watch.at(item)
        if item in params["deadly"]:
            os._exit(9)
        done.append(item)
    return Output(tables={"out": pa.table({"n": done})})

def unmarked(params, inputs):
    watch = WATCH.get()
    if not watch.careful:
        os._exit(9)
    return items(params, inputs)

def always(params, inputs):
    os._exit(9)

def refuse(params, inputs):
    raise error("U208", file="toy", found="nothing", expected="something")

def greedy(params, inputs):
    return Output(counters={"size": len(bytearray(params["n"]))})

def chatty(params, inputs):
    print("to stdout")
    os.system("echo from a child")
    return double(params, inputs)

def limit(params, inputs):
    import resource
    return Output(counters={"limit": resource.getrlimit(resource.RLIMIT_DATA)[0]})

def frames(params, inputs):
    """Whether pandas was there before it was asked for, and the rows of a frame made then."""
    import sys
    pa.array([True, None]).to_numpy(zero_copy_only=False)
    before = "pandas" in sys.modules
    import pandas
    return Output(counters={"before": int(before), "rows": len(pa.table({"a": pandas.Series([1, 2])}).to_pandas())})

def slow(params, inputs):
    time.sleep(params["n"])
    return Output()
'''

MakeTask = Callable[..., Task]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeTask]:
    """Makes tasks of the toy functions: ``toy("double", part, n=3)``."""
    folder = tmp_path / "toys"
    folder.mkdir()
    name = f"toys_{abs(hash(str(tmp_path)))}"  # each test has a module of its own, imported once
    (folder / f"{name}.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))

    def make(function: str, part: int = 0, inputs: dict[str, Any] | None = None, **params: Any) -> Task:
        return Task(stage=function, part=part, function=f"{name}:{function}", params=params, inputs=inputs or {})

    yield make
    sys.modules.pop(name, None)
