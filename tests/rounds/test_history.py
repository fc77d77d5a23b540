"""A function that looks back finds the scores of the rounds before, also after a kill."""

from types import SimpleNamespace

import catalogue
import numpy
import pytest
from spacy.util import registry

from spacy_deepal.acquisition.score_folder import ScoreFolder
from spacy_deepal.rounds import loop
from spacy_deepal.rounds.run import run_loop

from ..acquisition.looking_back import Fluctuation
from ..pools import quick_config, read_jsonl

SETTINGS = {"cold_start": 0.0, "budget_words": 0.08}


@pytest.fixture(scope="module", autouse=True)
def own_function():
    """The function is gone after these tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(catalogue, "REGISTRY", dict(catalogue.REGISTRY))
        registry.acquisition("own.Fluctuation.v1", func=Fluctuation)
        yield


def run(paths, folder, rounds, **settings):
    config = quick_config(paths, "own.Fluctuation.v1", rounds=rounds, **SETTINGS | settings)
    run_loop(config, folder)


def rows(folder, name):
    """RETURNS (list[dict]): The scores of each round's file or folder, by id; none where there is
    no such."""
    found = []
    for here in sorted(folder.glob("round_*")):
        if name == "scores" and (here / name).exists():
            found.append({row.id: row.score for row in ScoreFolder(here / name).read_all()})
        elif (here / name).exists():
            found.append({row["id"]: row["score"] for row in read_jsonl(here / name)})
        else:
            found.append({})
    return found


@pytest.fixture(scope="module")
def looked_back(paths, tmp_path_factory):
    """A run that was never interrupted, and what it has selected: read only."""
    folder = tmp_path_factory.mktemp("runs") / "fluctuation"
    run(paths, folder, 3)
    return SimpleNamespace(path=folder, selected=rows(folder, "selected.jsonl"))


def test_a_batch_is_selected_by_the_scores_of_up_to_three_rounds(looked_back):
    first, selected = rows(looked_back.path, "scores"), looked_back.selected
    assert [bool(scores) for scores in first] == [False, True, True, True]
    for number in (1, 2, 3):
        for name, score in selected[number].items():
            window = [scores[name] for scores in first[1 : number + 1]]
            assert score == pytest.approx(0.5 * window[-1] + 0.5 * numpy.std(window))
    assert any(score > 0.5 * first[3][name] for name, score in selected[3].items()), (
        "no score has changed"
    )


def test_scores_are_those_of_what_is_left_of_the_pool(looked_back):
    first, selected = rows(looked_back.path, "scores"), looked_back.selected
    for number in (1, 2, 3):
        gone = set().union(*selected[:number])
        assert not gone & first[number].keys()
        assert len(gone) + len(first[number]) == 45


def test_other_functions_leave_no_scores(finished):
    assert not list(finished.path.glob("round_*/scores"))


def test_a_round_that_was_killed_after_its_scoring_ends_the_same(
    paths, looked_back, tmp_path, monkeypatch
):
    run(paths, tmp_path / "run", 1)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loop, "select", killed)
        with pytest.raises(KeyboardInterrupt):
            run(paths, tmp_path / "run", 3)
    assert (tmp_path / "run/round_02/scores/scores.finished").exists()
    assert not (tmp_path / "run/round_02/selected.jsonl").exists()
    run(paths, tmp_path / "run", 3)
    assert rows(tmp_path / "run", "selected.jsonl") == looked_back.selected


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_scores_of_a_finished_round_are_made_again(paths, looked_back, tmp_path, damage):
    """The models of the rounds before it are gone. They are trained again, and are the same."""
    run(paths, tmp_path / "run", 2)
    file = tmp_path / "run/round_01/scores/shard_0001.json"
    if damage == "lost":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-40])
    run(paths, tmp_path / "run", 3)
    assert rows(tmp_path / "run", "scores") == rows(looked_back.path, "scores")
    assert rows(tmp_path / "run", "selected.jsonl") == looked_back.selected


def test_rounds_drawn_at_random_are_no_history(paths, tmp_path):
    """F1 on dev is below the cold start in all rounds, so nothing is ever scored."""
    run(paths, tmp_path / "run", 2, cold_start=1.0)
    assert rows(tmp_path / "run", "scores") == [{}, {}, {}]
