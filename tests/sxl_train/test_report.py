"""A training run as a page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.view.plot import plot
from sxl_train.report import report
from tests.sxl_data.view.test_page import Seen
from tests.sxl_train.runs import make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run of two steps."""
    return make_run(tmp_path)


def test_a_run_is_shown_from_what_its_steps_measured(run: Path):
    seen = Seen(report(run).read_text(encoding="utf-8"))
    assert ["steps", "curves", "models", "suites", "samples", "making"] == [
        attrs["id"] for tag, attrs in seen.tags if tag == "section"
    ]
    for words in ("Training loss: from 2.9 at step 1 to 2 at step 10", "1.5000", "19.0% – 32.0%", "164 items"):
        assert words in seen.text, words
    assert 2 == sum(tag == "polyline" for tag, _ in seen.tags)
    assert "wrong answer" in seen.text and "trl" in seen.text


def test_what_a_model_wrote_does_nothing(run: Path):
    seen = Seen(report(run).read_text(encoding="utf-8"))
    assert "<script>window.hit = 1</script>" in seen.text
    assert not {"script", "iframe", "img", "form", "link"} & {tag for tag, _ in seen.tags}


def test_a_run_without_evaluation_shows_the_rest(run: Path, tmp_path: Path):
    (run / "evaluate/run.json").unlink()
    text = report(run, tmp_path / "page.html").read_text(encoding="utf-8")
    assert 'id="curves"' in text and 'id="models"' not in text


def test_a_folder_of_no_run_is_u201(tmp_path: Path):
    with pytest.raises(UserError, match="U201"):
        report(tmp_path)


def test_the_command_writes_it_and_loads_no_torch(run: Path):
    code = f"import sys; from sxl_train.recipe import main; main(['report', {str(run)!r}]); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(run / "report.html")


def test_a_plot_of_many_points_is_thinned_and_keeps_its_ends():
    drawn = plot("Loss", "loss", [(n, n % 7) for n in range(100_000)])
    assert len(drawn) < 20_000 and ">99999<" in drawn and ">0<" in drawn
    assert "" == plot("Loss", "loss", [(1, float("nan"))])
