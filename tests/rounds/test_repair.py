"""What a run that goes on finds damaged, and makes again."""

import pytest
import spacy

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.rounds.repair import take_out_damaged
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import KEY


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


def label(run, *texts):
    """RETURNS (RoundFolder): The first round, whose batch has these sentences."""
    run.path.mkdir()
    here = run.round(0)
    docs = [spacy.blank("en").make_doc(text) for text in texts]
    for doc in docs:
        doc.user_data[KEY] = {"id": doc.text, "doc_id": None, "genre": None}
    write_docs(docs, here.batch)
    return here


def test_a_round_that_selected_nothing_is_not_damaged(run):
    here = label(run)
    here.selected.write([])
    assert list(take_out_damaged(run)) == []
    assert here.selected.path.exists()


@pytest.mark.parametrize("left", ["missing", "empty"])
def test_what_was_selected_is_made_again_from_the_batch_and_white_space_is_no_word(run, left):
    here = label(run, "Ada  went to\tRome .")
    if left == "empty":
        here.selected.write([])
    (problem,) = take_out_damaged(run)
    assert f"selected.jsonl is {left}. It was made again from batch.spacy" in problem
    assert [row.words for row in here.selected.read()] == [5]
