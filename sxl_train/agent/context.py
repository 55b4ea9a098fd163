"""The conversation as the model is shown it, which may be less than what happened."""

from __future__ import annotations

from sxl_train.answers.markup import Call
from sxl_train.answers.turns import assistant


class Conversation:
    """System text, task, and the loops so far. A loop is an answer of the model and what came back from it."""

    def __init__(self, instructions: str, task: str) -> None:
        self.head: list[dict[str, object]] = [{"role": "system", "content": instructions}] if instructions else []
        self.head.append({"role": "user", "content": task})
        self.loops: list[list[dict[str, object]]] = []
        self.forgotten = 0

    @property
    def messages(self) -> list[dict[str, object]]:
        """What the model is shown."""
        return [*self.head, *(message for loop in self.loops for message in loop)]

    @property
    def texts(self) -> list[str]:
        """The task and what the tools said, as the model reads it: what values can be copied from."""
        return [str(m["content"]) for m in self.messages if m["role"] == "tool" or m is self.head[-1]]

    def forget(self) -> bool:
        """Leave the oldest loop out from now on; False where only the last one is left."""
        if len(self.loops) < 2:
            return False
        del self.loops[0]
        self.forgotten += 1
        return True

    def called(self, content: str, thought: str, calls: list[tuple[str, Call]]) -> None:
        """An answer with calls."""
        self.loops.append([assistant(content, thought, calls)])

    def result(self, call_id: str, text: str) -> None:
        """What one of the calls brought."""
        self.loops[-1].append({"role": "tool", "tool_call_id": call_id, "content": text})

    def said(self, text: str) -> None:
        """An answer without calls."""
        self.loops.append([assistant(text)])

    def told(self, text: str) -> None:
        """What the harness says to the model."""
        self.loops[-1].append({"role": "user", "content": text})


def shortened(text: str, characters: int) -> str:
    """``text`` with its middle left out where it is longer: errors stand at the end, headings at the beginning."""
    if len(text) <= characters:
        return text
    first = characters * 3 // 5
    last = characters - first
    return f"{text[:first]}\n… {len(text) - characters:,} characters left out …\n{text[-last:]}"
