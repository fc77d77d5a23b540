import pytest
import spacy

from spacy_deepal.tagger.model import tagger_of
from spacy_deepal.vectors import make

from ..pools import CONFIGS, call, call_spacy, write_pools
from ..vectors.build import make_pool, make_transformer


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path / "pool")


@pytest.fixture
def word_file(tmp_path):
    (tmp_path / "words.txt").write_text("ada 1 2\nsaw 3 4\nrome 5 7\nrain 1 1\nlives 2 1\n")
    return tmp_path / "words.txt"


def test_vectors_prints_what_has_a_vector_and_what_to_do_next(pool, word_file, tmp_path):
    status, output = call("vectors", pool, tmp_path / "out", "--from-file", word_file)
    assert status == 0
    assert "distinct words 4 of 7 (57.1%) words 5 of 8 (62.5%) width 2" in output
    assert f"Wrote {tmp_path / 'out'}. To use it:" in output
    assert f"python -m spacy train al.cfg --paths.vectors {tmp_path / 'out'} …" in output
    assert spacy.load(tmp_path / "out").vocab["Ada"].vector.tolist() == [1, 2]


def test_vectors_come_from_a_transformer(pool, tmp_path):
    folder = make_transformer(tmp_path / "transformer")
    status, _ = call("vectors", pool, tmp_path / "out", "--from-transformer", folder, "--dim", 1)
    assert status == 0
    vocab = spacy.load(tmp_path / "out").vocab
    assert vocab.vectors.shape == (4, 1)
    assert vocab.has_vector("London")
    assert not vocab.has_vector("Zzz")


def test_vectors_come_from_the_text_of_the_pools(monkeypatch, tmp_path):
    pool = make_pool(tmp_path / "pool", [f"{name} saw Rome" for name in "abcdefghijklmnop"])
    args = ["--from-text", "--dim", 7, "--lang", "xx"]
    status, output = call("vectors", pool, tmp_path / "out", *args)
    assert status == 0
    assert "words 48 of 48 (100.0%) width 7" in output
    assert "learnt from" not in output
    nlp = spacy.load(tmp_path / "out")
    assert (nlp.lang, nlp.vocab.vectors.mode) == ("xx", "floret")
    monkeypatch.setattr(make, "TEXT_WORDS", 40)
    _, output = call("vectors", pool, tmp_path / "out", *args)
    assert "The vectors were learnt from 40 words of the text." in output


def test_a_table_does_not_replace_the_one_that_it_comes_from(pool, word_file, tmp_path):
    out = tmp_path / "out"
    assert call("vectors", pool, out, "--from-file", word_file)[0] == 0
    smaller = make_pool(tmp_path / "smaller", ["Ada"])
    status, output = call("vectors", smaller, out, "--from-file", out)
    assert (status, "is read here, so it cannot be written" in output) == (1, True), output
    assert spacy.load(out).vocab.vectors.n_keys == 4
    assert call("vectors", smaller, tmp_path / "new", "--from-file", out)[0] == 0


def test_vectors_need_a_source(pool, tmp_path):
    status, output = call("vectors", pool, tmp_path / "out")
    assert status == 1
    assert "No source of vectors is named. Name one or more: --from-text" in output
    assert not (tmp_path / "out").exists()


def test_the_vectors_of_several_sources_stand_side_by_side(pool, word_file, tmp_path):
    transformer, out = make_transformer(tmp_path / "transformer"), tmp_path / "out"
    args = ["--from-transformer", transformer, "--from-file", word_file]
    status, output = call("vectors", pool, out, *args)
    assert (status, "width 4" in output) == (0, True), output
    vocab = spacy.load(out).vocab
    assert vocab["London"].vector[:2].all()  # from the transformer alone
    assert not vocab["London"].vector[2:].any()
    assert vocab["saw"].vector.all()


def test_config_trains_with_the_table(word_file, tmp_path):
    paths = write_pools(tmp_path)
    args = ["--from-file", word_file, "--lang", "xx"]
    assert call("vectors", paths["pool"], tmp_path / "table", *args)[0] == 0
    values = {"paths.train": paths["pool"], "paths.dev": paths["dev"], "nlp.lang": "xx"}
    values |= {"paths.vectors": tmp_path / "table", "training.max_epochs": "1"}
    config, model = CONFIGS / "al.cfg", tmp_path / "m"
    overrides = [part for key, value in values.items() for part in (f"--{key}", value)]
    status, output = call_spacy("train", config, "--output", model, *overrides)
    assert status == 0, output
    nlp = spacy.load(model / "model-last")
    assert nlp.vocab.vectors.shape[1] == 2
    assert tagger_of(nlp.get_pipe("ner").model).network.sizes.vectors_width == 2
