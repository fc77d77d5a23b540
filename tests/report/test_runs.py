from dataclasses import replace

import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.runs import Stop, read_runs

from .build import make_run

F = [0.2, 0.5, 0.6, 0.65, 0.64, 0.68, 0.67]
STABILITY = (None, 0.8, 0.9, 1.0, 0.95, 0.96, 0.97)


@pytest.fixture
def run(tmp_path):
    curve = tuple((n + 1, f) for n, f in enumerate(F))
    return read_runs([make_run(tmp_path / "run", curve=curve, stability=STABILITY)])[0]


def test_runs_come_ordered_by_function_and_seed(tmp_path):
    paths = [
        make_run(tmp_path / "a", "RAND", 1),
        make_run(tmp_path / "b", "RAND", 0),
        make_run(tmp_path / "c", "MNLP", 7),
    ]
    assert [(run.name, run.seed) for run in read_runs(paths)] == [
        ("MNLP", 7),
        ("RAND", 0),
        ("RAND", 1),
    ]


def test_a_run_gives_what_its_rounds_recorded(tmp_path):
    (run,) = read_runs([make_run(tmp_path / "a")])
    last = run.rounds[-1]
    assert (last.round, last.words, last.words_percent, last.ents_f) == (2, 200, 20, 0.8)
    assert run.seconds("train") == 90
    assert run.manifest.pool.words == 1000


def test_a_run_that_has_just_started_has_no_rounds(tmp_path):
    path = make_run(tmp_path / "a")
    (path / "metrics.jsonl").unlink()
    assert read_runs([path])[0].rounds == ()


def test_a_folder_given_twice_is_named(tmp_path):
    path = make_run(tmp_path / "a")
    with pytest.raises(DeepALError, match=r"a is given 2 times"):
        read_runs([path, tmp_path / "." / "a"])


def test_no_folder_at_all_is_an_error():
    with pytest.raises(DeepALError, match="No run folder given"):
        read_runs([])


def test_a_folder_that_is_no_run_is_named(tmp_path):
    make_run(tmp_path / "a")
    with pytest.raises(DeepALError, match=r"elsewhere is not a run folder.*manifest\.json"):
        read_runs([tmp_path / "a", tmp_path / "elsewhere"])


@pytest.mark.parametrize(
    ("threshold", "place", "best", "last"),
    [
        (0.9, 3, 0.03, 0.02),  # (0.8 + 0.9 + 1) / 3
        (0.95, 4, 0.04, 0.03),  # (0.9 + 1 + 0.95) / 3
        (0.96, 5, -0.01, -0.01),  # (1 + 0.95 + 0.96) / 3 = 0.97; only a worse round is left
    ],
)
def test_what_later_rounds_gained_is_lost(run, threshold, place, best, last):
    stop = run.find_stop(threshold)
    assert stop.row == run.rounds[place]
    assert stop.lost_to_best == pytest.approx(best)
    assert stop.lost_to_last == pytest.approx(last)


def test_a_run_that_ends_where_the_rule_does_lost_nothing(run):
    stop = replace(run, rounds=run.rounds[:4]).find_stop(0.9)
    assert stop == Stop(run.rounds[3], 0, 0)


def test_a_rule_that_is_not_met_stops_nothing(run):
    assert run.find_stop(0.98) is None
    unknown = tuple(row.model_copy(update={"stability": None}) for row in run.rounds)
    assert replace(run, rounds=unknown).find_stop(0.0) is None


def test_fewer_rounds_stop_sooner(run):
    assert run.find_stop(0.9, rounds=1).row == run.rounds[2]
