"""A model folder's chat template is a program: whatever it does, it is refused with a word and in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.trace.template import TemplateRefused, load

MESSAGES = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
HOSTILE = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "text": "{% set s = namespace(x='aaaaaaaaaa') %}{% for i in range(60) %}{% set s.x = s.x ~ s.x %}{% endfor %}",
    "output": "{% for i in range(99999) %}{{ messages[0]['content'] * 100000 }}{% endfor %}",
    "power": "{{ 7 ** ((messages | length) * 999999999) }}",
    "width": "{{ ('%' ~ (messages | length) ~ '000000000d') % 1 }}",
    "macro": "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_is_refused(source: str, tmp_path: Path):
    path = tmp_path / "t.jinja"
    path.write_text(source, encoding="utf-8")
    with pytest.raises((TemplateRefused, UserError)):
        load(str(path)).text(MESSAGES, None)


def test_what_is_folded_while_it_is_compiled_is_stopped_too(tmp_path: Path):
    path = tmp_path / "t.jinja"
    path.write_text("{{ 'a' * 10 ** 11 }}{{ 2 ** 9 ** 9 ** 9 }}", encoding="utf-8")
    with pytest.raises((TemplateRefused, UserError)):
        load(str(path)).text(MESSAGES, None)


def test_an_ordinary_template_renders_there_as_it_does_here(tmp_path: Path):
    from sxl_data.trace import jinja

    source = "{% for m in messages %}<{{ m.role }}>{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    path = tmp_path / "t.jinja"
    path.write_text(source, encoding="utf-8")
    rendered = load(str(path)).render(MESSAGES, None)
    assert "<user>Hi<assistant>Hello" == rendered.text
    assert (
        jinja.render(source, {"messages": MESSAGES}).replace(jinja.OPEN, "").replace(jinja.CLOSE, "") == rendered.text
    )
