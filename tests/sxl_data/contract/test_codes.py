"""Codes stand with their rules, once, and are found from anywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sxl_data
from sxl_data.contract.codes import CODES, RULES, TABLES, table
from sxl_data.view.explain import example

ROOT = Path(sxl_data.__file__).parents[1]  # a checkout, or where the wheel was installed
HOMES = [(letter, name) for letter, names in RULES.items() for name in names]
NOT_IN_A_FILE = {"R708"}  # depends on the export that is asked for
ELSEWHERE = {
    "P108": "readers, which match by position",
    "R708": "the validator, which knows the export that is asked for",
    "C411": "the table of secrets",
    "C412": "the table of secrets",
    "C413": "the table of secrets",
}


def named(module: str) -> set[str]:
    """The codes that stand as texts in the source of a module."""
    tree = ast.parse((ROOT / "sxl_data" / f"{module.replace('.', '/')}.py").read_bytes())
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return texts & set(CODES)


@pytest.mark.parametrize(("letter", "name"), HOMES)
def test_a_family_raises_its_own_codes_and_all_of_them_have_its_letter(letter: str, name: str):
    own = {entry.code for entry in import_module(f"sxl_data.{name}").CODES}
    assert {letter} == {code[0] for code in own}
    assert set() == named(name) - own
    assert set() == own - named(name) - ELSEWHERE.keys()


def test_every_code_stands_in_one_place():
    tables = [import_module(f"sxl_data.contract.codes.{name}").CODES for name in TABLES]
    tables += [import_module(f"sxl_data.{name}").CODES for _, name in HOMES]
    found = [entry.code for entry in (entry for codes in tables for entry in codes)]
    assert sorted(found) == sorted(CODES)


def test_every_rule_has_its_example():
    rules = {entry.code for _, name in HOMES for entry in import_module(f"sxl_data.{name}").CODES}
    assert {code for code in rules if example(code) is None} <= NOT_IN_A_FILE


def test_a_code_is_known_where_nothing_of_its_family_is_loaded():
    asked = "import sys; from sxl_data.contract.codes import CODES; assert 'sxl_data.rules' not in sys.modules"
    for code, loaded in (("P105", "sxl_data.rules.pairing"), ("R701", "sxl_data.validate.trainability")):
        done = f"{asked}; CODES['{code}']; assert '{loaded}' in sys.modules; assert 'sxl_data.rules.order' not in sys.modules"
        assert 0 == subprocess.run([sys.executable, "-c", done], cwd=ROOT).returncode
    raised = "from sxl_data.contract.errors import finding; print(finding('A307').rule)"
    said = subprocess.run([sys.executable, "-c", raised], cwd=ROOT, capture_output=True, text=True)
    assert "arguments-violate-schema" == said.stdout.strip()


def test_what_is_no_code_is_not_found():
    assert ("P999" in CODES, CODES.get("X1"), "" in CODES) == (False, None, False)


def test_a_table_says_what_a_code_is():
    (one, two) = table("""
X101 error some-rule fixable
    title  It is wrong
    why    because of  two spaces
    fix    do it
X102 note other-rule
    title  It is odd
    stage  read
    why    so it is,
           and no other way
    fix    look
""")
    assert ("X101", "some-rule", "error", True, "because of  two spaces") == (
        one.code,
        one.rule,
        one.level,
        one.fixable,
        one.why,
    )
    assert ("X102", "note", False, "read") == (two.code, two.level, two.fixable, two.stage)
    assert "so it is, and no other way" == two.why
