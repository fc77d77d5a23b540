"""Forecasts a learning curve: an inverse power law through the rounds so far, with an interval.

f(n) = c - a n^-b, after Figueroa et al. (2012), "Predicting sample size required for classification
performance", BMC Medical Informatics and Decision Making 12:8. Later rounds weigh more, as there.
The interval is that of a parametric bootstrap: curves are drawn around the fitted one, and fitted
again. How far rounds scatter is estimated from few of them, so a usual scatter counts too.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..files import Row

MIN_ROUNDS = 4  # the law has three numbers
DECAYS = np.geomspace(0.05, 3, 60)  # b: those that are tried
DRAWN_CURVES = 1000
INSIDE = 80  # percent: how often the truth is to lie in the interval
SCATTER, ROUNDS_WORTH = 0.01, 4  # F1 of rounds scatters by so much; this counts as so many rounds


class Forecast(Row):
    """F1 on dev, from 0 to 1, if so many words are labelled.

    low, high (float): The 80% interval.
    now (float): What the fitted curve has for the words labelled so far.
    """

    words: int
    f: float
    low: float
    high: float
    now: float


def forecast(
    words: Sequence[int], scores: Sequence[float], at: int, *, seed: int = 0
) -> Forecast | None:
    """Forecast F1 from the rounds of a run.

    words (Sequence[int]): The words labelled after each round, rising.
    scores (Sequence[float]): F1 on dev after each round, from 0 to 1.
    at (int): The words of the forecast.
    seed (int): Of the curves that are drawn.
    RETURNS (Forecast | None): None with fewer than 4 rounds, or if no model has found anything.
    """
    if len(scores) < MIN_ROUNDS or not any(scores):
        return None
    places = np.asarray([*words, at]) / words[-1]
    known, f = places[:-1], np.asarray([scores], "float64")
    fitted = fit_curves(known, f, places)[0]
    free = len(scores) - 3 + ROUNDS_WORTH
    squares = np.sum((f - fitted[:-1]) ** 2) + ROUNDS_WORTH * SCATTER**2
    draw = np.random.default_rng(seed)
    scatter = np.sqrt(squares / draw.chisquare(free, (DRAWN_CURVES, 1)))
    drawn = fitted[:-1] + scatter * draw.standard_normal((DRAWN_CURVES, len(scores)))
    noise = scatter[:, 0] * draw.standard_normal(DRAWN_CURVES)
    ends = fit_curves(known, drawn, places)[:, -1] + noise
    low, high = np.clip(np.percentile(ends, [50 - INSIDE / 2, 50 + INSIDE / 2]), 0, 1)
    middle = float(np.clip(fitted[-1], 0, 1))
    return Forecast(
        words=at,
        f=middle,
        low=float(min(low, middle)),
        high=float(max(high, middle)),
        now=float(fitted[-2]),
    )


def fit_curves(known: NDArray, f: NDArray, places: NDArray) -> NDArray[np.float64]:
    """Fit an inverse power law to each of several curves, by weighted least squares. It does not
    fall, and its limit is at most 1.

    known (array[m]): The words of each round, as a share of all words labelled.
    f (array[B, m]): F1 of each curve and round.
    places (array[p]): Where to read off the fitted curves.
    RETURNS (array[B, p]): F1 there.
    """
    weights = np.arange(1, len(known) + 1) / len(known)
    x = known ** -DECAYS[:, None]  # [K, m]
    total, sum_x, sum_xx = weights.sum(), x @ weights, x**2 @ weights
    sum_f, sum_xf = (f @ weights)[:, None], (f * weights) @ x.T  # [B, 1], [B, K]
    slope = (total * sum_xf - sum_x * sum_f) / (total * sum_xx - sum_x**2)  # that is -a
    slope = np.minimum(slope, 0)
    top = (sum_f - slope * sum_x) / total  # c
    above = top > 1
    slope = np.where(above, np.minimum((sum_xf - sum_x) / sum_xx, 0), slope)
    top = np.where(above, 1.0, top)
    losses = np.stack(
        [((f - top[:, [k]] - slope[:, [k]] * x[k]) ** 2) @ weights for k in range(len(DECAYS))]
    )
    best = losses.argmin(0)  # [B]
    rows = np.arange(len(f))
    return top[rows, best, None] + slope[rows, best, None] * places ** -DECAYS[best, None]
