"""Patterns for foreign text: the matches of `re`, the time of RE2."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.contract import patterns

TEXTS = st.text(alphabet="ab \n`x1é\U0001f600", max_size=40)
SAME = (r"a+b?", r"(?m)^[ab]*$", r"(a)|(b)", r"(?P<first>a) *(?P<second>x)?", r"\A`+", r"(?s)b.*?a")


@pytest.mark.parametrize("pattern", SAME)
@given(text=TEXTS)
def test_matches_lie_where_re_finds_them(pattern: str, text: str):
    ours, theirs = patterns.compile(pattern), re.compile(pattern)
    assert [m.span() for m in theirs.finditer(text)] == [m.span() for m in ours.finditer(text)]
    assert theirs.sub("-", text) == ours.sub("-", text)
    assert theirs.sub(lambda m: m[0] * 2, text) == ours.sub(lambda m: m[0] * 2, text)
    assert theirs.findall(text) == ours.findall(text)
    for how in ("search", "match", "fullmatch"):
        expected, found = getattr(theirs, how)(text), getattr(ours, how)(text)
        assert (expected and (expected.span(), expected.groups())) == (found and (found.span(), found.groups()))


def test_groups_have_names_and_none_where_they_took_no_part():
    match = patterns.compile(r"(?P<word>[a-z]+)(?P<number>\d)?").search("é ab")
    assert match is not None
    assert ("ab", None, (2, 4), (-1, -1)) == (match["word"], match["number"], match.span(), match.span("number"))
    assert ("ab", "ab", 2, 4) == (match.group(), match.group(1), match.start(), match.end())


def test_bytes_are_bytes_whatever_they_mean():
    pattern = patterns.compile(rb"\xff+(a)")
    assert [b"a"] == pattern.findall(b"x\xff\xffa")
    assert b"x-" == pattern.sub(b"-", b"x\xff\xffa")


def test_a_lone_surrogate_is_a_character_that_matches_nothing_special():
    pattern = patterns.compile(r"b+")
    assert "\ud800-\udfff" == pattern.sub("-", "\ud800bb\udfff")
    assert ["\ud800", "\udfff"] == pattern.split("\ud800bb\udfff")


def test_a_replacement_stands_for_itself():
    assert r"\1\g<0>" == patterns.compile("(a)").sub(r"\1\g<0>", "a")
    assert "xxa" == patterns.compile("a").sub("x", "aaa", count=2)


@given(text=st.text(alphabet="aéb \ud800", max_size=20), most=st.integers(1, 4))
def test_matches_are_counted_as_they_are_found(text: str, most: int):
    found = [patterns.compile(pattern) for pattern in (r"a", r"b+", r"\bab?\b", r"é+", "\ufffd")]
    counts = [min(most, len(pattern.findall(text))) for pattern in found]
    data = patterns.utf8(text)
    assert counts == [pattern.count(data, most) for pattern in found]
    assert [n for n, count in enumerate(counts) if count] == sorted(patterns.Several(found).matching(data))


@given(text=st.text(max_size=20))
def test_an_escaped_text_matches_itself_only(text: str):
    assert patterns.compile(patterns.escape(text)).fullmatch(text)
    assert not patterns.compile(patterns.escape(text)).fullmatch(text + "a")


@pytest.mark.parametrize("pattern", [r"(?=a)", r"(?<!a)b", r"(a)\1", r"a++"])
def test_what_cannot_run_in_linear_time_does_not_compile(pattern: str):
    with pytest.raises(Exception, match=r"invalid|bad"):
        patterns.compile(pattern).search("a")


def test_a_pattern_that_hangs_re_answers():
    hostile = "a" * 200_000
    assert patterns.compile(r"(a|a)*b").fullmatch(hostile) is None
    assert patterns.compile(r"(?:a+)+$").match(hostile + "b") is None


ASKED = """
import json, sys
from sxl_data.contract import patterns
found = [patterns._anchors() is not None]
for pattern, text in json.loads(sys.argv[1]):
    one = patterns.compile(pattern)
    found.append([[m.spans for m in one.finditer(text)]] + [
        m and m.spans for m in (one.search(text), one.match(text), one.fullmatch(text))])
print(json.dumps(found))
"""


@pytest.mark.parametrize("more", [None, "", "_re2 = object()", "class _re2: RE2 = _core.RE2.Options"])
def test_without_the_packages_private_core_its_public_methods_find_the_same(tmp_path: Path, more: str | None):
    import re2

    if more is not None:  # a copy of the package in which that module has another name, or is another thing
        folder = Path(re2.__file__).parent
        shutil.copytree(folder, tmp_path / "re2_core")
        (tmp_path / "re2_core/__init__.py").write_text("", encoding="utf-8")
        text = (folder / "__init__.py").read_text(encoding="utf-8")
        text = text.replace("from . import _re2", "from re2_core import _re2 as _core").replace("_re2.", "_core.")
        (tmp_path / "re2").mkdir()
        (tmp_path / "re2/__init__.py").write_text(f"{text}\n{more}\n", encoding="utf-8")
    cases = [[pattern, text] for pattern in SAME for text in ("", "abxab", "aab é a1\n``b", "b a x\nab")]
    path = os.pathsep.join([str(tmp_path), str(Path(patterns.__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-c", ASKED, json.dumps(cases)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    private, *found = json.loads(done.stdout)
    assert (more is None) is private
    for (pattern, text), (every, *ones) in zip(cases, found, strict=True):
        theirs = re.compile(pattern)
        spans = [[list(m.span(k)) for k in range(theirs.groups + 1)] for m in theirs.finditer(text)]
        assert spans == every
        for how, one in zip(("search", "match", "fullmatch"), ones, strict=True):
            expected = getattr(theirs, how)(text)
            assert (expected and [list(expected.span(k)) for k in range(theirs.groups + 1)]) == one
