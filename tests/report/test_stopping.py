import pytest

from spacy_deepal.report.stopping import Stop, find_stop

F = [0.2, 0.5, 0.6, 0.65, 0.64, 0.68, 0.67]
STABILITY = [None, 0.8, 0.9, 1.0, 0.95, 0.96, 0.97]


@pytest.mark.parametrize(
    ("threshold", "place", "best", "last"),
    [
        (0.9, 3, 0.03, 0.02),  # (0.8 + 0.9 + 1) / 3
        (0.95, 4, 0.04, 0.03),  # (0.9 + 1 + 0.95) / 3
        (0.96, 5, -0.01, -0.01),  # (1 + 0.95 + 0.96) / 3 = 0.97; only a worse round is left
    ],
)
def test_what_later_rounds_gained_is_lost(threshold, place, best, last):
    stop = find_stop(F, STABILITY, threshold)
    assert (stop.place, stop.f) == (place, F[place])
    assert stop.lost_to_best == pytest.approx(best)
    assert stop.lost_to_last == pytest.approx(last)


def test_a_run_that_ends_where_the_rule_does_lost_nothing():
    assert find_stop(F[:4], STABILITY[:4], 0.9) == Stop(3, 0.65, 0, 0)


def test_a_rule_that_is_not_met_stops_nothing():
    assert find_stop(F, STABILITY, 0.98) is None
    assert find_stop(F, [None] * 7, 0.0) is None


def test_fewer_rounds_stop_sooner():
    assert find_stop(F, STABILITY, 0.9, rounds=1).place == 2
