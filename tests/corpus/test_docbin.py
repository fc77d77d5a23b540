import zlib

import pytest
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from spacy_deepal.corpus import docbin
from spacy_deepal.corpus.docbin import (
    ATTRS,
    OTHER_ATTRS,
    doc_bin,
    other_annotation,
    read_docs,
    read_spacy,
    write_docs,
)
from spacy_deepal.corpus.folders import open_all
from spacy_deepal.errors import DeepALError

from .build import EN, problem, tags


def read_file(path):
    return list(read_spacy(open_all(path)[0][0], EN))


def test_docs_of_several_sentences_are_cut_with_their_entities(tmp_path):
    doc = Doc(
        EN.vocab,
        words=["Ada", "sings", ".", "In", "Paris", "."],
        spaces=[True, False, True, True, False, False],
        sent_starts=[True, False, False, True, False, False],
    )
    doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 4, 5, "LOC")], missing=[doc[5:6]])
    DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    first, second = read_file(tmp_path / "x.spacy")
    assert [first.doc.text, second.doc.text] == ["Ada sings. ", "In Paris."]
    assert [tags(first.doc), tags(second.doc)] == [["B-PER", "O", "O"], ["O", "B-LOC", ""]]
    assert [(item.id, item.doc_id, item.line) for item in (first, second)] == [
        (None, "x-0001", 1),
        (None, "x-0001", 1),
    ]


def test_ids_of_an_earlier_pool_are_kept(tmp_path):
    doc = EN("Ada sings")
    doc.user_data["deepal"] = {"id": "a1", "doc_id": "d", "genre": "news"}
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "x.spacy")
    (sentence,) = read_file(tmp_path / "x.spacy")
    assert (sentence.id, sentence.doc_id, sentence.genre) == ("a1", "d", "news")


@pytest.mark.parametrize("labels", ["PER", [1], 0, None])
def test_user_data_that_no_pool_has_are_reported(tmp_path, labels):
    doc = EN("Ada sings")
    doc.user_data["deepal"] = {"id": "a1", "labels": labels}
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "x.spacy")
    (bad,) = read_file(tmp_path / "x.spacy")
    assert problem(bad) == (1, "user_data['deepal'] is not what a pool has")


def test_an_entity_over_two_sentences_is_reported(tmp_path):
    doc = Doc(EN.vocab, words=["a", "b"], sent_starts=[True, True], ents=["B-X", "I-X"])
    DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    (bad,) = read_file(tmp_path / "x.spacy")
    assert problem(bad) == (1, "an entity goes on into the next sentence")


def analysed():
    """Two sentences with all annotation that a DocBin stores."""
    doc = Doc(
        EN.vocab,
        words=["Ada", "sings", ".", "Bo", "is", "in", "Paris"],
        tags=["NNP", "VBZ", ".", "NNP", "VBZ", "IN", "NNP"],
        pos=["PROPN", "VERB", "PUNCT", "PROPN", "AUX", "ADP", "PROPN"],
        morphs=["Number=Sing", "Person=3", "", "Number=Sing", "Person=3", "", ""],
        lemmas=["Ada", "sing", ".", "Bo", "be", "in", "Paris"],
        heads=[1, 1, 1, 4, 4, 4, 5],
        deps=["nsubj", "ROOT", "punct", "nsubj", "ROOT", "prep", "pobj"],
    )
    doc.set_ents([Span(doc, 6, 7, "LOC", kb_id="Q90", span_id="p")])
    doc.spans["sc"] = [Span(doc, 5, 7, "WHERE", kb_id="Q90"), Span(doc, 1, 4, "beyond")]
    return doc


def analysis(doc):
    return [
        (t.text, t.tag_, t.pos_, str(t.morph), t.lemma_, t.dep_, t.head.i, t.is_sent_start)
        for t in doc
    ]


def spans(doc):
    return [(key, s.text, s.label_, s.kb_id_) for key, group in doc.spans.items() for s in group]


