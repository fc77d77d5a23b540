"""agreement.py says how far the labels of copies of a sentence agree."""

import pytest
import spacy
import typer
from spacy.tokens import Doc

from spacy_deepal.pool.shards import write_shards
from spacy_deepal.sentences import KEY

from ..pools import read_jsonl

VOCAB = spacy.blank("en").vocab


def labelled(words: str, *tags: str) -> Doc:
    return Doc(VOCAB, words.split(), ents=[*tags])


def test_copies_are_compared_with_the_copy_before(script):
    docs = [
        labelled("Ann met Bob", "B-PER", "O", "B-PER"),
        labelled("Ann met Bob", "B-PER", "O", "O"),
        labelled("Yes , yes", "O", "O", "O"),
        labelled("Ann met Bob", "B-PER", "O", "B-ORG"),
        labelled("Yes , yes", "O", "O", "O"),
        labelled("Ann met Eve", "B-PER", "O", "B-PER"),
    ]
    found = script("agreement").agreement(docs)
    # Ann is right twice, of 3 entities in the first pair and 3 in the second.
    assert found == {"sentences": 1, "ents": 5, "ents_f": pytest.approx(4 / 6, abs=1e-6)}


def test_pools_without_copies_have_no_f1(script, tmp_path, capsys):
    docs = [labelled("Ann met Bob", "B-PER", "O", "B-PER"), labelled("Yes", "O")]
    for number, doc in enumerate(docs):
        doc.user_data[KEY] = {"id": str(number), "doc_id": None, "genre": None}
    write_shards(docs, tmp_path / "tiny" / "corpus" / "train")
    output = tmp_path / "agreement.jsonl"
    script("agreement").main(tmp_path, output)
    assert read_jsonl(output) == [{"data": "tiny", "sentences": 0, "ents": 0, "ents_f": None}]
    assert "| tiny | 0 | 0 |  |" in capsys.readouterr().out


def test_a_workspace_without_pools_is_refused(script, tmp_path, capsys):
    with pytest.raises(typer.Exit):
        script("agreement").main(tmp_path, tmp_path / "agreement.jsonl")
    assert "has no pools" in " ".join(capsys.readouterr().out.split())
