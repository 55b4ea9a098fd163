"""What an agent may use and how its loop is shaped."""

from __future__ import annotations

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Budgets of a run, and the parts of its harness.

    What a part is worth was measured with `benchmarks/agent/harness_parts.py`: SmolLM2-135M tuned on 1,000 and on 3,000
    runs of the sets home and shop, half of them with four tools shown, on the same 200 tasks of several steps with
    held-out values; points of tasks met, with the part less without it, and the paired interval of 95 %.
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
    """A call just made, with nothing changed since, is answered from memory and with a word about it; the third time
    ends the run. Measured: 0.0 (−2.5 to +2.5) and 0.0 (−1.5 to +1.5)."""
    second_try: bool = False
    """Where the model answers right behind a call that failed, ask it once for another way. Measured: +0.5 (−1.5 to
    +3.0) and 0.0 (−1.5 to +1.5), so it is off."""
    votes: int = 1
    """Answers generated in each turn; that whose calls most of them make is taken."""
    result_characters: int = 4_000
    """Characters of a result that the model is shown; the middle of a longer one is left out and counted."""
    cut_at_loops: bool = True
    """Where the conversation no longer fits, forget whole loops (an answer with its results), oldest first."""
    instructions: str = (
        "You are a coding agent. Work in small steps: look first, call one tool at a time, read its result, "
        "and check what you changed. When the task is done, answer in plain words without a call."
    )
    """The system text. Measured on those sets, which have little to do with code: −3.0 (−8.0 to +2.0) and −3.5 (−9.0 to
    +1.5); with new patterns −5.5 (−9.0 to −2.5) and −2.5 (−5.5 to 0.0)."""
