"""Functions that make a final score when those of the whole pool are known."""

import shutil

import numpy
import pytest
from spacy.util import registry

from spacy_deepal.acquisition.functions import LC, MNLP, Needs, needs_of
from spacy_deepal.acquisition.pool_scoring import score_pool
from spacy_deepal.acquisition.registry import acquisition_block
from spacy_deepal.acquisition.score_folder import ScoreFolder
from spacy_deepal.acquisition.scoring_job import make_job
from spacy_deepal.acquisition.selection import PoolScores, select, select_batch
from spacy_deepal.acquisition.whole_pool import final_scores
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import write_shards

from ..pools import fill_scores, make_doc, make_score, write_three
from .looking_back import Fluctuation


class Centred:
    """How far LC is from the mean of the pool."""

    def __call__(self, evidence):
        return LC()(evidence)

    def fit(self, scores):
        mean = numpy.mean([item.score for item in scores])
        return lambda item, earlier: abs(item.score - mean)


def make_scores(*pairs):
    """Scores of sentences s0, s1, … from pairs of words and score."""
    return [make_score(f"s{i}", words, value) for i, (words, value) in enumerate(pairs)]


def finals(function, scores, earlier=None):
    return list(final_scores(function, lambda: iter(scores), earlier))


def values(scores):
    return [item.score for item in scores]


def test_a_function_without_a_second_step_has_finals():
    scores = make_scores((1, 0.5), (3, 0.25))
    assert finals(MNLP(), scores) == scores


def test_final_scores_keep_order_ids_and_words():
    scores = make_scores((1, 1.0), (4, 4.0), (2, 0.5))
    final = finals(Centred(), scores)
    assert [(item.id, item.words) for item in final] == [(item.id, item.words) for item in scores]


def test_a_final_score_that_is_no_number_is_reported_with_its_sentence():
    class Odd:
        def __call__(self, evidence):
            return 0.0

        def fit(self, scores):
            return lambda item, earlier: float("nan") if item.id == "s1" else 0.0

    with pytest.raises(DeepALError, match="gave nan to sentence s1"):
        finals(Odd(), make_scores((1, 0.0), (1, 0.0)))


def test_a_pool_on_disk_gets_final_scores_when_it_is_read_and_selected(
    nlp, pool, tmp_path, own_registry
):
    registry.acquisition("own.Centred.v1", func=Centred)
    nlp.to_disk(tmp_path / "model")
    folder, opened = ScoreFolder(tmp_path / "scores"), Pool(pool)
    job = make_job(tmp_path / "model", folder.path, acquisition_block("own.Centred.v1"))
    score_pool(job, opened)
    first = list(folder.read(opened))
    final = finals(Centred(), first)
    assert list(PoolScores(folder, opened, Centred())) == final != first
    batch = select_batch(folder.path, pool, tmp_path / "b.spacy", nlp.vocab, budget=40)
    assert batch == select(final, 40) != select(first, 40)


# A function that looks at earlier rounds


def test_what_it_needs_of_the_rounds_before_is_known():
    assert needs_of(Fluctuation()) == Needs(rounds=2)


def test_a_final_score_over_three_rounds_by_hand():
    # Mean 0.4, variance (0.01 + 0.04 + 0.09) / 3 = 0.14 / 3, deviation 0.21602.
    (final,) = finals(Fluctuation(), make_scores((7, 0.7)), [[0.3, 0.2]])
    assert final.score == pytest.approx(0.35 + 0.10801, abs=1e-5)


def test_without_earlier_rounds_there_is_the_first_score_alone():
    scores = make_scores((3, 0.6), (2, 0.1), (4, 0.3))
    assert values(finals(Fluctuation(), scores)) == pytest.approx([0.3, 0.05, 0.15])


def test_a_sentence_that_an_earlier_round_did_not_score_has_a_shorter_history():
    """So a sentence that was added to the pool counts from its first score on."""
    final = values(finals(Fluctuation(), make_scores((3, 0.4), (3, 0.4)), [[0.4, 0.4], [0.8]]))
    assert final == pytest.approx([0.2, 0.2 + 0.5 * 0.2])


def test_earlier_rounds_are_read_shard_by_shard_in_step_with_this_one(tmp_path, monkeypatch):
    """Sentence b was labelled in the round before the last, d and e were added before the last."""
    words = {"a": 3, "b": 2, "c": 4, "d": 2, "e": 3}
    pool = write_three(tmp_path / "pool")  # a and b, then c

    def scored(name, **scores):
        rows = (make_score(each, words[each], value) for each, value in scores.items())
        return ScoreFolder(fill_scores(tmp_path / name, pool, rows))

    earlier = [scored("first", a=0.4, b=0.1, c=0.9)]
    added = [make_doc("d", "Nobody knew".split()), make_doc("e", "Ada likes Oslo".split())]
    write_shards(added, tmp_path / "more")
    shutil.copy(tmp_path / "more" / "shard_0000.spacy", pool / "shard_0002.spacy")
    earlier.append(scored("second", a=0.2, c=0.7, d=0.6, e=0.5))
    now = scored("third", a=0.3, c=0.5, d=0.4, e=0.1)

    read, read_files = [], ScoreFolder.read_files

    def noted(folder, shards):
        for shard in shards:
            read.append((folder.path.name, shard))
            yield shard

    monkeypatch.setattr(
        ScoreFolder, "read_files", lambda self, shards: read_files(self, noted(self, shards))
    )

    class History(Fluctuation):
        def fit(self, scores):
            return lambda item, earlier: 100 * item.score + sum(earlier)

    scores = iter(PoolScores(now, Pool(pool), History(), earlier))
    first = next(scores)
    assert [shard for name, shard in read if name != "third"] == 2 * ["shard_0000.spacy"]
    assert [(item.id, round(item.score, 3)) for item in (first, *scores)] == [
        ("a", 30.6),
        ("c", 51.6),
        ("d", 40.6),
        ("e", 10.5),
    ]
