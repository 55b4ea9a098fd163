"""The measures of agreement against worked examples that were published."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("krippendorff")
pytest.importorskip("statsmodels")

from sxl_data.review.measures import alpha_of, bootstrap, cohen_of, fleiss_of, measure, percent_of

_ = np.nan
# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C to E: four observers, twelve units.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)
# Fleiss' example as Wikipedia works it: fourteen raters, ten subjects, five answers; κ = 0.210.
COUNTS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


@pytest.mark.parametrize(("ordinal", "published"), [(False, 0.743), (True, 0.815)])
def test_alpha_is_that_of_krippendorffs_own_example(ordinal: bool, published: float):
    assert published == pytest.approx(alpha_of(OBSERVERS - 1, ordinal), abs=5e-4)


def test_fleiss_kappa_is_that_of_the_published_example():
    ratings = np.array([np.repeat(range(5), counts) for counts in COUNTS], dtype=float).T
    assert 0.210 == pytest.approx(fleiss_of(ratings, 5), abs=5e-4)


# Two readers of fifty proposals: both yes 20, yes and no 5, no and yes 10, both no 15; κ = 0.40 (Wikipedia).
READERS = np.array([[1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15], dtype=float)


def test_cohens_kappa_and_the_share_of_equal_pairs_are_those_of_the_published_example():
    assert 0.40 == pytest.approx(cohen_of(READERS, 2, False))
    assert 0.70 == pytest.approx(percent_of(READERS))


def test_quadratic_weights_forgive_a_neighbour_and_no_stranger():
    one = np.array([0, 1, 2, 3, 0, 1, 2, 3], dtype=float)
    near, far = np.stack([one, np.minimum(one + 1, 3)]), np.stack([one, 3 - one])
    assert cohen_of(near, 4, True) > 0.6 > cohen_of(near, 4, False)
    assert cohen_of(far, 4, True) == pytest.approx(-1)


def test_all_equal_ratings_leave_chance_undefined_and_agreement_whole():
    same = np.ones((2, 5))
    found = measure(same, 4, True, repeats=20)
    assert (1.0, None, None, None) == (
        found.percent.value,
        found.alpha.value,
        found.fleiss.value,
        found.cohen[0, 1].value,
    )


def test_an_interval_holds_its_value_and_the_same_seed_gives_the_same():
    first = measure(READERS, 2, False, seed=3, repeats=200)
    assert first == measure(READERS, 2, False, seed=3, repeats=200)
    assert first.alpha.low < first.alpha.value < first.alpha.high
    assert first.alpha.items == 50


def test_the_interval_of_a_share_covers_what_the_binomial_does():
    hits = np.array([[1.0] * 30 + [0.0] * 70])
    found = bootstrap(lambda matrix: float(matrix.mean()), hits, repeats=2000)
    assert (0.21, 0.39) == (pytest.approx(found.low, abs=0.02), pytest.approx(found.high, abs=0.02))


def test_who_is_missing_is_left_out_of_pairs():
    ratings = np.array([[0, 1, _, _], [0, _, 1, _], [1, 1, 1, 0]])
    assert 3 / 5 == pytest.approx(percent_of(ratings))
    assert 1 == measure(ratings, 2, False, repeats=5).fleiss.items
