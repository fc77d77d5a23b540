from pathlib import Path

import numpy
import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus

from spacy_deepal.corpus.docbin import ATTRS, read_docs
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.lookup import excluded_ids
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import fingerprint, read_shards, write_shards
from spacy_deepal.sentences import KEY, count_words, sentence_id, sentence_info


@pytest.fixture
def nlp():
    return spacy.blank("en")


def make_doc(nlp, id, words=("Ada", "sings")):
    doc = Doc(nlp.vocab, words=list(words))
    doc.user_data[KEY] = {"id": id, "doc_id": "d1", "genre": None}
    return doc


def annotation(doc):
    return [(token.text, token.ent_iob, token.ent_type_) for token in doc]


def test_sentences_come_back_in_order_with_their_ids(nlp, tmp_path):
    docs = [make_doc(nlp, str(i)) for i in range(5)]
    write_shards(docs, tmp_path / "pool", sentences_per_shard=2)
    names = sorted(file.name for file in (tmp_path / "pool").iterdir())
    assert names == ["pool.index", "shard_0000.spacy", "shard_0001.spacy", "shard_0002.spacy"]
    back = list(read_shards(tmp_path / "pool", spacy.blank("en").vocab))
    assert [sentence_id(doc) for doc in back] == ["0", "1", "2", "3", "4"]
    assert sentence_info(back[0]) == {"id": "0", "doc_id": "d1", "genre": None}


def test_missing_outside_partial_and_blocked_annotation_survive(nlp, tmp_path):
    docs = [make_doc(nlp, str(i)) for i in range(4)]
    docs[1].set_ents([])
    docs[2].set_ents([Span(docs[2], 0, 1, "PER")], missing=[docs[2][1:2]])
    docs[3].set_ents([], blocked=[docs[3][0:2]])
    write_shards(docs, tmp_path / "pool")
    back = list(read_shards(tmp_path / "pool", spacy.blank("en").vocab))
    assert annotation(back[0]) == [("Ada", 0, ""), ("sings", 0, "")]
    assert annotation(back[1]) == [("Ada", 2, ""), ("sings", 2, "")]
    assert annotation(back[2]) == [("Ada", 3, "PER"), ("sings", 0, "")]
    assert annotation(back[3]) == [("Ada", 3, ""), ("sings", 3, "")]
    assert [doc.has_annotation("ENT_IOB") for doc in back] == [False, True, True, True]


def test_white_space_and_unknown_spaces_survive(nlp, tmp_path):
    spaced = Doc(nlp.vocab, words=["Hi", "\n\n", "you"], spaces=[True, False, True])
    spaced.user_data[KEY] = {"id": "a", "doc_id": None, "genre": None}
    write_shards([spaced, make_doc(nlp, "b")], tmp_path / "pool")
    first, second = read_shards(tmp_path / "pool", spacy.blank("en").vocab)
    assert (first.text, first.has_unknown_spaces) == ("Hi \n\nyou ", False)
    assert second.has_unknown_spaces


def test_words_are_the_tokens_that_are_not_white_space(nlp):
    assert count_words(make_doc(nlp, "a", ["a", " ", "\n", "\u3000", "\u200b", "b"])) == 3


def test_shards_are_what_docbin_itself_writes_and_reads(nlp, tmp_path):
    docs = [make_doc(nlp, str(i)) for i in range(3)]
    docs[1].user_data["array"] = numpy.arange(3)
    docs[2].user_data[("._.", "note", None, None)] = "x"
    write_shards(docs, tmp_path / "pool")
    file = tmp_path / "pool" / "shard_0000.spacy"
    assert file.read_bytes() == DocBin(attrs=ATTRS, store_user_data=True, docs=docs).to_bytes()
    back = list(read_shards(file, nlp.vocab))
    assert back[1].user_data["array"].tolist() == [0, 1, 2]
    assert back[2].user_data[("._.", "note", None, None)] == "x"


def test_spacy_reads_a_pool_as_it_is(nlp, tmp_path):
    docs = [make_doc(nlp, str(i)) for i in range(3)]
    docs[1].set_ents([Span(docs[1], 0, 1, "PER")])
    write_shards(docs, tmp_path / "pool", sentences_per_shard=2)
    examples = list(Corpus(tmp_path / "pool")(spacy.blank("en")))
    assert [sentence_id(eg.reference) for eg in examples] == ["0", "1", "2"]
    assert examples[1].get_aligned_ner() == ["U-PER", "O"]


