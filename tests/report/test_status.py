"""Where a run stands, of runs that are simulated and of runs that people label."""

import json

import pytest

from spacy_deepal.annotation.answers import BY_TEXT, Suggestion
from spacy_deepal.errors import DeepALError
from spacy_deepal.labelling.journal import NewLabel
from spacy_deepal.labelling.labelling_folder import LabellingFolder, LabellingJob, Measured, Status
from spacy_deepal.report.status import points, read_run_status
from spacy_deepal.report.status_text import describe_status

from ..annotation.build import answer
from ..pools import call, write_sealed_value, write_sealed_values
from .build import make_row, make_run

CURVE = ((5, 0.5), (10, 0.62), (15, 0.67), (20, 0.7), (25, 0.72))


def simulated(path, curve=CURVE, stability=()):
    """A run whose F1 on dev is that on test."""
    run = make_run(path, curve=curve)
    rows = [{**make_row(n, percent, f), "dev_ents_f": f} for n, (percent, f) in enumerate(curve)]
    for row, value in zip(rows, stability, strict=False):
        row["stability"] = value
    rows[-1]["dev_ents_per_type"] = {"PERSON": {"p": 0.8, "r": 0.5, "f": 0.615}}
    write_sealed_values(run / "metrics.jsonl", rows)
    return run


def labelled(path, *answers, measured=None):
    """The labelling of a run, with these answers."""
    folder = LabellingFolder(path)
    folder.path.mkdir(parents=True)
    folder.write_job(LabellingJob(inputs=["a.txt"], lang="en", dev_words=10, test_words=0))
    for event in (NewLabel(at="2026", by="command", label="PER"), *answers):
        folder.journal.append(event)
    folder.write_status(Status(step="Waiting for labels", measured=measured))
    return path


def test_a_simulated_run_has_rounds_types_and_a_forecast(tmp_path):
    status = read_run_status(simulated(tmp_path / "run"), more=100)
    assert [row.words for row in status.rounds] == [50, 100, 150, 200, 250]
    assert (status.acquisition, status.pool_words) == ("MNLP", 1000)
    assert status.types["PERSON"].f == 0.615
    assert status.forecast.words == 350
    assert 0.72 < status.forecast.f < 0.77
    assert status.advice[0].startswith("Go on: another 100 words would add about")
    assert status.agreement is status.suggestions is status.measured is None


def test_the_forecast_ends_with_the_pool(tmp_path):
    run = simulated(tmp_path / "run")
    assert read_run_status(run, more=5000).forecast.words == 1000
    assert read_run_status(run).forecast.words == 250 + 200  # half of 250, rounded up
    whole = simulated(tmp_path / "whole", (*CURVE, (100, 0.8)))
    assert read_run_status(whole).forecast is None


def test_too_few_rounds_are_said(tmp_path):
    status = read_run_status(simulated(tmp_path / "run", CURVE[:3]))
    assert status.forecast is None
    assert status.advice == ["Too few rounds to say: with 4 there is a forecast, and you have 3."]


def test_a_flat_curve_and_stable_predictions_are_a_reason_to_stop(tmp_path):
    curve = tuple((5 * n, 0.7) for n in range(1, 9))
    run = simulated(tmp_path / "run", curve, stability=[None, *[0.99] * 7])
    advice = " ".join(read_run_status(run, more=50).advice)
    assert "You may stop soon: another 50 words would add less than a point" in advice
    assert "hardly changes any more: you may stop (stability 0.98)" in advice


def test_a_labelled_run_has_time_agreement_and_suggestions(tmp_path):
    run = simulated(tmp_path / "run", CURVE[:1])
    (run / "round_00").mkdir()
    picks = [{"id": "a", "words": 3, "score": None}, {"id": "b", "words": 3, "score": None}]
    write_sealed_values(run / "round_00" / "selected.jsonl", picks)
    shown = [Suggestion(start=0, end=1, label="PER")]
    measured = Measured(round=0, f=0.6, low=0.3, high=0.7, sentences=9, entities=12)
    labelled(
        run,
        answer("a", [(0, 1, "PER")], seconds=10.0, suggested=shown),
        answer("a", [], by="bob", key="2", seconds=20.0),
        answer("b", seconds=6.0, suggested=shown),
        answer("c", tokens=["It ", "rained", " ", "."]),
        measured=measured,
    )
    status = read_run_status(run)
    (row,) = status.rounds
    assert row.label_seconds == 36.0
    assert row.words_per_minute == pytest.approx(60 * 9 / 36)
    assert status.agreement.sentences == 1
    # Of "a" the last answer counts, which was bob's and had no suggestion.
    assert (status.suggestions.accepted, status.suggestions.removed) == (0, 1)
    assert status.waiting == 3
    assert status.measured == measured
    assert "F1 on dev is known only from 30.0 to 70.0" in " ".join(status.advice)
    text = describe_status(status)
    assert "36.0 s" in text
    assert "Suggestions: 0 of 1 accepted (0%), 0 changed, 1 removed." in text
    assert "waiting for the next: 3" in text
    assert f"The table has {points(row.dev_ents_f)}, measured when the model was trained" in text
    same = measured.model_copy(update={"f": row.dev_ents_f})
    assert "The table has" not in describe_status(status.model_copy(update={"measured": same}))


