import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.runs import read_runs

from .build import make_run


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