def test_files_without_user_data_are_read_by_read_docs(nlp, tmp_path):
    DocBin(docs=[make_doc(nlp, "a")]).to_disk(tmp_path / "plain.spacy")
    assert [doc.user_data for doc in read_docs(tmp_path / "plain.spacy", nlp.vocab)] == [{}]


def test_writing_holds_one_shard_in_memory(nlp, tmp_path):
    written = []

    def docs():
        for i in range(6):
            written.append(len(list(tmp_path.glob(".pool.*/*.spacy"))))
            yield make_doc(nlp, str(i))

    write_shards(docs(), tmp_path / "pool", sentences_per_shard=2)
    assert written == [0, 0, 1, 1, 2, 2]


def test_an_interrupted_write_leaves_nothing_behind(nlp, tmp_path):
    def docs():
        yield make_doc(nlp, "0")
        yield make_doc(nlp, "1")
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        write_shards(docs(), tmp_path / "pool", sentences_per_shard=1)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_keeps_the_earlier_pool(nlp, tmp_path):
    write_shards([make_doc(nlp, "0")], tmp_path / "pool")
    before = fingerprint(tmp_path / "pool")
    with pytest.raises(DeepALError, match="no id"):
        write_shards([Doc(nlp.vocab, words=["a"])], tmp_path / "pool")
    assert fingerprint(tmp_path / "pool") == before
    assert [path.name for path in tmp_path.iterdir()] == ["pool"]


def test_an_earlier_pool_is_replaced_as_a_whole(nlp, tmp_path):
    docs = [make_doc(nlp, str(i)) for i in range(4)]
    write_shards(docs, tmp_path / "pool", sentences_per_shard=1)
    write_shards(docs[:1], tmp_path / "pool", sentences_per_shard=1)
    names = sorted(file.name for file in (tmp_path / "pool").iterdir())
    assert names == ["pool.index", "shard_0000.spacy"]
    assert [path.name for path in tmp_path.iterdir()] == ["pool"]


def test_an_interrupted_replacement_puts_the_earlier_pool_back(nlp, tmp_path, monkeypatch):
    write_shards([make_doc(nlp, "0")], tmp_path / "pool")
    before, replace = fingerprint(tmp_path / "pool"), Path.replace

    def interrupted(path, target):
        if path.name.startswith(".pool") and not path.name.endswith(".earlier"):
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_shards([make_doc(nlp, "1")], tmp_path / "pool")
    assert fingerprint(tmp_path / "pool") == before
    assert [path.name for path in tmp_path.iterdir()] == ["pool"]


def test_a_pool_can_be_rewritten_from_itself(nlp, tmp_path):
    write_shards([make_doc(nlp, str(i)) for i in range(4)], tmp_path / "pool")
    docs = read_shards(tmp_path / "pool", nlp.vocab)
    write_shards(docs, tmp_path / "pool", sentences_per_shard=3)
    back = read_shards(tmp_path / "pool", nlp.vocab)
    assert [sentence_id(doc) for doc in back] == ["0", "1", "2", "3"]


