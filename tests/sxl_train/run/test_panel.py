"""What a person sees while a model trains."""

from __future__ import annotations

from sxl_train.run.panel import CURVE, draw, draw_curve


def test_panel_shows_place_losses_speed_use_memory_and_remaining_time() -> None:
    entries = [
        {"step": 0, "eval_loss": 3.5},
        {"step": 5, "loss": 3.0, "tokens_per_s": 100.0, "left_s": 9.0, "learning_rate": 1e-4},
        {
            "step": 10,
            "loss": 2.0,
            "tokens_per_s": 85123.4,
            "left_s": 5.0,
            "learning_rate": 3e-5,
            "mfu": 0.284,
            "memory_gb": 12.81,
        },
        {"step": 10, "eval_loss": 2.5},
    ]
    expected = "\n".join(
        [
            f"step        10/20  {'━' * 20}{'─' * 20}  5.0 s left",
            "loss        2.0000  █▁",
            "validation  2.5000 at step 10, best 2.5000",
            "speed       85,123 tokens/s  MFU 28.4%  12.8 GB  rate 3.00e-05",
        ]
    )
    assert expected == draw(10, 20, entries)


def test_panel_before_the_first_step_shows_the_place_alone() -> None:
    assert draw(0, 20, []) == f"step        0/20  {'─' * 40}"


def test_curve_of_a_long_run_has_a_fixed_width_and_falls_with_the_loss() -> None:
    curve = draw_curve([1000.0 - i for i in range(1000)])
    assert len(curve) == CURVE
    assert list(curve) == sorted(curve, reverse=True)
    assert draw_curve([2.0, 2.0]) == "▁▁"
