"""The log's entries in, four live lines out: where the run stands, its losses, its speed, what is left.

For a person at a terminal; where stderr is none, `log.py` prints plain lines instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from sxl_data.contract.console import format_seconds
from sxl_train.run.objects import Object

BLOCKS = "▁▂▃▄▅▆▇█"
CURVE, BAR = 40, 40
SPEED = {
    "tokens_per_s": "{:,.0f} tokens/s",
    "mfu": "MFU {:.1%}",
    "memory_gb": "{:.1f} GB",
    "learning_rate": "rate {:.2e}",
}


def draw(step: int, steps: int, entries: Sequence[Object]) -> str:
    """The panel's text after ``step`` of ``steps``; ``entries`` as in ``log.jsonl``, oldest first."""
    losses = [entry["loss"] for entry in entries if "loss" in entry]
    judged = [entry for entry in entries if "eval_loss" in entry]
    latest: Object = next((entry for entry in reversed(entries) if "loss" in entry), {})
    done = round(BAR * step / max(steps, 1))
    left = f"  {format_seconds(latest['left_s'])} left" if "left_s" in latest else ""
    lines = [f"step        {step}/{steps}  {'━' * done}{'─' * (BAR - done)}{left}"]
    if losses:
        lines.append(f"loss        {losses[-1]:.4f}  {draw_curve(losses)}")
    if judged:
        best = min(entry["eval_loss"] for entry in judged)
        last = judged[-1]
        lines.append(f"validation  {last['eval_loss']:.4f} at step {last['step']}, best {best:.4f}")
    if parts := list_speed(latest):
        lines.append("speed       " + "  ".join(parts))
    return "\n".join(lines)


def list_speed(entry: Object, names: Sequence[str] = tuple(SPEED)) -> list[str]:
    """Those of ``names`` that an entry of the log has, as a person reads them."""
    return [SPEED[name].format(entry[name]) for name in names if name in entry]


def draw_curve(losses: Sequence[float]) -> str:
    """The losses as blocks, at most `CURVE`: each block the mean of an equal share of them."""
    size = min(CURVE, len(losses))
    shares = [losses[i * len(losses) // size : (i + 1) * len(losses) // size] for i in range(size)]
    means = [sum(share) / len(share) for share in shares]
    low, high = min(means), max(means)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((mean - low) * scale)] for mean in means)


class Panel:
    """The live display on stderr."""

    def __init__(self, steps: int, entries: Sequence[Object] = ()) -> None:
        from rich.console import Console
        from rich.live import Live

        self.steps, self.step = steps, 0
        self.entries = list(entries)
        self.live = Live(console=Console(stderr=True), transient=True, refresh_per_second=4)
        self.live.start()

    def move(self, step: int) -> None:
        """``step`` steps are done."""
        self.step = step
        self.show()

    def add(self, entry: Object) -> None:
        """One more line of the log."""
        self.entries.append(entry)
        self.show()

    def show(self) -> None:
        """Draw what is known."""
        from rich.panel import Panel as Frame
        from rich.text import Text

        text = Text(draw(self.step, self.steps, self.entries))
        self.live.update(Frame(text, title="tune", title_align="left"))

    def close(self) -> None:
        """Remove the display."""
        self.live.stop()
