"""A report in the forms that others read: Every Eval Ever documents, ``.eval_results`` and ``model-index`` of the Hub.

In: a `Report`. Out: file name → content, below the folder of the evaluation. Only what was measured on a whole suite
goes to the Hub's forms: a part is no score of a benchmark. ``.eval_results`` knows registered benchmarks alone.
Sources: https://evalevalai.com (schema 0.3), https://huggingface.co/docs/hub/eval-results.
"""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from datetime import datetime
from typing import TypeAlias

import yaml

from sxl_data.contract import patterns
from sxl_data.write.ratings import Ratings, section
from sxl_train.evaluate.benchmark import Report, SuiteReport
from sxl_train.evaluate.tables import as_markdown
from sxl_train.suites.statistics import Estimate

EEE_SCHEMA = "0.3.0"
REGISTERED = {"gsm8k": ("openai/gsm8k", "gsm8k")}
"""Suite → (data set on the Hub that is registered as a benchmark, task)."""
DATASETS = {
    "humaneval": "openai/openai_humaneval",
    "mbpp": "google-research-datasets/mbpp",
    "mbpp-sanitized": "google-research-datasets/mbpp",
    "mbpp-plus": "evalplus/mbppplus",
    "humaneval-plus": "evalplus/humanevalplus",
    "mmlu": "cais/mmlu",
    "mmlu-cloze": "cais/mmlu",
    "gsm8k": "openai/gsm8k",
    "bfcl": "gorilla-llm/Berkeley-Function-Calling-Leaderboard",
}
"""Suite → the data set on the Hub that holds its items; the others are told by their files alone."""
Json: TypeAlias = dict[str, object]
_ODD = patterns.compile(r"[^A-Za-z0-9._-]+")


def exports(report: Report, rated: Ratings | None = None) -> dict[str, bytes]:
    """Every document, by its name below the evaluation's folder; the table shows what was ``rated``."""
    said = f"\n{section(rated)}" if rated is not None else ""
    found = {"table.md": (as_markdown(report) + said).encode()}
    for name in report.suites:
        document = every_eval_ever(report, name)
        found[place_of(report, name, document)] = _text(document).encode()
    for name, entries in eval_results_of(report).items():
        found[f".eval_results/{name}.yaml"] = yaml.safe_dump(entries, sort_keys=False).encode()
    index = model_index(report)
    if index:
        found["model-index.yaml"] = yaml.safe_dump({"model-index": index}, sort_keys=False).encode()
    return found


def every_eval_ever(report: Report, name: str) -> Json:
    """One suite as an aggregate document of Every Eval Ever."""
    suite, model, developer = report.suites[name], _name(report.model), "local"
    stamp = str(int(datetime.fromisoformat(report.date).timestamp()))
    known = {"deployment_type": "self_deployed", "model_availability": "unknown"}
    return {
        "schema_version": EEE_SCHEMA,
        "evaluation_id": f"{name}/{developer}_{model}/{stamp}",
        "evaluation_timestamp": report.date,
        "retrieved_timestamp": stamp,
        "source_metadata": {
            "source_name": "sheikh-sxl",
            "source_type": "evaluation_run",
            "source_organization_name": "sheikh-sxl",
            "evaluator_relationship": "first_party",
        },
        "eval_library": {"name": "sheikh-sxl", "version": report.versions.get("sheikh-sxl", "unknown")},
        "model_info": {
            "name": report.model,
            "id": f"{developer}/{model}",
            "developer": developer,
            "additional_details": known,
        },
        "evaluation_results": [
            _result(name, suite, measure, value)
            for measure, value in suite.measured.measures.items()
            if not math.isnan(value.value)
        ],
    }


def _result(name: str, suite: SuiteReport, measure: str, value: Estimate) -> Json:
    details = {"protocol": suite.protocol, "unit": value.unit, **{f"sha256 {k}": v for k, v in suite.files.items()}}
    source: Json = {"dataset_name": suite.title, "source_type": "other", "additional_details": details}
    repository = DATASETS.get(name.removesuffix("-chat"))
    if repository:
        source |= {"source_type": "hf_dataset", "hf_repo": repository}
    temperature, tokens = suite.options["temperature"], suite.options["max_tokens"]
    return {
        "evaluation_result_id": f"{name}/{measure}",
        "evaluation_name": name,
        "source_data": source,
        "metric_config": {
            "metric_id": f"{name}.{measure}",
            "metric_name": measure,
            "metric_kind": "pass_rate" if measure.startswith("pass@") else "accuracy",
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": {
            "score": value.value,
            "uncertainty": {
                "confidence_interval": {
                    "lower": value.low,
                    "upper": value.high,
                    "confidence_level": 0.95,
                    "method": value.method,
                },
                "num_samples": value.n,
            },
        },
        "generation_config": {"generation_args": {"temperature": temperature, "max_tokens": tokens}},
    }


def eval_results(report: Report, name: str) -> list[Json]:
    """One suite as an entry of ``.eval_results/*.yaml``, in per cent."""
    repository, task = REGISTERED[name]
    suite = report.suites[name]
    value = suite.measured.measures[suite.main]
    return [
        {
            "dataset": {"id": repository, "task_id": task},
            "value": round(100 * value.value, 2),
            "date": report.date,
            "notes": f"{suite.protocol}; 95 %: {100 * value.low:.1f} to {100 * value.high:.1f}, n = {value.n}",
        }
    ]


def eval_results_of(report: Report) -> dict[str, list[Json]]:
    """The suites of ``report`` that are registered benchmarks and were measured whole."""
    names = [name for name, suite in report.suites.items() if name in REGISTERED and _whole(suite)]
    return {name: eval_results(report, name) for name in names}


def model_index(report: Report) -> list[Json]:
    """Every suite that was measured whole, as the ``model-index`` of a model card."""
    results: list[Json] = []
    for name, suite in report.suites.items():
        value = suite.measured.measures.get(suite.main)
        if value is None or not _whole(suite) or math.isnan(value.value):
            continue
        results.append(
            {
                "task": {"type": "text-generation"},
                "dataset": {"type": DATASETS.get(name.removesuffix("-chat"), name), "name": suite.title},
                "metrics": [
                    {"type": suite.main, "value": round(value.value, 4), "name": f"{suite.main} (n = {value.n})"}
                ],
            }
        )
    return [{"name": _name(report.model), "results": results}] if results else []


def _whole(suite: SuiteReport) -> bool:
    return suite.options.get("limit") == 0 and suite.main in suite.measured.measures


def place_of(report: Report, name: str, document: Json) -> str:
    """Where the datastore wants the document; its id is made of its content, so that a rerun writes the same one."""
    held = uuid.UUID(bytes=hashlib.sha256(_text(document).encode()).digest()[:16], version=4)
    return f"every_eval_ever/data/{name}/local/{_name(report.model)}/{held}.json"


def _text(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _name(model: str) -> str:
    """A model's name as the last part of a path: no separators, nothing hidden."""
    return _ODD.sub(lambda found: "_", model.rstrip("/").rpartition("/")[2]).strip("._")[:96] or "model"
