"""mean_curve.py: the mean learning curve of several runs."""

import pytest

from spacy_deepal.report.runs import read_runs

from ..report.build import make_run


@pytest.fixture
def mean_run(script):
    return script("mean_curve").mean_run


def test_mean_curve_has_the_rounds_that_all_runs_have(mean_run, tmp_path):
    curves = ((10, 0.6), (20, 0.7), (30, 0.9)), ((10, 0.5), (22, 0.8))
    folders = [make_run(tmp_path / f"{n}", "MNLP", n, curve) for n, curve in enumerate(curves)]
    mean = mean_run(read_runs(folders))
    assert [(row.words_percent, row.words) for row in mean.rounds] == [(10, 100), (21, 210)]
    assert [row.ents_f for row in mean.rounds] == [pytest.approx(0.55), pytest.approx(0.75)]
    assert mean.seconds("train") == 60
    assert mean.first_reaching(0.75).words_percent == 21


def test_mean_curve_has_the_mean_stability_where_all_runs_know_theirs(mean_run, tmp_path):
    known = ((None, 0.8), (None, 0.9)), ((None, 0.8), (None, None))
    for number, (pair, expected) in enumerate(zip(known, (0.85, None), strict=True)):
        folders = [
            make_run(tmp_path / f"{number}{seed}", seed=seed, stability=stability)
            for seed, stability in enumerate(pair)
        ]
        mean = mean_run(read_runs(folders))
        assert mean.rounds[0].stability is None
        assert mean.rounds[1].stability == (expected and pytest.approx(expected))
