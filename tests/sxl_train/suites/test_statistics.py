"""Intervals and pairs against published figures and against what they promise."""

from __future__ import annotations

import math
import random

import pytest

from sxl_train.suites import statistics as stats


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # scipy 1.17, binomtest(right, n).proportion_ci(method="wilson")
    [(10, 164, 0.033455, 0.108593), (0, 20, 0.0, 0.161125), (20, 20, 0.838875, 1.0), (50, 100, 0.403832, 0.596168)],
)
def test_wilson_is_that_of_others(right, n, low, high):
    assert stats.wilson(right / n, n) == pytest.approx((low, high), abs=1e-5)


@pytest.mark.parametrize(
    ("won", "lost", "p"), [(0, 0, 1.0), (5, 5, 1.0), (10, 0, 2 / 1024), (1, 9, 22 / 1024), (8, 2, 112 / 1024)]
)
def test_mcnemar_is_the_exact_binomial(won, lost, p):
    assert stats.mcnemar(won, lost) == pytest.approx(p)


@pytest.mark.parametrize(("n", "right", "k", "p"), [(10, 3, 1, 0.3), (10, 3, 8, 1.0), (5, 1, 2, 0.4), (4, 0, 4, 0.0)])
def test_pass_at_k_is_unbiased(n, right, k, p):
    assert stats.pass_at(n, right, k) == pytest.approx(p)


def test_pass_at_more_than_there_are_is_refused():
    with pytest.raises(ValueError, match="11 of 10"):
        stats.pass_at(10, 3, 11)


def test_pass_at_k_is_what_drawing_gives():
    outcomes = [True] * 3 + [False] * 7
    draw = random.Random(0)
    share = sum(any(draw.sample(outcomes, 4)) for _ in range(20_000)) / 20_000
    assert stats.pass_at(10, 3, 4) == pytest.approx(share, abs=0.02)


def test_items_that_say_the_same_count_once():
    alone = stats.estimate([(str(i), float(i % 2), 1) for i in range(100)])
    copies = stats.estimate([(str(i // 10), float(i // 10 % 2), 1) for i in range(100)])
    assert (alone.value, copies.value, alone.clusters, copies.clusters) == (0.5, 0.5, 100, 10)
    assert copies.high - copies.low > 2.5 * (alone.high - alone.low)
    assert copies.low == pytest.approx(stats.wilson(0.5, 9)[0])


def test_clustered_intervals_hold_the_truth_nineteen_times_of_twenty():
    draw, held = random.Random(7), 0
    for _ in range(400):
        rows = []
        for cluster in range(30):
            chance = draw.choice((0.2, 0.8))
            rows += [(str(cluster), float(draw.random() < chance), 1) for _ in range(8)]
        found = stats.estimate(rows)
        held += found.low <= 0.5 <= found.high
    assert held / 400 >= 0.92


def test_nothing_counted_says_nothing():
    found = stats.estimate([])
    assert found.n == 0 and math.isnan(found.value) and (found.low, found.high) == (0.0, 1.0)


def side(scores, cluster=lambda item: item):
    return {str(i): (cluster(str(i)), float(score)) for i, score in enumerate(scores)}


def test_pairs_see_what_two_intervals_would_not():
    left, right = [1] * 50 + [0] * 50, [1] * 50 + [1] * 9 + [0] * 41
    found = stats.compare(side(left), side(right))
    assert (found.won, found.lost, found.noise) == (9, 0, False)
    assert found.method == "McNemar, exact" and found.low > 0
    assert stats.wilson(0.50, 100)[1] > stats.wilson(0.59, 100)[0]


def test_the_same_model_twice_is_noise_and_so_is_a_coin():
    scores = [i % 3 == 0 for i in range(60)]
    assert stats.compare(side(scores), side(scores)).p == 1.0
    draw, wrong = random.Random(1), 0
    for _ in range(200):
        a, b = ([draw.random() < 0.4 for _ in range(80)] for _ in range(2))
        wrong += not stats.compare(side(a), side(b)).noise
    assert wrong / 200 <= 0.07


def test_two_clusters_prove_nothing_however_many_items():
    found = stats.compare(side([0] * 200, lambda i: str(int(i) % 2)), side([1] * 200, lambda i: str(int(i) % 2)))
    assert found.noise and found.difference == 1.0


def test_only_items_of_both_are_compared():
    found = stats.compare({"a": ("a", 1.0), "b": ("b", 0.0)}, {"b": ("b", 1.0), "c": ("c", 0.0)})
    assert (found.n, found.left, found.right) == (1, 0.0, 1.0)
    with pytest.raises(ValueError, match="no item"):
        stats.compare({"a": ("a", 1.0)}, {"b": ("b", 1.0)})
