"""What became of suggestions, on examples that can be counted by hand."""

from spacy_deepal.annotation.answers import Suggestion
from spacy_deepal.annotation.suggestion_counts import count_suggestions

from .build import answer


def suggested(*entities):
    return [Suggestion(start=start, end=end, label=label) for start, end, label in entities]


def test_suggestions_are_accepted_changed_removed_or_missing():
    given = [(0, 1, "PER"), (2, 4, "LOC"), (6, 7, "PER"), (8, 9, "LOC")]
    shown = suggested((0, 1, "PER"), (2, 3, "LOC"), (5, 6, "PER"), (8, 9, "PER"))
    counts = count_suggestions([answer("s1", given, suggested=shown, model=2)])
    assert (counts.accepted, counts.changed, counts.removed, counts.missed) == (1, 2, 1, 1)
    assert counts.shown == 4


def test_what_nobody_could_suggest_was_not_missed():
    assert count_suggestions([answer("s1", [(0, 1, "PER")])]).missed == 0
    assert count_suggestions([answer("s1", [(0, 1, "PER")], model=0)]).missed == 1


def test_ignored_sentences_do_not_count():
    shown = suggested((0, 1, "PER"))
    ignored = answer("s1", answer="ignore", suggested=shown, model=1)
    assert count_suggestions([ignored]).shown == 0
