"""Tables of other makes, as the tagger reads them."""

import pytest
import spacy

from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.tagger.lexicon import static_vectors

from ..pools import call, call_spacy, quick_config, write_pools

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


def test_a_flipped_bit_in_vectors_is_named_before_a_run_begins(tmp_path):
    paths, vectors = write_pools(tmp_path), tmp_path / "made"
    command = ["vectors", paths["pool"], vectors, "--from-text", "--dim", 4, "--lang", "xx"]
    assert call(*command)[0] == 0
    table = vectors / "vocab" / "vectors"
    content = bytearray(table.read_bytes())
    content[-3] ^= 1
    table.write_bytes(content)
    config = quick_config(paths, more={"paths.vectors": str(vectors)}, rounds=1)
    with pytest.raises(DeepALError, match=r"made are damaged \(vocab/vectors was changed or cut\)"):
        run_loop(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert call(*command)[0] == 0  # in its place
