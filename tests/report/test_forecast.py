"""The forecast of a learning curve, on curves that are known."""

import numpy as np
import pytest

from spacy_deepal.report.forecast import MIN_ROUNDS, fit_curves, forecast

WORDS = [500 * number for number in range(1, 13)]


def power_law(words, top=0.85, drop=6.0, exponent=0.4):
    return top - drop * np.asarray(words, "float64") ** -exponent


@pytest.mark.parametrize(("top", "drop", "exponent"), [(0.85, 6, 0.4), (0.7, 40, 0.8), (1, 3, 0.2)])
def test_a_curve_without_noise_is_continued(top, drop, exponent):
    f = power_law(WORDS, top, drop, exponent)
    ahead = forecast(WORDS[:6], f[:6], WORDS[-1])
    assert ahead.f == pytest.approx(f[-1], abs=0.005)
    assert ahead.now == pytest.approx(f[5], abs=0.002)
    assert ahead.low < f[-1] < ahead.high


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """80 of 100 times, on noisy curves. 200 of them: two standard deviations are 6 of 100."""
    draw, hits = np.random.default_rng(0), 0
    truth = power_law(WORDS)
    for number in range(200):
        noisy = truth + draw.normal(0, 0.01, len(WORDS))
        ahead = forecast(WORDS[:8], noisy[:8], WORDS[-1], seed=number)
        hits += ahead.low <= noisy[-1] <= ahead.high
    assert 74 <= hits / 2 <= 92


def test_the_interval_widens_with_the_distance_and_with_the_scatter():
    f = power_law(WORDS[:8])
    near, far = (forecast(WORDS[:8], f, at) for at in (4500, 40_000))
    rough = forecast(WORDS[:8], f + 0.04 * np.array([1, -1] * 4), 4500)
    assert far.high - far.low > near.high - near.low
    assert rough.high - rough.low > 2 * (near.high - near.low)


def test_too_few_rounds_have_no_forecast():
    f = power_law(WORDS)
    assert forecast(WORDS[: MIN_ROUNDS - 1], f[: MIN_ROUNDS - 1], 9000) is None
    assert forecast(WORDS[:MIN_ROUNDS], f[:MIN_ROUNDS], 9000) is not None


def test_a_model_that_finds_nothing_has_no_forecast():
    assert forecast(WORDS, [0.0] * len(WORDS), 9000) is None


@pytest.mark.parametrize("f", [[0.5] * 6, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0.1, 0.9, 1, 1, 1, 1]])
def test_a_curve_that_is_flat_or_falls_or_is_at_its_end_stays_in_range(f):
    ahead = forecast(WORDS[:6], f, 9000)
    assert 0 <= ahead.low <= ahead.f <= ahead.high <= 1
    assert ahead.f >= ahead.now - 1e-9  # more words are never thought to do harm


def test_the_same_rounds_have_the_same_forecast():
    f = power_law(WORDS)
    assert forecast(WORDS, f, 9000) == forecast(WORDS, f, 9000)


def test_the_best_of_all_exponents_is_taken_for_each_curve():
    places = np.array([0.25, 0.5, 0.75, 1.0])
    curves = np.stack([0.9 - 0.2 * places**-b for b in (0.2, 1.5)])
    assert fit_curves(places, curves, places) == pytest.approx(curves, abs=1e-3)
