"""The pages in a real browser: headless Chromium, both themes, three widths, keyboard alone, and what attacks them.

Run by `make test-browser`. Skips where there is no Chromium or no Playwright.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sxl_data.build import questions
from sxl_data.pipeline import build
from sxl_data.report import difference, fate
from sxl_data.serve.serve import open_server
from sxl_data.trace.types import decode
from sxl_data.view.page import page
from sxl_train.report import report as run_page
from tests.sxl_data.view.hostile import ALL, ATTACKS, hostile
from tests.sxl_train.runs import make_run

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`: make test-browser")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium on the PATH: {', '.join(NAMES)}")
WIDTHS = {"phone": 390, "laptop": 1280, "wide": 1920}
KEYS = ["engine.kind=inline", "write.arrow=false", "clean.code=keep"]
TEMPLATE = Path(__file__).with_name("plain.jinja")
EXAMPLE = Path(__file__).parents[3] / "schemas/examples/valid/agent-with-subtrace.json"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """A report of rows that attack it, and the pages of a hostile and of a plain trace."""
    folder = tmp_path_factory.mktemp("pages")
    rows = [{"instruction": f"Say {n} in words.", "output": f"It is number {n}."} for n in range(9)]
    text = ALL.replace("\ud800", "")
    rows += [
        {"instruction": f"{attack} Quote the others.", "output": f"{attack[::-1]} {text}"} for attack in ATTACKS[:7]
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = "{name: rows, path: rows.jsonl, format: instruction_pair, licence: MIT}"
    (folder / "r.yaml").write_text(f"name: toy\nsources:\n  - {source}\n", encoding="utf-8")
    build(str(folder / "r.yaml"), folder / "out", KEYS)
    for name, trace in (("hostile", hostile()), ("plain", decode(EXAMPLE.read_bytes()))):
        (folder / f"{name}.html").write_text(page(trace), encoding="utf-8")
    build(str(folder / "r.yaml"), folder / "old", [*KEYS, "dedup.threshold=0.95", "seed=3"])
    difference.page(folder / "old", folder / "out", folder / "diff.html")
    left = pl.read_parquet(folder / "out/ledger/ledger.parquet").filter(pl.col("action") == "dropped")["trace_id"][0]
    fate.page(questions.fate(left, folder / "out"), folder / "out", folder / "why.html")
    run_page(make_run(folder / "run"))
    kinds = {name: folder / f"{name}.html" for name in ("hostile", "plain", "diff", "why")}
    return kinds | {"report": folder / "out/report.html", "run": folder / "run/report.html"}


@pytest.fixture(scope="module")
def viewer(pages: dict[str, Path]) -> Iterator[str]:
    """The address of a viewer of the build that the report is of, beside another."""
    folder = pages["report"].parent
    with open_server(folder, folder.parent / "old", template=str(TEMPLATE)) as server:
        thread = threading.Thread(target=server.run, args=(600,), daemon=True)
        thread.start()
        yield server.address
        server.asked = -1e9
        thread.join()


class Visit:
    """An opened page and all that it said, asked for or tried to become."""

    def __init__(
        self, browser: Any, path: Path | str, width: int = 1280, theme: str = "light", bypass: bool = False
    ) -> None:
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=theme, bypass_csp=bypass)
        self.tab = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda problem: self.said.append(str(problem)))
        self.tab.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(path if isinstance(path, str) else path.as_uri())
        if isinstance(path, str):
            self.tab.wait_for_selector(".row b:not(:empty)")

    def open_all(self) -> None:
        self.tab.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")


@pytest.mark.parametrize("name", ["report", "hostile", "plain", "run", "diff", "why"])
def test_what_is_planted_in_texts_does_nothing(browser: Any, pages: dict[str, Path], name: str):
    visit = Visit(browser, pages[name])
    visit.open_all()
    for kind in ("mouseover", "focus", "load", "error", "click"):
        visit.tab.evaluate(
            "kind => document.querySelectorAll('*').forEach(part => part.dispatchEvent(new Event(kind)))", kind
        )
    visit.tab.wait_for_timeout(200)
    assert visit.tab.evaluate("window.hit") is None
    assert [] == visit.said
    assert {pages[name].as_uri()} == {url for url in visit.asked if not url.startswith("data:image/png")}
    assert visit.tab.evaluate("document.querySelectorAll('script, iframe, form, input, link, object').length") == 0
    assert not set(visit.tab.inner_text("body")) & set("\u202e\u2066\u2069\u200b\x1b")
    assert visit.tab.evaluate("getComputedStyle(document.body).display") == "block"
    if name not in ("plain", "why"):
        assert "<script>window.hit = 1</script>" in visit.tab.inner_text("main")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report", "hostile", "plain", "run", "viewer"])
def test_a_page_fits_its_window_and_axe_finds_nothing_serious(
    browser: Any, pages: dict[str, Path], viewer: str, name: str, width: str, theme: str
):
    axe = pytest.importorskip("axe_core_python", reason="needs the extra `browser`")
    visit = Visit(browser, viewer if name == "viewer" else pages[name], WIDTHS[width], theme, bypass=True)
    if name == "viewer":
        visit.tab.keyboard.press("Enter")
        visit.tab.wait_for_selector("#text h2")
    visit.open_all()
    assert visit.tab.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    visit.tab.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = visit.tab.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    bad = [(item["id"], item["nodes"][0]["html"][:200]) for item in found if item["impact"] in ("serious", "critical")]
    assert [] == bad


def test_themes_differ_and_text_has_the_colour_of_its_theme(browser: Any, pages: dict[str, Path]):
    colours = {
        theme: Visit(browser, pages["report"], theme=theme).tab.evaluate(
            "(style => [style.color, style.backgroundColor])(getComputedStyle(document.body))"
        )
        for theme in ("light", "dark")
    }
    assert {"light": ["rgb(28, 30, 33)", "rgb(255, 255, 255)"], "dark": ["rgb(228, 231, 235)", "rgb(21, 24, 28)"]} == (
        colours
    )


def test_the_report_is_used_by_keyboard_alone(browser: Any, pages: dict[str, Path]):
    tab = Visit(browser, pages["report"]).tab
    tab.keyboard.press("Tab")
    assert "Skip to the content" == tab.evaluate("document.activeElement.textContent")
    tab.keyboard.press("Enter")
    assert "main" == tab.evaluate("document.activeElement.id")
    for _ in range(80):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.localName") == "summary":
            break
    assert tab.evaluate("document.activeElement.parentElement.open") is False
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.parentElement.open") is True


def settled(tab: Any, words: str) -> None:
    """Wait until the viewer says ``words`` of what it shows."""
    tab.wait_for_function("words => document.body.innerText.includes(words)", arg=words)


def test_the_viewer_is_used_by_keyboard_alone(browser: Any, viewer: str):
    visit = Visit(browser, viewer)
    tab = visit.tab
    first = tab.inner_text("#text h2")
    assert "list" == tab.evaluate("document.activeElement.id")
    tab.keyboard.press("j")
    tab.wait_for_function("first => document.querySelector('#text h2').innerText !== first", arg=first)
    assert "row-1" == tab.get_attribute("[aria-selected=true]", "id")
    tab.keyboard.press("k")
    tab.wait_for_function("first => document.querySelector('#text h2').innerText === first", arg=first)
    tab.keyboard.press("/")
    tab.keyboard.type("say 3 in")
    settled(tab, "1 of ")
    tab.keyboard.press("Escape")
    tab.keyboard.press("Enter")
    settled(tab, "Say 3 in words.")
    tab.wait_for_function("() => document.activeElement.id === 'trace'")
    tab.wait_for_function("() => CSS.highlights.get('found')?.size >= 1")
    tab.keyboard.press("t")
    tab.wait_for_selector("#text mark")
    assert "It is number 3." in tab.inner_text("#text mark")
    tab.keyboard.press("t")
    tab.wait_for_selector("#text .step")
    tab.keyboard.press("Escape")
    tab.keyboard.press("x")
    tab.wait_for_function(
        "() => document.getElementById('words').value === '' && document.querySelectorAll('.row:not([hidden])').length > 5"
    )
    assert [] == visit.said


def test_rows_that_attack_the_viewer_do_nothing(browser: Any, viewer: str):
    visit = Visit(browser, viewer)
    tab = visit.tab
    for _ in range(int(tab.get_attribute(".row:not([hidden])", "aria-setsize") or 0)):
        tab.keyboard.press("j")
        tab.wait_for_timeout(50)
        for kind in ("mouseover", "focus", "load", "error"):
            tab.evaluate(
                "kind => document.querySelectorAll('#text *, .row').forEach(part => part.dispatchEvent(new Event(kind)))",
                kind,
            )
    assert tab.evaluate("window.hit") is None
    assert [] == visit.said
    home = viewer.partition("#")[0]
    assert all(url.startswith((home, "data:image/png")) for url in visit.asked)
    assert 0 == tab.evaluate(
        "document.querySelectorAll('#text :is(script, iframe, form, input, link, object, style)').length"
    )
    assert not set(tab.inner_text("body")) & set("\u202e\u2066\u2069\u200b\x1b")


def test_a_row_that_was_left_out_stands_beside_the_one_that_stayed_and_leads_to_it(browser: Any, viewer: str):
    tab = Visit(browser, viewer).tab
    tab.select_option("#split", "left out")
    tab.wait_for_selector("#text .fate.dropped")
    assert "which stayed" in tab.inner_text("#text .sides") and "as it was read" in tab.inner_text("#text .sides")
    tab.click("#text .fate button.id")
    settled(tab, "left out for this one")


def test_the_list_draws_a_handful_of_rows_of_many(browser: Any, viewer: str):
    tab = Visit(browser, viewer).tab
    assert tab.locator(".row").count() < 40
    tab.keyboard.press("G")
    total = int(tab.get_attribute(".row:not([hidden])", "aria-setsize"))
    tab.wait_for_selector(f"#row-{total - 1}[aria-selected=true]")


def test_without_its_token_the_page_holds_nothing(browser: Any, viewer: str):
    tab = browser.new_context().new_page()
    tab.goto(viewer.partition("#")[0])
    settled(tab, "it ends with a token")
    assert 0 == tab.locator(".row").count()