def test_all_other_annotation_comes_back(tmp_path):
    write_docs([analysed()], tmp_path / "x.spacy")
    (doc,) = read_docs(tmp_path / "x.spacy", Vocab())
    assert analysis(doc) == analysis(analysed())
    assert spans(doc) == spans(analysed())
    assert [(ent.label_, ent.kb_id_, ent.ent_id_) for ent in doc.ents] == [("LOC", "Q90", "p")]


def test_the_sentences_of_a_doc_keep_their_other_annotation(tmp_path):
    DocBin(docs=[analysed()]).to_disk(tmp_path / "x.spacy")
    first, second = (item.doc for item in read_file(tmp_path / "x.spacy"))
    expected = [sentence.as_doc() for sentence in analysed().sents]
    assert [analysis(first), analysis(second)] == [analysis(doc) for doc in expected]
    assert [token.head.i for token in second] == [1, 1, 1, 2]
    assert [(ent.text, ent.kb_id_, ent.ent_id_) for ent in second.ents] == [("Paris", "Q90", "p")]
    assert [spans(first), spans(second)] == [[], [("sc", "in Paris", "WHERE", "Q90")]]


def test_a_dependency_over_two_sentences_is_reported(tmp_path):
    """The trees of "a" and "c", and of "b" and "d", are interleaved."""
    doc = Doc(EN.vocab, words=list("abcd"), heads=[0, 1, 0, 1], deps=["ROOT", "ROOT", "x", "x"])
    DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    (bad,) = read_file(tmp_path / "x.spacy")
    assert problem(bad) == (1, "a dependency goes on into the next sentence")


def test_only_annotation_that_a_doc_has_is_stored():
    plain = [Doc(EN.vocab, words=["a"]), Doc(EN.vocab, words=[]), Doc(EN.vocab, words=["a", "b"])]
    assert doc_bin(plain).attrs == DocBin(attrs=ATTRS).attrs
    tagged = Doc(EN.vocab, words=["a"], tags=["DT"])
    assert other_annotation([*plain, tagged]) == ["TAG"]
    assert set(other_annotation([analysed()])) == set(OTHER_ATTRS)


def test_docs_with_and_without_other_annotation_share_a_file(tmp_path):
    plain = Doc(EN.vocab, words=["a", "b"])
    write_docs([plain, analysed()], tmp_path / "x.spacy")
    first, second = read_docs(tmp_path / "x.spacy", Vocab())
    assert not any(first.has_annotation(attr) for attr in ("TAG", "DEP", "HEAD", "SENT_START"))
    assert analysis(second) == analysis(analysed())


def test_docs_that_are_not_wanted_are_not_made_and_the_others_are_as_ever(tmp_path):
    docs = [
        Doc(EN.vocab, words=["a", "rare"]),
        analysed(),
        Doc(EN.vocab, words=["b", "rare"]),
    ]
    for number, doc in enumerate(docs):
        doc.user_data["number"] = number
        doc.cats["b"] = number
    write_docs(docs, tmp_path / "x.spacy")
    vocab = Vocab()
    first, second = read_docs(tmp_path / "x.spacy", vocab, wanted=lambda data: data["number"])
    assert (analysis(first), spans(first)) == (analysis(analysed()), spans(analysed()))
    assert (second.text, second.cats, second.user_data["number"]) == ("b rare ", {"b": 2}, 2)
    made = {lexeme.text for lexeme in vocab}
    assert "rare" in made
    assert "a" not in made


def test_a_large_file_is_told_from_a_decompression_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(docbin, "LARGE", 1 << 10)
    monkeypatch.setattr(docbin, "MAX_UNPACKED", 1 << 20)
    write_docs([Doc(EN.vocab, words=list(map(str, range(40_000))))], tmp_path / "x.spacy")
    (doc,) = read_docs(tmp_path / "x.spacy", Vocab())
    assert len(doc) == 40_000
    (tmp_path / "bomb.spacy").write_bytes(zlib.compress(bytes(1 << 24)))
    with pytest.raises(DeepALError, match="OverflowError"):
        list(read_docs(tmp_path / "bomb.spacy", Vocab()))
