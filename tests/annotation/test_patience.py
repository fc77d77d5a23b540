"""Waiting tells what changes, and only that."""

from spacy_deepal.annotation.patience import Patience
from spacy_deepal.errors import LabelsAwaited, Unsettled


def test_it_tells_what_waits_once_and_then_what_changes():
    told = []
    patience = Patience(told.append, pause=lambda: None)
    for answered in (0, 0, 2, 2):
        patience(LabelsAwaited("Label them at X.", answered, 3, "round_00"))
    patience(LabelsAwaited("Label them at Y.", 0, 3, "round_01"))
    waiting = "Waiting for them. Ctrl+C ends this. To go on, give the same command again."
    assert told == [
        f"Label them at X.\n{waiting}",
        "Labelled: 2 of 3 sentences.",
        f"Label them at Y.\n{waiting}",
    ]


def test_a_problem_is_told_once():
    told = []
    patience = Patience(told.append, pause=lambda: None)
    for _ in range(3):
        patience(Unsettled("The server is down."))
    patience(LabelsAwaited("Label them.", 1, 3, "round_00"))
    assert told[0] == "The server is down."
    assert len(told) == 2
