"""The published schemas: generated, valid, and in agreement with the validator example by example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sxl_data.contract.codes import CODES
from sxl_data.trace import schema
from sxl_data.validate.validate import validate

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schemas"
EXAMPLES = SCHEMAS / "examples"
VALID = sorted((EXAMPLES / "valid").iterdir())
INVALID = sorted((EXAMPLES / "invalid").iterdir())
NATIVE = {"agent", "answer", "call", "agent-with-subtrace", "code", "instruction", "reasoning", "tool_use"}
# 256 MB on one line: `test_records` shows it with a smaller limit.
WITHOUT_EXAMPLE = {"S109"}
# What a format of somebody else has no place for is not asked of its example.
NOT_OURS = {"S107", "S111", "S112", "S211", "S212", "P108", "M501", "C415"}
FAMILIES = "SPOACRMLD"


def options(path: Path, tmp_path: Path) -> dict[str, Any]:
    """What has to be said beside the file for its code to appear."""
    code = path.name[:4]
    chosen: dict[str, Any] = {"profile": "train" if code in NOT_OURS else "publish"}
    templates = EXAMPLES / "templates"
    if code == "R706":
        tokenizers = pytest.importorskip("tokenizers")
        tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        chosen |= {
            "template": str(templates / "whole.jinja"),
            "tokenizer": tmp_path / "tokenizer.json",
            "max_length": 40,
        }
    elif code == "R708":
        chosen |= {"export": "openai_chat"}
    elif code.startswith("R7"):
        chosen |= {"template": str(next(templates.glob(f"{code}-*.jinja")))}
    return chosen


def test_the_pages_of_codes_and_formats_are_what_the_code_says():
    from sxl_data.view import pages

    assert pages.main([]) == 0


def plain_errors(value: Any) -> list[Any]:
    document = json.loads((SCHEMAS / "trace.v1.json").read_text(encoding="utf-8"))
    return list(jsonschema.Draft202012Validator(document).iter_errors(value))


@pytest.mark.parametrize("name", sorted(schema.documents()))
def test_what_is_published_is_what_the_types_say(name: str):
    assert schema.documents()[name] == (SCHEMAS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["trace.v1.json", "ledger.v1.json"])
def test_the_schemas_are_valid_and_every_field_is_described(name: str):
    document = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$id"].startswith("urn:sxl:schema:")
    holders = [document, *document.get("$defs", {}).values()]
    fields = [(name, field) for holder in holders for name, field in holder.get("properties", {}).items()]
    assert len(fields) > 8
    assert [name for name, field in fields if not field.get("description")] == []


def test_every_code_of_the_validator_has_an_example():
    wanted = {code for code, entry in CODES.items() if code[0] in FAMILIES and not entry.stage}
    assert wanted - WITHOUT_EXAMPLE == {path.name[:4] for path in INVALID}


def test_every_code_says_why_and_what_to_do():
    assert [code for code, entry in CODES.items() if not (entry.title and entry.why and entry.fix)] == []


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.name)
def test_valid_examples_have_no_finding(path: Path):
    report = validate(path, profile="publish" if path.stem in NATIVE else "train")
    assert (report.text(), report.exit_code) == (report.text(), 0)
    assert report.findings == []
    assert report.checked == 1


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.name)
def test_invalid_examples_have_exactly_their_code(path: Path, tmp_path: Path):
    report = validate(path, **options(path, tmp_path))
    codes = [item.code for item in report.findings]
    assert codes == [path.name[:4]], report.text(show_all=True)


@pytest.mark.parametrize("path", [p for p in VALID if p.stem in NATIVE], ids=lambda path: path.name)
def test_a_plain_validator_accepts_valid_traces(path: Path):
    assert plain_errors(json.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", [p for p in INVALID if p.name[:3] == "S20"], ids=lambda path: path.name)
def test_a_plain_validator_agrees_on_fields(path: Path):
    # S205 is a warning about a version that is still read, S206 is about text inside a string.
    refused = bool(plain_errors(json.loads(path.read_text(encoding="utf-8"))))
    assert refused == (path.name[:4] in {"S201", "S202", "S203", "S204"})


@pytest.mark.parametrize("path", [p for p in INVALID if p.name[0] in "POC"], ids=lambda path: path.name)
def test_a_plain_validator_accepts_what_only_the_checks_can_see(path: Path):
    value = json.loads(path.read_text(encoding="utf-8"))
    if "steps" in value:
        assert plain_errors(value) == []


def test_a_plain_validator_names_the_field_and_not_four_alternatives():
    value = json.loads((EXAMPLES / "valid" / "agent.json").read_text(encoding="utf-8"))
    value["steps"][2]["calls"][0]["call_id"] = 7
    messages = [error.message for error in plain_errors(value)]
    assert messages == ["7 is not of type 'string'"]


@pytest.mark.parametrize("module", ["sxl_data.build.schemas", "sxl_train.schemas"])
def test_recipe_and_manifest_schemas_are_what_the_structs_say(module: str):
    from importlib import import_module

    from sxl_data.build.schemas import render

    for name, entry in import_module(module).MODELS.items():
        assert render(name, *entry) == (SCHEMAS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("door", ["data", "train"])
def test_every_recipe_that_ships_follows_its_schema(door: str):
    import yaml

    document = json.loads((SCHEMAS / f"recipe.{door}.v1.json").read_text(encoding="utf-8"))
    for path in sorted((ROOT / "recipes" / door).glob("*.yaml")):
        recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(document).validate(recipe)
