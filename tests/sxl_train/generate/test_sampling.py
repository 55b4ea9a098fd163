"""Numbers to tokens: greedy, the nucleus, and one stream of numbers a sample."""

from __future__ import annotations

import numpy as np

from sxl_train.generate.sampling import choose, choose_on_device, draw

LOGITS = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], dtype=np.float64))


def pick(place: float, temperature: float = 1.0, top_p: float = 1.0) -> int:
    settings = (np.array([value]) for value in (temperature, top_p, place))
    return int(choose(LOGITS, *settings)[0])


def test_places_fall_into_the_distribution_in_vocabulary_order() -> None:
    assert [pick(place) for place in (0.0, 0.49, 0.51, 0.79, 0.81, 0.94, 0.96, 0.999)] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_the_nucleus_leaves_the_unlikely_out_and_never_everything() -> None:
    assert {pick(place, top_p=0.7) for place in np.linspace(0, 0.999, 50)} == {0, 1}
    assert {pick(place, top_p=0.0) for place in np.linspace(0, 0.999, 50)} == {0}


def test_no_temperature_is_greedy_and_high_ones_flatten() -> None:
    assert pick(0.99, temperature=0.0) == 0
    assert {pick(place, temperature=1000.0) for place in (0.1, 0.3, 0.6, 0.9)} == {0, 1, 2, 3}


def test_the_devices_choice_is_the_processors() -> None:
    import torch

    random = np.random.default_rng(0)
    logits = random.normal(size=(200, 50)).astype(np.float32) * 3
    settings = [random.choice([0.0, 0.7, 1.3], 200), random.choice([1.0, 0.9, 0.3], 200), random.random(200)]
    on_device = choose_on_device(*(torch.from_numpy(part) for part in (logits, *settings)), plain=False)
    assert on_device.tolist() == choose(logits, *settings).tolist()


def test_a_sample_has_its_own_numbers() -> None:
    streams = {tuple(draw(*key, 4)) for key in ((0, "a", 0), (0, "a", 1), (1, "a", 0), (0, "b", 0), (1, "1", 0))}
    assert len(streams) == 5
    assert list(draw(0, "a", 0, 2)) == list(draw(0, "a", 0, 9)[:2])
