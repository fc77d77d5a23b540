"""What waits in a run, with rank, score and suggestions."""

import pytest

from spacy_deepal.annotation.answer_file import LABELLED
from spacy_deepal.annotation.waiting_batch import read_waiting_batch
from spacy_deepal.errors import DeepALError
from spacy_deepal.files import write_jsonl
from spacy_deepal.report.batches import LabelColors, show_batch
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import sentence_id

from ..pools import PEOPLE, make_docs, quick_config, save_ruler, write_pools
from .waiting_run import FILES, begin_run, config_of, gold_spans, selected


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


def label(run, number):
    """Label all that waits as the gold says."""
    gold = gold_spans()
    lines = [{"id": name, "spans": gold[name]} for name in selected(run, number)]
    write_jsonl(run / f"round_{number:02}" / LABELLED, lines)


def test_sentences_come_in_the_order_in_which_they_are_wanted(paths, tmp_path):
    run = tmp_path / "run"
    begin_run(paths, run)
    batch = read_waiting_batch(run)
    assert [each.id for each in batch.sentences] == selected(run)
    assert [each.rank for each in batch.sentences] == [*range(1, len(batch.sentences) + 1)]
    assert (batch.round, batch.labels, batch.model) == ("round_00", ("LOC", "PER"), None)
    assert all(not each.suggestions and each.score is None for each in batch.sentences)
    label(run, 0)
    begin_run(paths, run)
    batch = read_waiting_batch(run)
    assert (batch.round, batch.model) == ("round_01", "round_00")
    scores = [each.score for each in batch.sentences]
    assert scores == sorted(scores, reverse=True)


def test_another_pipeline_suggests_before_there_is_a_model(paths, tmp_path):
    ruler = {
        "@misc": "spacy_deepal.OtherPipeline.v1",
        "pipeline": save_ruler(tmp_path / "ruler"),
        "types": {"PERSON": "PER"},
    }
    begin_run(paths, tmp_path / "run", suggest=ruler)
    batch = read_waiting_batch(tmp_path / "run")
    assert batch.model == "ruler"
    for each in batch.sentences:
        people = [(t.idx, t.idx + len(t), "PER") for t in each.doc if t.text in PEOPLE]
        assert [span for span, _ in each.suggested()] == people
    without = read_waiting_batch(tmp_path / "run", suggest=False)
    assert without.model is None
    assert not any(each.suggestions for each in without.sentences)


def test_what_is_labelled_does_not_wait(paths, tmp_path):
    run = tmp_path / "run"
    begin_run(paths, run)
    first, *others = selected(run)
    write_jsonl(run / "round_00" / LABELLED, [{"id": first, "spans": []}])
    assert [each.id for each in read_waiting_batch(run).sentences] == others
    assert read_waiting_batch(run).sentences[0].rank == 2
    label(run, 0)
    with pytest.raises(DeepALError, match=r"Every sentence of .* is labelled\. Give the comm"):
        read_waiting_batch(run)
    with (run / "round_00" / LABELLED).open("a") as stream:
        print('{"id": "nobody", "spans": []}', file=stream)
    with pytest.raises(DeepALError, match=r"is labelled, but .* cannot be read(.|\n)*'nobody'"):
        read_waiting_batch(run)


def test_the_curve_counts_what_is_labelled_and_not_the_rest_of_the_batch(paths, tmp_path):
    run, oracle = tmp_path / "run", {**FILES, "enough": 0.5}
    words = {sentence_id(doc): len(doc) for doc in make_docs(45, 1)}
    begin_run(paths, run, oracle)
    *labelled, ignored, _ = selected(run)
    gold = gold_spans()
    lines = [{"id": name, "spans": gold[name]} for name in labelled]
    lines.append({"id": ignored, "answer": "ignore"})
    write_jsonl(run / "round_00" / LABELLED, lines)
    begin_run(paths, run, oracle)
    label(run, 1)
    run_loop(config_of(paths, oracle, rounds=1), run)
    rows = RunFolder(run).metrics
    assert rows[0].sentences == len(labelled)
    assert rows[0].words == sum(words[name] for name in labelled)
    both = [*labelled, *selected(run, 1)]
    assert (rows[1].sentences, rows[1].words) == (len(both), sum(words[name] for name in both))
    batch = show_batch(RunFolder(run).round(0), "xx", LabelColors(), most=99)
    assert (batch.sentences, batch.labelled) == (len(labelled) + 2, len(labelled))
    assert len(batch.shown) == len(labelled)


def test_a_finished_run_has_nothing_that_waits(paths, tmp_path):
    run_loop(quick_config(paths, rounds=1), tmp_path / "run")
    with pytest.raises(DeepALError, match="has no batch that waits to be labelled"):
        read_waiting_batch(tmp_path / "run")
