"""The viewer without a browser: what it lists, what it answers, and whom it refuses."""

from __future__ import annotations

import http.client
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sxl_data.build import comparing
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from sxl_data.serve.index import LEFT_OUT, Index, Wanted, open_side
from sxl_data.serve.serve import open_server, serve
from sxl_data.serve.server import TOKEN, Server

KEYS = ["engine.kind=inline", "write.arrow=false", "clean.code=keep"]
LONG = "Write down the numbers from one to twenty in words, each on a line of its own, with care. "


def made(folder: Path, name: str, rows: list[dict[str, str]], bad: str = "") -> Path:
    """A finished build of ``rows``; ``bad``: a line that is no JSON."""
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + bad, encoding="utf-8")
    source = "{name: rows, path: rows.jsonl, format: instruction_pair, licence: MIT}"
    (folder / "r.yaml").write_text(f"name: toy\nsources:\n  - {source}\n", encoding="utf-8")
    build(str(folder / "r.yaml"), folder / name, KEYS)
    return folder / name


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Before and now: a row more, a row less, a near copy and a line that cannot be read now."""
    folder = tmp_path_factory.mktemp("serve")
    rows = [{"instruction": f"Say {n} in words.", "output": f"It is number {n}."} for n in range(8)]
    answer = " ".join(f"this is the number {n}" for n in range(60))
    rows.append({"instruction": LONG, "output": answer})
    before = made(folder, "before", [*rows, {"instruction": "Old?", "output": "Old."}])
    near = {"instruction": LONG, "output": answer.removesuffix(" 59")}
    return before, made(folder, "now", [*rows, {"instruction": "New?", "output": "New."}, near], "{no json\n")


@pytest.fixture(scope="module")
def index(builds: tuple[Path, Path]) -> Index:
    before, now = builds
    return Index(open_side(now), open_side(before))


def heads(index: Index, **wanted: str) -> list[str]:
    return [str(line["head"]) for line in index.lines(index.select(Wanted(**wanted)))]


def test_filters_choose_what_they_name(index: Index):
    facets = {name: dict(counts) for name, counts in index.facets().items()}
    assert 10 == index.kept == sum(n for split, n in facets["split"].items() if split not in (LEFT_OUT, comparing.GONE))
    assert {"D311": 1, "S101": 1}.items() <= facets["code"].items()
    assert ["Say 3 in words."] == heads(index, words="SAY 3")
    assert [] == heads(index, words="say 3", phase="reflect") == heads(index, source="none") == heads(index, phase="no")
    assert 10 == len(heads(index, phase="act", split="")) - len(heads(index, split=comparing.GONE))
    assert LONG.strip() == heads(index, order="longest")[0]
    assert {"D311", "S101"} <= {
        code for line in index.lines(index.select(Wanted(split=LEFT_OUT))) for code in line["codes"]
    }


def test_two_builds_are_compared_row_by_row(index: Index, builds: tuple[Path, Path]):
    assert ["New?"] == heads(index, change=comparing.NEW)
    assert ["Old?"] == heads(index, change=comparing.GONE)
    lines = [line.split() for line in comparing.diff(*builds).split("\n")]
    assert ["only", "here", "1", "1"] in lines and ["other", "content", "0"] in lines


@pytest.fixture(scope="module")
def server(builds: tuple[Path, Path]) -> Iterator[Server]:
    with open_server(builds[1], builds[0]) as found:
        thread = threading.Thread(target=found.run, args=(600,), daemon=True)
        thread.start()
        yield found
        found.asked = -1e9
        thread.join()


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, str, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    given = {TOKEN: server.token} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=given)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer


def told(server: Server, what: str, **values: object) -> dict:
    status, text, _ = ask(server, f"/api/{what}?{urlencode(values)}")
    assert 200 == status, text
    return json.loads(text)


@pytest.mark.parametrize(
    "headers",
    [
        {TOKEN: "wrong"},
        {TOKEN: ""},
        {"Host": "evil.example"},
        {"Host": "evil.example:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_who_has_no_token_or_comes_from_elsewhere_is_refused(server: Server, headers: dict[str, str]):
    status, text, _ = ask(server, "/api/rows", **headers)
    assert 403 == status and "Say" not in text


def test_who_has_no_token_does_not_keep_the_server_up(server: Server):
    before = server.asked
    assert 403 == ask(server, "/api/facets", **{TOKEN: "wrong"})[0]
    assert before == server.asked
    told(server, "about")
    assert before < server.asked


def test_the_page_holds_nothing_of_the_build_and_allows_itself_alone(server: Server):
    for path in ("/", "/viewer.js", "/viewer.css", "/page.css"):
        status, text, answer = ask(server, path, **{TOKEN: ""})
        assert 200 == status and "toy" not in text and server.token not in text
        rules = dict(
            rule.strip().split(" ", 1) for rule in (answer.headers["Content-Security-Policy"] or "").split(";")
        )
        assert "'none'" == rules["default-src"] == rules["frame-ancestors"] and "'self'" == rules["script-src"]
        assert "no-store" == answer.headers["Cache-Control"] and "nosniff" == answer.headers["X-Content-Type-Options"]
    assert 501 == ask(server, "/api/rows", "POST")[0]
    for path in ("/../pyproject.toml", "//etc/passwd", "/viewer.py", "/api/", "/api/nothing", "/api/../page.css"):
        assert 404 == ask(server, path)[0], path


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("trace", {"n": "999999"}),
        ("trace", {"n": "-1"}),
        ("trace", {"id": "rows:none"}),
        ("trace", {"n": "0", "form": "/etc/passwd"}),
        ("rows", {"first": "9" * 5000}),
        ("rows", {str(n): "x" for n in range(50)}),
    ],
)
def test_bad_questions_are_answered_with_what_is_wrong(server: Server, what: str, values: dict[str, str]):
    status, text, _ = ask(server, f"/api/{what}?{urlencode(values)}")
    assert 400 == status and json.loads(text)["error"]


def test_a_search_through_all_texts_finds_what_titles_do_not_say(server: Server):
    assert 0 == told(server, "rows", words="NUMBER 5.", count=9)["total"]
    found = told(server, "rows", words="NUMBER 5.", count=9, whole=1)
    assert ["Say 5 in words."] == [row["head"] for row in found["rows"]]


def test_a_row_that_left_is_shown_with_its_reason_its_text_and_its_twin(server: Server):
    (row,) = told(server, "rows", code="D311", count=9)["rows"]
    html = told(server, "trace", n=row["n"])["html"]
    for words in ("D311", "dedup.threshold", "as it was read", "which stayed", 'data-id="rows:'):
        assert words in html, words
    (row,) = told(server, "rows", code="S101", count=9)["rows"]
    assert "{no json" in told(server, "trace", n=row["n"])["html"]


def test_a_copy_of_a_build_without_its_working_folder_is_enough(builds: tuple[Path, Path], tmp_path: Path):
    shutil.copytree(builds[1], tmp_path / "copy", ignore=shutil.ignore_patterns(".work"))
    with open_server(tmp_path / "copy") as found:
        (line,) = found.answers.rows({"code": "D311", "count": "9"})["rows"]
        assert "which held it, is gone" in found.answers.trace({"n": str(line["n"])})["html"]


def test_it_ends_when_nobody_asks_and_refuses_what_is_no_build(builds: tuple[Path, Path], tmp_path: Path):
    seen: list[str] = []
    serve(builds[1], idle_minutes=0, ready=seen.append)
    assert 1 == len(seen) and seen[0].startswith("http://127.0.0.1:")
    with pytest.raises(UserError, match="U305"):
        serve(tmp_path)
