"""Croissant 1.1 with the fields of its extension for responsible AI, from the manifest alone.

In: the manifest of what is sent. Out: JSON-LD (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html,
https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html). Nothing is said that the build did not count; what
it cannot know, such as who wrote the sources, is named as unknown.
"""

from __future__ import annotations

import contextlib
import io
import logging
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.codes import CODES
from sxl_data.contract.errors import Finding, finding
from sxl_data.write.column_words import COLUMNS
from sxl_data.write.manifest import Manifest

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in "column containedIn arrayShape equivalentProperty isArray extract field "
        "fileProperty fileObject fileSet format includes "
        "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate "
        "separator source subField transform citeAs".split()
    },
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
}
FIELDS = (
    ("trace_id", "sc:Text"),
    ("source", "sc:Text"),
    ("kind", "sc:Text"),
    ("task", "sc:Text"),
    ("licence", "sc:Text"),
    ("language", "sc:Text"),
    ("n_turns", "sc:Integer"),
    ("n_calls", "sc:Integer"),
    ("n_errors", "sc:Integer"),
    ("has_reasoning", "sc:Boolean"),
    ("text_bytes", "sc:Integer"),
)
"""Columns of one value; those with a structure are described in the card."""


def describe(manifest: Manifest, repo: str) -> bytes:
    """The description as JSON."""
    value = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest.name,
        "description": manifest.description or manifest.name,
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "version": f"1.0.0+{manifest.content_hash[:16]}",
        "url": f"https://huggingface.co/datasets/{repo}",
        "license": sorted({name or "unknown" for name in _licences(manifest)}),
        **({"inLanguage": manifest.languages} if manifest.languages else {}),
        **_responsible(manifest),
        "distribution": [_file(name, info) for name, info in sorted(manifest.files.items()) if _is_data(name)],
        "recordSet": [_records(name) for name in sorted(filter(_is_data, manifest.files))],
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def validate(path: Path) -> list[Finding]:
    """What mlcroissant finds wrong, where it is installed (the extra `croissant`): U508."""
    try:
        import mlcroissant
    except ImportError:
        return []
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            logging.getLogger("absl").setLevel(logging.ERROR)
            mlcroissant.Dataset(jsonld=str(path))
    except (mlcroissant.ValidationError, ValueError) as problem:
        return [finding("U508", file=path.name, found=problem)]
    return []


def _is_data(name: str) -> bool:
    return name.startswith("data/")


def _licences(manifest: Manifest) -> set[str]:
    return {name for source in manifest.sources for name in source.licences} or {s.licence for s in manifest.sources}


def _file(name: str, info: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{info['bytes']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": info["sha256"],
    }


def _records(name: str) -> dict[str, Any]:
    ident = name.removeprefix("data/").removesuffix(".parquet")
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{ident}/{column}",
            "name": f"{ident}/{column}",
            "description": COLUMNS[column],
            "dataType": kind,
            "source": {"fileObject": {"@id": name}, "extract": {"column": column}},
        }
        for column, kind in FIELDS
    ]
    return {"@type": "cr:RecordSet", "@id": ident, "name": ident, "key": {"@id": f"{ident}/trace_id"}, "field": fields}


def _responsible(manifest: Manifest) -> dict[str, Any]:
    """The `rai:` fields that a build knows."""
    kept = [source for source in manifest.sources if sum(source.kept.values())]
    rows = sum(numbers["rows"] for numbers in manifest.splits.values())
    replaced = sum(stage.edited.get("C703", 0) for stage in manifest.stages)
    largest = max(kept, key=lambda source: sum(source.kept.values()), default=None)
    biases = [f"{sum(source.kept.values())} of {rows} rows are from {source.name}." for source in kept]
    uses = "Training of language models that call tools or write code; validation and test rows are for measuring."
    checked = ", ".join(manifest.benchmarks)
    limits = [
        f"Checked for text of {checked}; paraphrases are not found." if checked else "Not checked for benchmark text.",
        "Answers are those of the sources; nobody read all of them.",
    ]
    return {
        "rai:dataCollection": f"Converted by sxl {manifest.sxl_version} from {len(kept)} sources: "
        + ", ".join(f"{source.name} ({source.format})" for source in kept),
        "rai:dataCollectionType": ["Secondary Data Analysis"],
        "rai:dataCollectionMissingData": "Fields that a source does not state are null; nothing was imputed.",
        "rai:dataPreprocessingProtocol": [
            f"{stage.stage}: {stage.rows_in} rows in, {stage.rows_out} out" + _reasons(stage.dropped)
            for stage in manifest.stages
        ],
        "rai:dataBiases": biases if largest is not None else ["No rows."],
        "rai:dataLimitations": limits,
        "rai:dataUseCases": [uses],
        "rai:personalSensitiveInformation": [
            f"Secrets were replaced in {replaced} rows; no guarantee that no personal data is left."
            if manifest.recipe.get("clean", {}).get("secrets")
            else "Not looked for."
        ],
        "rai:dataReleaseMaintenancePlan": "Rows are taken down by id; each content has a tag named by its hash.",
    }


def _reasons(dropped: dict[str, int]) -> str:
    said = [f"{CODES[code].rule} {count}" for code, count in sorted(dropped.items()) if code in CODES]
    return f" ({', '.join(said)})" if said else ""
