"""A backend that says what the plan of a tool set's task says, in Hermes markup: the reference solution of the suite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from sxl_data import toolsets
from sxl_data.toolsets.tasks import from_id
from sxl_data.trace.messages import to_messages
from sxl_train.generate.types import Request, Sample, Score


def say(message: dict) -> str:
    calls = [
        "<tool_call>\n" + json.dumps(call["function"], ensure_ascii=False) + "\n</tool_call>"
        for call in message.get("tool_calls", ())
    ]
    thought = message.get("reasoning_content")
    return (f"<think>{thought}</think>" if thought else "") + "\n".join([message["content"], *calls]).strip()


class Scripted:
    name = "the plans"

    def __init__(self, change: Callable[[str], str] = lambda text: text) -> None:
        self.change = change
        self.asked = 0

    def generate(self, requests: Sequence[Request], progress=None) -> Iterator[Sample]:
        for request in requests:
            self.asked += 1
            task_id, _, turn = request.id.partition(":")[2].rpartition("#")
            toolset = toolsets.get(task_id.partition("/")[0])
            messages, _ = to_messages(toolsets.run(toolset, from_id(toolset, task_id)).trace)
            said = [message for message in messages if message["role"] == "assistant"]
            # A thought before a call is a message of its own only where another turn stands between.
            text = say(said[int(turn)]) if int(turn) < len(said) else "Done."
            yield Sample(request=request.id, index=0, text=self.change(text), finish="stop", prompt_tokens=1, tokens=1)

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        raise AssertionError

    def close(self) -> None:
        pass
