"""What an agent may use and how its loop is shaped."""

from __future__ import annotations

from typing import Any

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Budgets of a run, and the parts of its harness.

    What a part is worth is measured with `benchmarks/agent/harness_parts.py`: points of tasks of several steps met,
    with the part less without it, and the paired interval of 95 %. Those of `CLOSED`: SmolLM2-135M tuned on 1,000 runs
    of the sets home and shop, stored in eight bits, llama.cpp, tasks with held-out values that no part was made on. All
    of them beside none, on the same weights: home 30 to 57 of 75 met, +36 (25 to 47), shop 36 to 57 of 75, +28 (19 to
    39), none lost, for 2.3 times the tokens written. By kind of task: side by side 10 to 39 of 43, recovering 11 to 17
    of 17, one after another 36 to 40 of 43, where one step needs what another found 9 to 18 of 47. The other parts:
    tuned on 1,000 and on 3,000 runs, half of them with four tools shown, 200 tasks of both sets.
    """

    turns: int = 16
    """Answers of the model at most."""
    tokens: int = 16_000
    """Tokens that the model writes at most, over all its answers."""
    answer_tokens: int = 768
    """Tokens of one answer at most."""
    temperature: float = 0.0
    """0 is greedy."""
    seed: int = 0
    """Of the sampler, where the temperature is above 0."""
    tools_shown: int = 0
    """Show the model at most so many tools in a turn: those that the task, and the last error, speak of most, and those
    that it called already; 0 shows all. Measured with 4: −6.0 (−11.5 to 0.0) and −6.0 (−11.0 to −1.0), for a quarter
    less to read: a tool that the task needs is often not among them. For lists that do not fit."""
    constrained: bool | None = None
    """Hold calls to the declared tools' schemas while they are written; None: where the model allows it.
    Measured: +0.5 (−1.5 to +3.0) and +0.5 (0.0 to +1.5)."""
    repair: bool = True
    """Understand calls that are not quite JSON, see `answers.tool_calls.REPAIRS`. Measured: as `constrained`."""
    break_repeats: bool = True
    """A call just made, or one that failed and nothing has gone well since, is answered from memory and with a word
    about it; the third time in a row ends the run. Measured, of the call just made alone: 0.0 (−2.5 to +2.5) and 0.0
    (−1.5 to +1.5)."""
    copy_values: bool = False
    """Hold the strings in arguments to spans of the task and of what the tools said, whole words of them. For tools
    whose arguments name what is there; what a tool wants reworded (a date out of "next Friday") cannot be written then.
    Needs `constrained`. Measured, 50 tasks of each set: +6.0 (+1.0 to +12.0; 7 won, 1 lost), for a fifth fewer
    tokens."""
    own_words: tuple[str, ...] = ("content", "code", "command", "expression", "new", "message", "body")
    """Parameters that are never copied: the model fills them with words of its own."""
    other_calls: int = 0
    """Where a call fails because it names nothing that there is, or was just made: so many answers are sampled in its
    place, and what most of them call is tried instead. The model is shown what went well; the trace holds all.
    Measured, 50 tasks of each set: +4.0 (−1.0 to +10.0; 6 won, 2 lost), for 1.4 times the tokens: not shown to pay."""
    next_alike: int = 0
    """Where the model answers, and the task names more that the tool called last could be called for (a second order,
    another lamp): so many such calls are sampled, and what more than half of them agree on is made first. Needs
    `constrained`. Measured, 50 tasks of each set: +19.0 (+11.0 to +27.0; 20 won, 1 lost), for 1.6 times the
    tokens."""
    result_characters: int = 4_000
    """Characters of a result that the model is shown; the middle of a longer one is left out and counted."""
    cut_at_loops: bool = True
    """Where the conversation no longer fits, forget whole loops (an answer with its results), oldest first."""
    keep_beginning: bool = False
    """Keep what every task begins with, system text and tools, read by the model in the user's cache folder
    (`generate.beginnings`): the next start answers without reading it again. Only of GGUF files, and where all tools
    are shown. The program's own runs do; `sxl-train agent --keep-nothing` does not."""
    instructions: str = (
        "You are a coding agent. Work in small steps: look first, call one tool at a time, read its result, "
        "and check what you changed. When the task is done, answer in plain words without a call."
    )
    """The system text. Measured on those sets, which have little to do with code: −3.0 (−8.0 to +2.0) and −3.5 (−9.0 to
    +1.5); with new patterns −5.5 (−9.0 to −2.5) and −2.5 (−5.5 to 0.0)."""


CLOSED: dict[str, Any] = {"copy_values": True, "other_calls": 5, "next_alike": 3, "instructions": ""}
"""The parts that pay with closed tool sets, whose arguments name what there is and whose tools refuse what there is
not."""
