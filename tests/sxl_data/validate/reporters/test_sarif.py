"""SARIF 2.1.0: what the standard asks of every property that we write, in our own words.

The standard's own schema is not part of this repository; what it requires, allows and enumerates for these objects is
(sections 3.13 to 3.49 of the specification), so a log that passes here passes there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sxl_data.validate.reporters.report import Report
from sxl_data.validate.validate import validate

INVALID = sorted((Path(__file__).parents[4] / "schemas" / "examples" / "invalid").iterdir())


def record(required: str, **properties: Any) -> dict[str, Any]:
    """An object with these properties and no other one, where ``required`` names those that must be there."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required.split()}


TEXT = {"type": "string", "minLength": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = record("text", text=TEXT)
LOCATION = record(
    "physicalLocation",
    physicalLocation=record(
        "artifactLocation",
        artifactLocation=record("uri", uri={"type": "string", "format": "uri-reference", "pattern": "^[^ \\\\]+$"}),
        region=record("startLine", startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations={"type": "array", "items": record("", fullyQualifiedName=TEXT, kind={"const": "element"})},
)
RULE = record(
    "id",
    id=TEXT,
    name={"type": "string", "pattern": "^[A-Z][A-Za-z0-9]+$"},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=record("", level=LEVEL),
)
POSITION = {"type": "integer", "minimum": 1}
REGION = record(
    "startLine startColumn endLine endColumn",
    startLine=POSITION,
    startColumn=POSITION,
    endLine=POSITION,
    endColumn=POSITION,
)
REPLACEMENT = record("deletedRegion insertedContent", deletedRegion=REGION, insertedContent=MESSAGE)
CHANGE = record(
    "artifactLocation replacements",
    artifactLocation=record("uri", uri={"type": "string", "format": "uri-reference"}),
    replacements={"type": "array", "minItems": 1, "items": REPLACEMENT},
)
FIX = record("artifactChanges", description=MESSAGE, artifactChanges={"type": "array", "items": CHANGE, "minItems": 1})
RESULT = record(
    "message ruleId",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
    fixes={"type": "array", "items": FIX, "minItems": 1},
    properties={"type": "object"},
)
RUN = record(
    "tool results",
    tool=record(
        "driver",
        driver=record("name", name=TEXT, version=TEXT, rules={"type": "array", "uniqueItems": True, "items": RULE}),
    ),
    results={"type": "array", "items": RESULT},
    invocations={
        "type": "array",
        "items": record("executionSuccessful", executionSuccessful={"type": "boolean"}, exitCode={"type": "integer"}),
    },
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
)
LOG = record(
    "version runs",
    version={"const": "2.1.0"},
    runs={"type": "array", "items": RUN},
    **{"$schema": {"type": "string", "format": "uri"}},
)
CHECK = jsonschema.Draft202012Validator(LOG, format_checker=jsonschema.FormatChecker())


def faults(report: Report) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in CHECK.iter_errors(json.loads(report.render("sarif")))]


def test_every_code_is_a_valid_result():
    report = validate(INVALID, profile="publish", edits=True)
    assert len(report.counts) > 60
    assert faults(report) == []


def test_a_clean_and_an_unreadable_file_are_valid_logs(tmp_path: Path):
    assert faults(Report()) == []
    report = validate([tmp_path, tmp_path / "with space, é.json"])
    assert faults(report) == []
    (run,) = json.loads(report.render("sarif"))["runs"]
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 2}]
    assert run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith(
        "with%20space%2C%20%C3%A9.json"
    )


@pytest.mark.parametrize("damage", ["level", "message", "ruleId"])
def test_the_check_sees_what_is_wrong(damage: str):
    log = json.loads(validate(INVALID[:1]).render("sarif"))
    log["runs"][0]["results"][0][damage] = 7
    assert not CHECK.is_valid(log)