def test_what_the_text_had_took_nobody_any_time(tmp_path):
    run = simulated(tmp_path / "run", CURVE[:1])
    (run / "round_00").mkdir()
    picks = [{"id": name, "words": 3, "score": None} for name in "ab"]
    write_sealed_values(run / "round_00" / "selected.jsonl", picks)
    labelled(run, answer("a", by=BY_TEXT, seconds=0.0), answer("b", seconds=6.0))
    (row,) = read_run_status(run).rounds
    assert (row.label_seconds, row.words_per_minute) == (6.0, 30.0)


def test_people_who_agree_less_than_the_model_are_told(tmp_path):
    run = simulated(tmp_path / "run", CURVE[:4])
    answers = []
    for number in range(20):
        answers.append(answer(f"s{number}", [(0, 1, "PER")], by="ada"))
        answers.append(answer(f"s{number}", [(0, 1, "PER")] * (number % 3 == 0), by="bob"))
    assert "Clearer guidelines help" in " ".join(read_run_status(labelled(run, *answers)).advice)


def test_sentences_that_people_labelled_differently_are_listed(tmp_path):
    run = labelled(
        tmp_path / "run",
        answer("a", [(0, 1, "PER"), (1, 2, "PER")], by="ada"),
        answer("a", [(0, 1, "PER")], by="bob", key="2"),
        answer("b", by="ada", key="3"),
        answer("b", by="bob", key="4"),
        answer("c", by="ada", key="5"),
        answer("c", by="bob", key="6", answer="ignore"),
        answer("d", by="ada", key="7", answer="ignore"),
    )
    status = read_run_status(run)
    said = {each.id: (each.said, each.counts) for each in status.differences}
    assert said == {
        "a": ({"ada": "Ada (PER), knew (PER)", "bob": "Ada (PER)"}, "bob"),
        "c": ({"ada": "no entity", "bob": "ignored"}, "ada"),
    }
    text = describe_status(status)
    assert "Labelled differently: 2 sentences." in text
    assert "    ada: Ada (PER), knew (PER)\n    bob: Ada (PER) (counts)\n" in text
    assert status.waiting == 9  # the one that is only ignored does not wait


def test_f1_on_few_entities_has_no_interval(tmp_path):
    measured = Measured(round=0, f=1.0, low=1.0, high=1.0, sentences=1, entities=1)
    status = read_run_status(labelled(tmp_path / "run", answer("a"), measured=measured))
    text = describe_status(status)
    assert "F1 on dev: 100.0, on 1 entity, too few to rely on." in text
    assert "Dev has too few entities to measure F1" in text


def test_labelling_without_a_round_has_a_status_too(tmp_path):
    run = labelled(tmp_path / "run", answer("a"))
    status = read_run_status(run)
    assert (status.rounds, status.waiting, status.acquisition) == ([], 3, None)
    assert describe_status(status).startswith(
        f"{run}: no round is finished; waiting for the first: 3 words"
    )
    nothing = status.model_copy(update={"waiting": 0})  # as in a run that another tool labels
    assert describe_status(nothing).startswith(f"{run}: no round is finished.")


def test_a_folder_that_is_no_run_is_an_error(tmp_path):
    with pytest.raises(DeepALError, match="is not a run folder"):
        read_run_status(tmp_path)


def test_the_command_prints_text_or_json_and_writes_nothing(tmp_path):
    run = simulated(tmp_path / "run")
    write_sealed_value(
        run / "baseline.json",
        {
            **{"name": "en_small", "pipeline": "en_small", "types": {}},
            **{"ents_p": 0.5, "ents_r": 0.5, "ents_f": 0.5, "dev_ents_f": 0.65},
        },
    )
    before = sorted(run.rglob("*"))
    code, text = call("status", run, "--more", 100)
    assert code == 0
    assert "5 rounds by MNLP, 250 words of 1,000 labelled, in 50 sentences." in text
    assert "Forecast: another 100 words: " in text
    assert "en_small, without your labels: F1 on dev 65.0, passed after 150 words." in text
    code, text = call("status", run, "--json")
    assert json.loads(text)["rounds"][-1]["words"] == 250
    assert sorted(run.rglob("*")) == before
    code, text = call("status", tmp_path)
    assert code == 1
    assert "not a run folder" in text
