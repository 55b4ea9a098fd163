"""What others read: the Hub's own parser takes it, names are no paths, parts of a suite are no score."""

from __future__ import annotations

import json

import yaml
from huggingface_hub import parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results

from sxl_data.contract.names import is_inner
from sxl_train.evaluate.benchmark import Report, SuiteReport
from sxl_train.evaluate.exports import every_eval_ever, exports
from sxl_train.suites.score import Measured
from sxl_train.suites.statistics import estimate


def report(model="models/tiny", limit=0) -> Report:
    measured = Measured(measures={"strict": estimate([(str(i), float(i < 3), 1) for i in range(40)])}, kinds={})
    suite = SuiteReport(
        title="GSM8K",
        protocol="5-shot",
        main="strict",
        measured=measured,
        options={"limit": limit, "temperature": 0.0, "max_tokens": 256},
        files={"test.jsonl": "ab"},
        items=40,
        samples=40,
        generated=40,
        generated_tokens=1,
        seconds=1.0,
    )
    return Report(model=model, date="2025-01-02T03:04:05Z", suites={"gsm8k": suite}, versions={}, machine={})


def test_the_hub_reads_its_entries_and_the_card():
    found = exports(report())
    (entry,) = parse_eval_result_entries(yaml.safe_load(found[".eval_results/gsm8k.yaml"]))
    assert (entry.dataset_id, entry.value) == ("openai/gsm8k", 7.5) and "n = 40" in entry.notes
    name, results = model_index_to_eval_results(yaml.safe_load(found["model-index.yaml"])["model-index"])
    assert name == "tiny" and results[0].metric_value == 0.075 and results[0].dataset_type == "openai/gsm8k"
    assert "7.5 %" in found["table.md"].decode() and "40 items" in found["table.md"].decode()


def test_a_part_of_a_suite_is_no_score_of_it():
    assert [name for name in exports(report(limit=10)) if "eval_results" in name or "index" in name] == []


def test_names_of_models_are_no_paths():
    for model in ("../../etc/passwd", "a/b\\c:d", "\x00\u202e", "http://host:8000/v1", "x" * 500, ".hidden", ""):
        for name in exports(report(model)):
            assert is_inner(name.replace(".eval_results", "eval_results")), (model, name)


def test_a_document_of_every_eval_ever_says_n_interval_and_protocol():
    document = json.loads(json.dumps(every_eval_ever(report(), "gsm8k"), allow_nan=False))
    (result,) = document["evaluation_results"]
    held = result["score_details"]["uncertainty"]
    assert held["num_samples"] == 40 and held["confidence_interval"]["confidence_level"] == 0.95
    assert held["confidence_interval"]["lower"] < 0.075 < held["confidence_interval"]["upper"]
    assert result["source_data"]["hf_repo"] == "openai/gsm8k" and document["model_info"]["id"] == "local/tiny"
