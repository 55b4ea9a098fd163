"""Documents of three formats with ten planted defects each, and the code and place of every one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
TRACE = json.loads((EXAMPLES / "valid" / "tool_use.json").read_text(encoding="utf-8"))
CHAT = json.loads((EXAMPLES / "valid" / "openai_chat.json").read_text(encoding="utf-8"))
ATIF = json.loads((EXAMPLES / "valid" / "atif.json").read_text(encoding="utf-8"))


def call(identity: str, **arguments: Any) -> dict[str, Any]:
    return {"id": identity, "type": "function", "function": {"name": "get_weather", "arguments": json.dumps(arguments)}}


def ten_defects_chat() -> tuple[dict[str, Any], set[tuple[str, str]]]:
    row = copy.deepcopy(CHAT)
    dialect = {"type": "function", "function": {"name": "add up", "parameters": {"type": "dict", "properties": {}}}}
    broken = call("c6", city="Rome")
    broken["function"]["arguments"] = "{'city': 'Rome'}"
    undeclared = call("c7", city="Oslo")
    undeclared["function"]["name"] = "weather"
    row["tools"].append(dialect)
    row["messages"] = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": [call("c1", city="Dhaka"), call("c2", city="Rome")]},
        {"role": "tool", "tool_call_id": "c2", "content": "18"},
        {"role": "tool", "tool_call_id": "c1", "content": "31"},
        {"role": "assistant", "content": "", "tool_calls": [call("c1", city="Oslo"), call("c3", days="one", city="A")]},
        {"role": "tool", "tool_call_id": "c1", "content": "5"},
        {"role": "assistant", "content": "Hm. <think> Wait.", "tool_calls": [broken, undeclared]},
        {"role": "tool", "tool_call_id": "c6", "content": "18"},
        {"role": "tool", "tool_call_id": "c7", "content": "5"},
        {"role": "tool", "tool_call_id": "c9", "content": "?"},
        {"role": "assistant", "content": "Done.<|im_end|>"},
    ]
    return row, {
        ("A304", "/tools/1/function/parameters/type"),
        ("A311", "/tools/1/function/name"),
        ("P109", "/messages/3"),
        ("P102", "/messages/4/tool_calls/0/id"),
        ("P103", "/messages/4/tool_calls/1"),
        ("A307", "/messages/4/tool_calls/1/function/arguments"),
        ("C402", "/messages/6/content"),
        ("A305", "/messages/6/tool_calls/0/function/arguments"),
        ("A301", "/messages/6/tool_calls/1/function/name"),
        ("P105", "/messages/9/tool_call_id"),
        ("C404", "/messages/10/content"),
    }


def ten_defects_atif() -> tuple[dict[str, Any], set[tuple[str, str]]]:
    document = copy.deepcopy(ATIF)
    document["agent"]["tool_definitions"].append(
        {"type": "function", "function": {"name": "x", "parameters": {"type": "object", "properties": ["city"]}}}
    )

    def act(number: int, calls: list[tuple[str, Any]], results: list[tuple[str, str]], message: str = "") -> Any:
        return {
            "step_id": number,
            "source": "agent",
            "message": message,
            "tool_calls": [{"tool_call_id": i, "function_name": "get_weather", "arguments": a} for i, a in calls],
            "observation": {"results": [{"source_call_id": i, "content": text} for i, text in results]},
        }

    document["steps"] = [
        {"step_id": 1, "source": "user", "message": "Weather?"},
        act(2, [("c1", {"city": "Dhaka"}), ("c2", {"town": "Rome"})], [("c2", "18"), ("c1", "31")]),
        act(3, [("c1", {"city": "Oslo"}), ("c3", {"city": "Bonn", "colour": 1})], [("c1", "5"), ("c9", "?")]),
        act(4, [("c4", {"city": "Rome"}), ("c4", {"city": "Pisa"})], [("c4", "18"), ("c4", "19")]),
        act(5, [("c5", ["Rome"])], [("c5", "18\n[output truncated, 900 lines]")], "I look at /home/jdoe/notes/ now"),
        {"step_id": 6, "source": "agent", "message": "Done.", "metrics": {"prompt_tokens": 9, "completion_tokens": 9}},
    ]
    document["final_metrics"] = {"total_steps": 7}
    return document, {
        ("A303", "/agent/tool_definitions/1/function/parameters/properties"),
        ("P109", "/steps/1/observation/results/1"),
        ("A307", "/steps/1/tool_calls/1/arguments"),
        ("P102", "/steps/2/tool_calls/0/tool_call_id"),
        ("A309", "/steps/2/tool_calls/1/arguments/colour"),
        ("P103", "/steps/2/tool_calls/1"),
        ("P105", "/steps/2/observation/results/1/source_call_id"),
        ("P101", "/steps/3/tool_calls/1/tool_call_id"),
        ("A306", "/steps/4/tool_calls/0/arguments"),
        ("C408", "/steps/4/observation/results/0/content"),
        ("C412", "/steps/4/message"),
        ("M501", "/final_metrics/total_steps"),
    }


def ten_defects_trace() -> tuple[dict[str, Any], set[tuple[str, str]]]:
    row = copy.deepcopy(TRACE)
    row["tools"].append({"name": "get_weather"})
    row["provenance"]["licence"] = "Apache 2"
    row["provenance"]["source_sha256"] = ""
    row["ext_json"] = "{"
    row["metrics"] = {"prompt_tokens": -1}
    steps = row["steps"]
    steps[1]["timestamp"] = "2026-01-31T09:00:05Z"
    steps[2]["timestamp"] = "2026-01-31T09:00:01Z"
    steps[3]["calls"].append({"call_id": "c2", "name": "get_weather", "arguments_json": '"{\\"city\\": \\"Rome\\"}"'})
    steps[4]["results"][0] |= {"exit_code": 2}
    steps[4]["index"] = 9
    steps[5]["content"] = [{"type": "image"}]
    return row, {
        ("A310", "/tools/1/name"),
        ("L602", "/provenance/licence"),
        ("L604", "/provenance/source_sha256"),
        ("S206", "/ext_json"),
        ("M502", "/metrics/prompt_tokens"),
        ("S304", "/steps/2/timestamp"),
        ("A308", "/steps/3/calls/1/arguments_json"),
        ("P103", "/steps/3/calls/1"),
        ("M503", "/steps/4/results/0/exit_code"),
        ("S301", "/steps/4/index"),
        ("C407", "/steps/5/content/0"),
    }