def test_a_folder_with_other_files_is_left_as_it_is(nlp, tmp_path):
    (tmp_path / "thesis.txt").write_text("do not delete")
    with pytest.raises(DeepALError, match=r"holds other things .*'thesis.txt', 1 in all"):
        write_shards([make_doc(nlp, "0")], tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "do not delete"


def test_a_file_is_not_overwritten_by_a_pool(nlp, tmp_path):
    (tmp_path / "pool").write_text("")
    with pytest.raises(DeepALError, match="is a file"):
        write_shards([make_doc(nlp, "0")], tmp_path / "pool")


def test_a_place_that_cannot_be_written_is_reported(nlp, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepALError, match=r"file.pool cannot be written: "):
        write_shards([make_doc(nlp, "0")], tmp_path / "file" / "pool")


def test_a_link_to_a_pool_stays_a_link(nlp, tmp_path):
    write_shards([make_doc(nlp, "0")], tmp_path / "pool")
    (tmp_path / "latest").symlink_to(tmp_path / "pool")
    write_shards([make_doc(nlp, "1")], tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink()
    assert [sentence_id(doc) for doc in read_shards(tmp_path / "pool", nlp.vocab)] == ["1"]


def test_shards_without_sentences_are_refused(nlp, tmp_path):
    with pytest.raises(DeepALError, match="must be 1 or more, not 0"):
        write_shards([make_doc(nlp, "0")], tmp_path / "pool", sentences_per_shard=0)


def test_no_sentences_make_one_empty_shard(nlp, tmp_path):
    write_shards([], tmp_path / "pool")
    assert len(list((tmp_path / "pool").glob("*.spacy"))) == 1
    assert list(read_shards(tmp_path / "pool", nlp.vocab)) == []


def test_a_missing_pool_is_reported_before_reading(nlp, tmp_path):
    with pytest.raises(DeepALError, match=r"There is no pool at .*nowhere.*spacy deepal convert"):
        read_shards(tmp_path / "nowhere", nlp.vocab)
    with pytest.raises(DeepALError, match=r"holds no \.spacy file"):
        read_shards(tmp_path, nlp.vocab)


@pytest.mark.parametrize("content", [b"", b"no DocBin", None])
def test_a_damaged_file_is_named(nlp, tmp_path, content):
    write_shards([make_doc(nlp, "0")], tmp_path / "pool")
    file = tmp_path / "pool" / "shard_0000.spacy"
    file.write_bytes(file.read_bytes()[:-20] if content is None else content)
    with pytest.raises(DeepALError, match=r"shard_0000\.spacy cannot be read"):
        list(read_shards(tmp_path / "pool", nlp.vocab))


def test_a_sentence_without_an_id_is_reported_with_its_file(nlp, tmp_path):
    doc_bin = DocBin(docs=[Doc(nlp.vocab, words=["Ada"])])
    doc_bin.to_disk(tmp_path / "plain.spacy")
    with pytest.raises(DeepALError, match=r"plain\.spacy: The sentence 'Ada ' has no id"):
        list(read_shards(tmp_path / "plain.spacy", nlp.vocab))


def test_the_fingerprint_tells_contents_and_order_but_not_the_place(nlp, tmp_path):
    docs = [make_doc(nlp, str(i)) for i in range(2)]
    write_shards(docs, tmp_path / "a", sentences_per_shard=1)
    write_shards(docs, tmp_path / "b", sentences_per_shard=1)
    write_shards(docs[::-1], tmp_path / "c", sentences_per_shard=1)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "c")
    assert len(fingerprint(tmp_path / "a" / "shard_0000.spacy")) == 64


class TestExclude:
    @pytest.fixture
    def pool(self, nlp, tmp_path):
        words = {"a": "It rained", "b": "Mia left", "c": "It rained", "d": "Bo stayed"}
        write_shards(
            (make_doc(nlp, n, text.split()) for n, text in words.items()), tmp_path / "pool"
        )
        return tmp_path / "pool"

    def left(self, pool, *batches):
        excluded = excluded_ids(Pool(pool), batches)
        return [n for doc in read_shards(pool, None) if (n := sentence_id(doc)) not in excluded]

    def batch(self, pool, **texts):
        nlp = spacy.blank("en")
        path = pool.parent / f"batch{'-'.join(texts)}"
        write_shards((make_doc(nlp, n, text.split()) for n, text in texts.items()), path)
        return path

    def test_sentences_are_told_by_their_ids(self, pool):
        assert self.left(pool, self.batch(pool, c="It rained")) == ["a", "b", "d"]

    def test_those_without_an_id_of_the_pool_are_told_by_their_texts(self, pool):
        assert self.left(pool, self.batch(pool, x="Mia left")) == ["a", "c", "d"]

    def test_a_text_is_the_same_in_other_tokens(self, nlp, pool):
        write_shards([make_doc(nlp, "e", ["Bo", "left."])], pool.parent / "more")
        batch = self.batch(pool, x="Bo left .")  # a space before the full stop
        assert excluded_ids(Pool(pool.parent / "more"), [batch]) == {"e"}

    def test_of_equal_texts_as_many_are_left_out_as_were_labelled(self, pool):
        one, other = self.batch(pool, x="It rained"), self.batch(pool, y="It rained", b="Mia left")
        assert self.left(pool, one) == ["b", "c", "d"]
        assert self.left(pool, one, other) == ["d"]
        assert self.left(pool, self.batch(pool, a="It rained", z="It rained")) == ["b", "d"]

    def test_a_batch_of_another_pool_is_reported(self, pool):
        with pytest.raises(DeepALError, match=r"No sentence of .*batchx is in the pool"):
            self.left(pool, self.batch(pool, x="Snow"))
