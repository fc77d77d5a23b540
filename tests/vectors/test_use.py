"""Tables of other makes, as the tagger reads them."""

import pytest
import spacy

from spacy_deepal.tagger.lexicon import static_vectors

from ..pools import call_spacy

LINES = "ada 4 0\nsings 0 2\nBob 3 1\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], [[4, 0], [4, 0], [0, 2], [3, 1], [3, 1], [0, 0]]),
        (["--attr", "LOWER"], [[4, 0], [4, 0], [0, 2], [3, 1], [3, 1], [0, 0]]),
        (["--prune", 2], [[4, 0], [4, 0], [0, 2], [4, 0], [4, 0], [0, 0]]),
    ],
    ids=["as they are", "keyed by lower case", "pruned"],
)
def test_tables_of_init_vectors(tmp_path, options, expected):
    (tmp_path / "words.txt").write_text(LINES)
    args = ["en", tmp_path / "words.txt", tmp_path / "table", *options]
    assert call_spacy("init", "vectors", *args)[0] == 0
    vocab = spacy.load(tmp_path / "table").vocab
    words = ["ada", "ADA", "Sings", "Bob", "bob", "Eva"]
    assert static_vectors(vocab, [vocab.strings.add(word) for word in words]).tolist() == expected
