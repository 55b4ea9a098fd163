"""A distillation that was stopped goes on where it stood."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch

from sxl_train.recovery import loop as distil
from sxl_train.recovery import teach as distil_teach
from sxl_train.recovery.progress import Keeper
from tests.sxl_train.distil.students import ROWS, prune

SETTINGS = distil.Settings(steps=40, lr=2e-3, batch=512, share=0.5)


def resume(
    tuned: torch.nn.Module, tmp_path: Path, stops: tuple[int, ...]
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """(losses, weights) of a distillation that a signal stops at each of ``stops`` and that is begun again, a new process each."""
    teach = distil_teach.teach_live(tuned, tuned.config.vocab_size, top=16)

    for stop in stops:
        seen = 0

        def stopping(batch, chosen, stop=stop):
            nonlocal seen
            seen += 1
            if seen == stop:
                os.kill(os.getpid(), signal.SIGTERM)
            return teach(batch, chosen)

        with pytest.raises(KeyboardInterrupt):
            distil.train(prune(tuned), ROWS, SETTINGS, stopping, Keeper(tmp_path / "progress.pt"))
    student = prune(tuned)
    losses = distil.train(student, ROWS, SETTINGS, teach, Keeper(tmp_path / "progress.pt"))
    return losses, student.state_dict()


def test_a_distillation_that_was_stopped_goes_on_with_the_same_losses(tuned, tmp_path: Path) -> None:
    for folder in ("never", "twice"):  # a slow machine saves in the first one too
        (tmp_path / folder).mkdir()
    whole, expected = resume(tuned, tmp_path / "never", ())
    losses, weights = resume(tuned, tmp_path / "twice", (5, 17))
    assert losses == whole
    assert all(torch.equal(expected[name], weight) for name, weight in weights.items())


def test_a_second_attempt_is_gone_on_with_where_it_stood(tuned, tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "progress.pt")
    student = prune(tuned)
    optimiser = torch.optim.AdamW(student.parameters())
    keeper.save(
        {
            "attempt": 1,
            "step": 3,
            "losses": [1.0, 2.0, 3.0],
            "student": student.state_dict(),
            "optimiser": optimiser.state_dict(),
        }
    )
    again = Keeper(tmp_path / "progress.pt")
    assert again.is_over(0) and not again.is_over(1) and again.take(0) is None
    settings = distil.Settings(steps=8, lr=2e-3, batch=512, share=0.0)
    losses = distil.train(prune(tuned), ROWS, settings, keeper=again, attempt=1)
    assert losses[:3] == [1.0, 2.0, 3.0] and len(losses) == 8
    again.remove()
    assert not list(tmp_path.glob("progress*"))
