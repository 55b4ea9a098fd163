"""What an agent may use and how its loop is shaped."""

from __future__ import annotations

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Budgets of a run, and the parts of its harness."""

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
    that it called already; 0 shows all."""
    constrained: bool | None = None
    """Hold calls to the declared tools' schemas while they are written; None: where the model allows it."""
    repair: bool = True
    """Understand calls that are not quite JSON, see `evaluate.tool_calls.REPAIRS`."""
    break_repeats: bool = True
    """A call just made, with nothing changed since, is answered from memory and with a word about it; the third time
    ends the run."""
    second_try: bool = False
    """Where the model answers right behind a call that failed, ask it once for another way."""
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
    """The system text."""
