"""The suites as tasks of inspect-ai, run by inspect-ai itself with a model that knows the answers."""

from __future__ import annotations

import gzip
import json

import pytest

from sxl_data.sandbox.run import missing

inspect_ai = pytest.importorskip("inspect_ai")
pytestmark = pytest.mark.skipif(missing() is not None, reason="no sandbox here")


def test_inspect_runs_a_suite_and_scores_it_as_we_do(tmp_path):
    from inspect_ai.model import ModelAPI, ModelOutput, modelapi

    from sxl_train.evaluate.inspect_tasks import bfcl_simple_python, humaneval_chat

    call = '<tool_call>{"name": "go", "arguments": {"to": "Oslo"}}</tool_call>'

    @modelapi(name="knows")
    class Knows(ModelAPI):
        async def generate(self, input, tools, tool_choice, config):
            text = input[-1].text
            if "plus3" in text:
                return ModelOutput.from_content("knows", "```python\ndef plus3(x):\n    return x + 3\n```")
            return ModelOutput.from_content(
                "knows", call if "Oslo" in text else "```python\ndef plus4(x): return 0\n```"
            )

    rows = [
        {
            "task_id": f"HumanEval/{n}",
            "prompt": f'def plus{n}(x):\n    """Add {n}."""\n',
            "entry_point": f"plus{n}",
            "canonical_solution": f"    return x + {n}\n",
            "test": f"def check(candidate):\n    assert candidate(1) == {n + 1}\n",
        }
        for n in (3, 4)
    ]
    with gzip.open(tmp_path / "HumanEval.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, rows)))
    function = {
        "name": "go",
        "description": "",
        "parameters": {"type": "dict", "properties": {"to": {"type": "string"}}, "required": ["to"]},
    }
    question = {
        "id": "simple_python_0",
        "question": [[{"role": "user", "content": "Go to Oslo."}]],
        "function": [function],
    }
    (tmp_path / "BFCL_v4_simple_python.json").write_text(json.dumps(question))
    (tmp_path / "possible_answer").mkdir()
    answer = {"id": "simple_python_0", "ground_truth": [{"go": {"to": ["Oslo"]}}]}
    (tmp_path / "possible_answer" / "BFCL_v4_simple_python.json").write_text(json.dumps(answer))
    tasks = [humaneval_chat(data=str(tmp_path)), bfcl_simple_python(data=str(tmp_path))]
    logs = inspect_ai.eval(tasks, model="knows/x", log_dir=str(tmp_path / "logs"), display="none")
    found = {log.eval.task: (log.status, log.results.scores[0].metrics["accuracy"].value) for log in logs}
    assert sorted(value for _, value in found.values()) == [0.5, 1.0] and {s for s, _ in found.values()} == {"success"}
