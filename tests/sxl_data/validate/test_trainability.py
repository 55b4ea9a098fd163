"""What a template does to a trace: dropped parts, refused rows, loss spans and lengths."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from sxl_data.contract.errors import UserError
from sxl_data.trace.template import load, named
from sxl_data.trace.types import Act, Reflect, decode
from sxl_data.validate.trainability import check, render

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
WHOLE = str(EXAMPLES / "templates" / "whole.jinja")
AGENT = decode((EXAMPLES / "valid" / "agent.json").read_bytes())


def codes(template: str, **options: object) -> list[str]:
    return [fault.code for fault in check(AGENT, load(template), **options)]  # type: ignore[arg-type]


def test_the_loss_lies_on_what_the_agent_said_and_nowhere_else():
    rendered = render(AGENT, load(WHOLE)).rendered
    trained = "".join(rendered.text[a:b] for a, b in rendered.spans)
    assert rendered.marked
    assert all(
        part in trained for part in ("First look", "I run the tests.", "pytest -q", "The sign was wrong", "<|im_end|>")
    )
    assert not any(part in trained for part in ("Fix the failing", "3 passed", "nothing to commit", "assistant"))


def test_spans_without_marks_are_found_by_prefixes():
    marked = render(AGENT, load(WHOLE)).rendered
    plain = render(AGENT, load(str(EXAMPLES / "templates" / "R707-no-markers.jinja"))).rendered
    assert not plain.marked
    assert len(plain.spans) == len(marked.spans) == 3
    assert "4 passed" not in "".join(plain.text[a:b] for a, b in plain.spans)


@pytest.mark.skipif(not named(), reason="TRL is not installed")
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("qwen3", []),
        ("qwen2_5", ["R701"]),
        ("llama3", ["R701", "R702"]),
        ("llama3_1", ["R704"]),
        ("phi3", ["R701", "R702", "R703"]),
        ("deepseekv3", ["R701"]),
    ],
)
def test_templates_of_model_families_are_judged_by_what_they_render(template: str, expected: list[str]):
    assert codes(template) == expected


def test_a_missing_template_is_refused_with_the_names_there_are():
    with pytest.raises(UserError) as raised:
        load("qwen99")
    assert raised.value.findings[0].code == "U201"


def test_a_template_cannot_reach_python(tmp_path: Path):
    path = tmp_path / "evil.jinja"
    path.write_text("{{ ''.__class__.__mro__ }}{{ messages.append(1) }}", encoding="utf-8")
    assert codes(str(path)) == ["R704"]


def test_a_template_that_is_no_jinja_is_one_clean_error(tmp_path: Path):
    path = tmp_path / "broken.jinja"
    path.write_text("{% for %}", encoding="utf-8")
    with pytest.raises(UserError) as raised:
        load(str(path))
    assert raised.value.findings[0].code == "U204"


def test_real_templates_end_as_faults_and_never_as_tracebacks(shared: Path):
    paths = sorted((shared / "data" / "chat_templates" / "templates").glob("*.jinja"))
    assert paths
    judged = {path.stem: codes(str(path)) for path in paths}
    assert set().union(*judged.values()) <= {"R701", "R702", "R703", "R704", "R705", "R707"}
    assert "R701" in judged["Qwen-Qwen2.5-7B-Instruct"]


def test_what_must_not_be_trained_carries_no_loss():
    steps = [replace(s, train=False) if s.turn == 1 and isinstance(s, (Reflect, Act)) else s for s in AGENT.steps]
    for template in (WHOLE, str(EXAMPLES / "templates" / "R707-no-markers.jinja")):
        whole = render(AGENT, load(template)).rendered
        rendered = render(replace(AGENT, steps=tuple(steps)), load(template)).rendered
        assert whole.spans[1:] == rendered.spans
        assert whole.text == rendered.text
