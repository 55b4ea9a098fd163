"""The pages in a real browser: headless Chromium, both themes, three widths, keyboard alone, and what attacks them.

Run by `make test-browser`. Skips where there is no Chromium or no Playwright.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sxl_data.pipeline import build
from sxl_data.trace.types import decode
from sxl_data.view.page import page
from tests.sxl_data.view.hostile import ALL, ATTACKS, hostile

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`: make test-browser")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium on the PATH: {', '.join(NAMES)}")
WIDTHS = {"phone": 390, "laptop": 1280, "wide": 1920}
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
    build(str(folder / "r.yaml"), folder / "out", ["engine.kind=inline", "write.arrow=false", "clean.code=keep"])
    for name, trace in (("hostile", hostile()), ("plain", decode(EXAMPLE.read_bytes()))):
        (folder / f"{name}.html").write_text(page(trace), encoding="utf-8")
    return {"report": folder / "out/report.html", "hostile": folder / "hostile.html", "plain": folder / "plain.html"}


class Visit:
    """An opened page and all that it said, asked for or tried to become."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, theme: str = "light", bypass: bool = False) -> None:
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=theme, bypass_csp=bypass)
        self.tab = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda problem: self.said.append(str(problem)))
        self.tab.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(path.as_uri())

    def open_all(self) -> None:
        self.tab.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")


@pytest.mark.parametrize("name", ["report", "hostile", "plain"])
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
    if name != "plain":
        assert "<script>window.hit = 1</script>" in visit.tab.inner_text("main")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report", "hostile", "plain"])
def test_a_page_fits_its_window_and_axe_finds_nothing_serious(
    browser: Any, pages: dict[str, Path], name: str, width: str, theme: str
):
    axe = pytest.importorskip("axe_core_python", reason="needs the extra `browser`")
    visit = Visit(browser, pages[name], WIDTHS[width], theme, bypass=True)
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
