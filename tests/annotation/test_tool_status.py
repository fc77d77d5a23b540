"""Where a run stands that people label in other tools: the batch, agreement, suggestions."""

import pytest

from spacy_deepal.annotation.answer_file import LABELLED
from spacy_deepal.annotation.answers import Suggestion
from spacy_deepal.annotation.shown_file import Shown, shown_file
from spacy_deepal.files import write_jsonl
from spacy_deepal.report.status import read_run_status
from spacy_deepal.rounds.run_folder import RunFolder

from ..pools import call, make_docs, write_pools
from .waiting_run import begin_run, gold_spans, selected


@pytest.fixture
def run(tmp_path):
    begin_run(write_pools(tmp_path / "pools"), tmp_path / "run")
    return tmp_path / "run"


def write_answers(run, *lines):
    write_jsonl(run / "round_00" / LABELLED, lines)


def test_the_status_says_how_much_of_the_batch_is_labelled(run):
    names, gold = selected(run), gold_spans()
    assert f"Labelled of round 0: 0 of {len(names)} sentences." in call("status", run)[1]
    write_answers(run, {"id": names[0], "spans": gold[names[0]]}, {"id": names[1], "spans": []})
    status = read_run_status(run)
    assert (status.batch.labelled, status.batch.sentences) == (2, len(names))
    words = {item.id: item.words for item in RunFolder(run).round(0).selected.read()}
    assert status.waiting == words[names[0]] + words[names[1]]
    output = call("status", run)[1]
    assert f"Labelled of round 0: 2 of {len(names)} sentences." in output
    assert f"no round is finished; waiting for the first: {status.waiting} words." in output


def test_the_status_lists_contradictions_and_how_far_named_people_agree(run):
    gold = gold_spans()
    first, second = [name for name in selected(run) if gold[name]][:2]
    write_answers(
        run,
        {"id": first, "spans": gold[first], "annotator": "ada"},
        {"id": first, "spans": [], "annotator": "bob"},
        {"id": second, "spans": gold[second], "annotator": "ada"},
        {"id": second, "spans": gold[second], "annotator": "bob"},
    )
    status = read_run_status(run)
    assert status.batch.labelled == 1
    (problem,) = status.batch.problems
    assert first in problem
    assert status.agreement.sentences == 2
    same = 2 * len(gold[second])
    assert status.agreement.exact == pytest.approx(same / (same + len(gold[first])))
    output = call("status", run)[1]
    assert "Answers that need you before the run goes on: 1" in output
    assert "Agreement of people: F1" in output


def test_the_status_counts_what_became_of_the_suggestions(run):
    gold = gold_spans()
    doc = next(
        doc
        for doc in make_docs(45, 1)
        if doc.ents and doc.user_data["deepal"]["id"] in selected(run)
    )
    name, (ent, *_) = doc.user_data["deepal"]["id"], doc.ents
    suggestions = [Suggestion(start=ent.start, end=ent.end, label=ent.label_)]
    row = Shown(tool="brat", id=name, model="round_00", suggestions=suggestions, spans=[])
    shown_file(run / "round_00").write([row])
    write_answers(run, {"id": name, "spans": gold[name]})
    counts = read_run_status(run).suggestions
    assert (counts.accepted, counts.changed, counts.removed) == (1, 0, 0)
    assert counts.missed == len(gold[name]) - 1
    write_answers(run, {"id": name, "spans": []})
    assert read_run_status(run).suggestions.removed == 1
