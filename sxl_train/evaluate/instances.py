"""Judged samples as the instance records of Every Eval Ever: one line for each, beside the aggregate document.

In: the aggregate document and the outcomes of its suite. Out: JSONL, and the document that names it with its digest.
Source: https://evalevalai.com, instance-level schema 0.3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TypeAlias

from sxl_data.files.json_text import load_plain
from sxl_train.run.objects import Object
from sxl_train.suites.types import Outcome

Json: TypeAlias = Object


def with_samples(document: Json, place: str, outcomes: Sequence[Outcome], main: str) -> tuple[Json, bytes]:
    """``document``, whose samples lie at ``place``, and what lies there; ``main`` is the measure of each score."""
    lines = [json.dumps(_instance(document, outcome, main), ensure_ascii=False) for outcome in outcomes]
    data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    named = {
        "format": "jsonl",
        "file_path": place,
        "hash_algorithm": "sha256",
        "checksum": hashlib.sha256(data).hexdigest(),
        "total_rows": len(lines),
    }
    return document | {"detailed_evaluation_results": named}, data


def _instance(document: Json, outcome: Outcome, main: str) -> Json:
    scores = outcome.scores
    score = scores.get(main, scores.get("pass", next(iter(scores.values()), 0.0)))
    wanted = [outcome.wanted] if outcome.wanted else []
    hashed = hashlib.sha256((outcome.request + "".join(wanted)).encode("utf-8", "replace")).hexdigest()
    turns = _turns(outcome.text)
    found: Json = {
        "schema_version": document["schema_version"],
        "evaluation_id": document["evaluation_id"],
        "model_id": document["model_info"]["id"],
        "evaluation_name": outcome.suite,
        "evaluation_result_id": f"{outcome.suite}/{main}",
        "sample_id": outcome.item if not outcome.index else f"{outcome.item}#{outcome.index}",
        "sample_hash": hashed,
        "interaction_type": "agentic" if turns else "single_turn",
        "input": {"raw": outcome.request, "reference": wanted},
        "answer_attribution": [
            {
                "turn_idx": max(0, len(turns) - 1),
                "source": f"messages[{len(turns) - 1}].content" if turns else "output.raw",
                "extracted_value": turns[-1] if turns else outcome.text,
                "extraction_method": "custom",
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": float(score), "is_correct": score >= 1.0},
        "metadata": {"failure": outcome.kind, "finish": outcome.finish},
    }
    if turns:
        found["messages"] = [{"turn_idx": n, "role": "assistant", "content": text} for n, text in enumerate(turns)]
        found["output"] = None
    else:
        found["output"] = {"raw": [outcome.text]}
    total = outcome.prompt_tokens + outcome.tokens
    usage = {"input_tokens": outcome.prompt_tokens, "output_tokens": outcome.tokens, "total_tokens": total}
    return found | {"token_usage": usage}


def _turns(text: str) -> list[str]:
    """The answers of a conversation that a suite kept as JSON; empty for a single answer."""
    if not text.startswith("["):
        return []
    try:
        found = load_plain(text)
    except ValueError:
        return []
    return [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in found]
