import io

import numpy
import pytest

from spacy_deepal.errors import DeepALError
from spacy_deepal.vectors.sentence_pieces import average_sentence_pieces

from ..pools import call
from .build import REASON, make_pool

WORDS = ["ada", "rome", "Ω", "adaΩ", ""]


@pytest.fixture(scope="module")
def model():
    """A model whose pieces are letters, and the number of each piece."""
    package = pytest.importorskip("sentencepiece", reason=REASON)
    model = io.BytesIO()
    package.SentencePieceTrainer.train(
        sentence_iterator=iter(["ada rome", "rome ada"]),
        model_writer=model,
        model_type="char",
        vocab_size=10,
        minloglevel=2,
    )
    processor = package.SentencePieceProcessor(model_proto=model.getvalue())
    return model.getvalue(), {processor.id_to_piece(i): i for i in range(10)}


@pytest.fixture
def folder(model, tmp_path):
    """The model and a table in which piece i has the vector [i, 1]."""
    folder = tmp_path / "pieces"
    folder.mkdir()
    (folder / "sp.model").write_bytes(model[0])
    count = len(model[1])
    table = numpy.stack([numpy.arange(count), numpy.ones(count)], 1).astype("float32")
    numpy.save(folder / "table.npy", table)
    return folder


def expected(pieces):
    """The means of the numbers of letters, without the beginning of a word and the unknown."""
    ada, rome = ([pieces[letter] for letter in word] for word in ("ada", "rome"))
    return numpy.asarray(
        [[numpy.mean(ids), 1] if ids else [0, 0] for ids in (ada, rome, [], ada, [])]
    )


def test_vector_is_the_mean_of_the_pieces_without_the_boundary_and_the_unknown(folder, model):
    found = average_sentence_pieces(folder, WORDS)
    assert found.dtype == numpy.float32
    assert found == pytest.approx(expected(model[1]))


def test_words_without_any_piece_have_no_vector(folder):
    assert average_sentence_pieces(folder, ["Ω", ""]).tolist() == [[0, 0], [0, 0]]


def test_table_may_be_one_of_several_arrays_and_have_rows_to_spare(folder, model):
    table = numpy.load(folder / "table.npy")
    (folder / "table.npy").unlink()
    numpy.savez(folder / "w.npz", bias=numpy.ones(3), table=numpy.concatenate([table, table]))
    found = average_sentence_pieces(folder, WORDS)
    assert found == pytest.approx(expected(model[1]))


def test_table_of_bytes_is_restored_block_by_block(folder, model):
    """Piece i is row i // 3 of block i % 3."""
    table = numpy.load(folder / "table.npy")
    (folder / "table.npy").unlink()
    lowest, scale = numpy.asarray([0, -1, 1], "float32"), numpy.asarray([1, 0.5, 0.25], "float32")
    rows = numpy.concatenate([table, numpy.ones((-len(table) % 3, 2), "float32")])
    blocks = {f"q{k + 1}": ((rows[k::3] - lowest[k]) / scale[k]).astype("uint8") for k in range(3)}
    numpy.savez(folder / "w.npz", **blocks, lo=lowest, scale=scale)
    found = average_sentence_pieces(folder, WORDS)
    assert found == pytest.approx(expected(model[1]))


def damage_model(folder):
    (folder / "sp.model").write_bytes(b"no model")


def damage_table(folder):
    (folder / "table.npy").write_bytes(b"\x93NUMPY no table")


def shorten_table(folder):
    numpy.save(folder / "table.npy", numpy.load(folder / "table.npy")[:-1])


def lose_a_block(folder):
    (folder / "table.npy").unlink()
    block = numpy.zeros((9, 2), "uint8")
    numpy.savez(folder / "w.npz", q1=block, lo=numpy.zeros(2), scale=numpy.ones(2))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (damage_model, r"sp.model is not a model of SentencePiece"),
        (damage_table, r"table.npy cannot be read"),
        (shorten_table, r"table.npy has no single table of \d+ rows"),
        (lose_a_block, r"w.npz has no single table of \d+ rows"),
        (lambda folder: (folder / "sp.model").unlink(), r"There are 0 files \*.model in "),
        (lambda folder: (folder / "b.npz").touch(), r"There are 2 files \*.np\[yz\] in "),
    ],
)
def test_what_is_missing_or_damaged_is_named(folder, harm, message):
    harm(folder)
    with pytest.raises(DeepALError, match=message):
        average_sentence_pieces(folder, WORDS)


def test_pieces_and_text_stand_side_by_side(folder, tmp_path):
    pool = make_pool(tmp_path / "pool", [f"{name} saw rome" for name in "abcdefghijklmnop"])
    args = ["--from-sentencepiece", folder, "--from-text", "--dim", 2]
    status, output = call("vectors", pool, tmp_path / "out", *args)
    assert (status, "width 4" in output) == (0, True), output
