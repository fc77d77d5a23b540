"""Formats that are written and read again: what comes back is what went out."""

import pytest
import spacy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from spacy.cli.convert import CONVERTERS
from spacy.tokens import Doc, Span

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.corpus.reading import ReadOptions
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.export import WRITTEN, export
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import KEY, sentence_info

from ..pools import call

NLP = spacy.blank("en")
VOCAB = NLP.vocab
# The suffix of each format's files, and what it cannot keep: ids, documents, tokens, the text.
SUFFIXES = {
    **dict.fromkeys(["iob2", "bioes", "conll2002", "conll2003"], ".conll"),
    **dict.fromkeys(["jsonl", "doccano", "prodigy", "hugging_face"], ".jsonl"),
    **dict.fromkeys(["label_studio", "label_studio_min", "spacy2"], ".json"),
    "conllu": ".conllu",
    "conll2012": ".conll",
    "csv": ".csv",
    "inline": ".txt",
    "text": ".txt",
    "spacy": ".spacy",
    "brat": "",
}
KEEPS_IDS = {
    *("iob2", "bioes", "conll2002", "conll2003", "conllu", "jsonl", "doccano", "prodigy"),
    *("hugging_face", "label_studio", "label_studio_min", "spacy"),
}
KEEPS_TOKENS = {
    *("iob2", "bioes", "conll2002", "conll2003", "conllu", "conll2012", "jsonl", "prodigy"),
    *("hugging_face", "csv", "spacy"),
}
SAYS_UNLABELLED = {
    *("conllu", "doccano", "hugging_face", "jsonl", "label_studio", "prodigy", "spacy", "text"),
}
LOSES_TEXT = {"conll2012", "hugging_face", "csv"}

letters = st.text("abcXYZ.,'天é🙂0", min_size=1, max_size=5)
labels = st.sampled_from(["PER", "LOC-x"])
sentences = st.lists(
    st.lists(st.tuples(letters, st.booleans(), st.none() | labels), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


def make_docs(drawn):
    """Sentences of words, each with a space after it or not, and with an entity or not. The last
    word is of small letters, so that a column of them is told from one of parts of speech."""
    for number, rows in enumerate(drawn):
        rows = [*rows, ("end", False, None)]
        doc = Doc(VOCAB, words=[row[0] for row in rows], spaces=[row[1] for row in rows])
        doc.set_ents([Span(doc, i, i + 1, row[2]) for i, row in enumerate(rows) if row[2]])
        doc.user_data[KEY] = {"id": f"s{number}", "doc_id": f"d{number // 2}", "genre": "nw"}
        yield doc


@pytest.fixture(scope="module", autouse=True)
def _one_pipeline():
    """A new pipeline for each conversion takes longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_deepal.pool.renewed.blank_pipeline", lambda lang: NLP)
        yield


def round_trip(folder, docs, format, read_as="auto"):
    write_docs(docs, folder / "in.spacy")
    output = folder / f"out{SUFFIXES[format]}"
    export(folder / "in.spacy", output, format)
    convert([output], folder / "pool", options=ReadOptions(format=read_as))
    return list(read_shards(folder / "pool", VOCAB))


def spans(doc):
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def of_tokens(doc):
    return [(token.text, token.ent_iob_, token.ent_type_) for token in doc]


@pytest.mark.parametrize("format", sorted(KEEPS_TOKENS - LOSES_TEXT))
@settings(max_examples=15, deadline=None)
@given(drawn=sentences)
def test_formats_with_tokens_and_text_keep_both(tmp_path_factory, format, drawn):
    docs = list(make_docs(drawn))
    found = round_trip(tmp_path_factory.mktemp(format), docs, format)
    assert [doc.text for doc in found] == [doc.text for doc in docs]
    assert list(map(of_tokens, found)) == list(map(of_tokens, docs))
    assert list(map(sentence_info, found)) == list(map(sentence_info, docs))


@pytest.mark.parametrize("format", sorted(LOSES_TEXT))
@settings(max_examples=15, deadline=None)
@given(drawn=sentences)
def test_formats_with_tokens_alone_keep_them(tmp_path_factory, format, drawn):
    docs = list(make_docs(drawn))
    found = round_trip(tmp_path_factory.mktemp(format), docs, format)
    assert list(map(of_tokens, found)) == list(map(of_tokens, docs))
    assert all(doc.has_unknown_spaces for doc in found)


def aligned(drawn):
    """Sentences of the tokens that the pipeline makes of them."""
    for doc in make_docs(drawn):
        new = NLP.make_doc(doc.text)
        ents = (new.char_span(*span) for span in spans(doc))
        new.set_ents([ent for ent in ents if ent is not None])
        new.user_data[KEY] = doc.user_data[KEY]
        yield new


@pytest.mark.parametrize("format", sorted(set(WRITTEN) - KEEPS_TOKENS - {"text"}))
@settings(max_examples=15, deadline=None)
@given(drawn=sentences)
def test_formats_of_text_keep_texts_and_spans(tmp_path_factory, format, drawn):
    docs = list(aligned(drawn))
    if format == "spacy2":  # which has no ids, so records of one text are doubles
        assume(len({doc.text for doc in docs}) == len(docs))
    read_as = "inline" if format == "inline" else "auto"
    found = round_trip(tmp_path_factory.mktemp(format), docs, format, read_as)
    expected = sorted((doc.text, spans(doc)) for doc in docs)
    if format == "brat":  # which cuts at final punctuation
        assert sum(len(doc.ents) for doc in found) == sum(len(doc.ents) for doc in docs)
    else:
        assert sorted((doc.text, spans(doc)) for doc in found) == expected
    if format in KEEPS_IDS:
        assert list(map(sentence_info, found)) == list(map(sentence_info, docs))


def test_every_format_is_tried():
    assert set(SUFFIXES) == set(WRITTEN)


@pytest.fixture
def unlabelled():
    doc = Doc(VOCAB, words=["Mia", "ran"], spaces=[True, False])
    doc.user_data[KEY] = {"id": "s1", "doc_id": None, "genre": None}
    return doc


@pytest.mark.parametrize("format", sorted(WRITTEN))
def test_an_unlabelled_sentence_stays_so_or_is_refused(tmp_path, unlabelled, format):
    if format in SAYS_UNLABELLED:
        (doc,) = round_trip(tmp_path, [unlabelled], format)
        assert not doc.has_annotation("ENT_IOB")
    else:
        with pytest.raises(DeepALError, match=f"{format} cannot say that words are not labelled"):
            round_trip(tmp_path, [unlabelled], format)
        assert [path.name for path in tmp_path.iterdir()] == ["in.spacy"]


@pytest.mark.parametrize("format", sorted(set(WRITTEN) - {"text"}))
def test_a_partly_labelled_sentence_stays_so_or_is_refused(tmp_path, unlabelled, format):
    unlabelled.set_ents([Span(unlabelled, 0, 1, "PER")], default="missing")
    if format in ("prodigy", "spacy"):
        (doc,) = round_trip(tmp_path, [unlabelled], format)
        assert of_tokens(doc) == [("Mia", "B", "PER"), ("ran", "", "")]
    else:
        with pytest.raises(DeepALError, match=f"{format} cannot say that words are not labelled"):
            round_trip(tmp_path, [unlabelled], format)


@pytest.mark.parametrize(
    ("format", "words"),
    [
        ("iob2", ["a\tb"]),
        ("conll2002", ["a b"]),
        ("conll2012", ["-LRB-"]),
        ("conll2012", ["a b"]),
        ("inline", ["[a]"]),
    ],
)
def test_what_a_format_cannot_hold_is_reported(tmp_path, format, words):
    doc = Doc(VOCAB, words=words, ents=["O"])
    with pytest.raises(DeepALError, match=f"The format {format} cannot hold"):
        round_trip(tmp_path, [doc], format)


def test_prodigy_keeps_a_sentence_of_which_only_words_outside_of_entities_are_known(tmp_path):
    doc = Doc(VOCAB, words=["Mia", "ran"], ents=["", "O"])
    (back,) = round_trip(tmp_path, [doc], "prodigy")
    assert of_tokens(back) == [("Mia", "", ""), ("ran", "", "")]


def test_conll2012_cannot_hold_a_document_with_white_space_in_its_name(tmp_path):
    doc = Doc(VOCAB, words=["Mia"], ents=["O"])
    doc.user_data[KEY] = {"id": "1", "doc_id": "my file", "genre": None}
    with pytest.raises(DeepALError, match="white space in the document's name 'my file'"):
        round_trip(tmp_path, [doc], "conll2012")


def test_wrong_formats_and_outputs_are_reported(tmp_path, unlabelled):
    (tmp_path / "pool").mkdir()
    write_docs([unlabelled], tmp_path / "pool" / "a.spacy")
    with pytest.raises(DeepALError, match=r"The format 'csb' is not written\. Known: bioes, brat"):
        export(tmp_path / "pool", tmp_path / "x", "csb")
    with pytest.raises(DeepALError, match=r"x is in .*pool, which is read here"):
        export(tmp_path / "pool", tmp_path / "pool" / "x", "text")
    with pytest.raises(DeepALError, match=r"a\.spacy is read here, so it cannot be written"):
        export(tmp_path / "pool" / "a.spacy", tmp_path / "pool" / "a.spacy", "text")


@pytest.mark.parametrize("format", sorted(KEEPS_TOKENS - {"spacy"}))
def test_white_space_is_no_word(tmp_path, format):
    doc = NLP.make_doc("Ada  went to\tRome .")
    doc.set_ents([Span(doc, 0, 1, "PER")])
    (found,) = round_trip(tmp_path, [doc], format)
    words = [token.text for token in found if not token.is_space]
    assert words == ["Ada", "went", "to", "Rome", "."]
    assert spans(found)[0][2] == "PER"


def test_a_file_is_overwritten_by_force_alone(tmp_path):
    write_docs([NLP.make_doc("Ada knew.")], tmp_path / "in.spacy")
    output = tmp_path / "out.txt"
    output.write_text("mine")
    command = ("export", tmp_path / "in.spacy", output, "--format", "text")
    status, said = call(*command)
    assert (status, output.read_text()) == (1, "mine")
    assert "out.txt exists. Name another file, or overwrite it with --force." in said
    assert call(*command, "--force")[0] == 0
    assert output.read_text() == "Ada knew.\n"


@pytest.mark.parametrize("format", ["iob2", "conll2002", "conll2003"])
def test_without_comments_spacy_reads_columns(tmp_path, format):
    docs = [NLP.make_doc("Ada  knew Rome."), NLP.make_doc("It rained.")]
    for doc in docs:
        doc.set_ents([Span(doc, 0, 1, "PER")])
    write_docs(docs, tmp_path / "in.spacy")
    output = tmp_path / "out.conll"
    assert call("export", tmp_path / "in.spacy", output, "--format", format, "--plain")[0] == 0
    assert "#" not in output.read_text()
    found = list(CONVERTERS["ner"](output.read_text(), n_sents=1, no_print=True))
    words = [[token.text for token in doc] for doc in found]
    assert words == [["Ada", "knew", "Rome", "."], ["It", "rained", "."]]
    assert [[ent.text for ent in doc.ents] for doc in found] == [["Ada"], ["It"]]


def test_without_comments_is_for_columns(tmp_path):
    write_docs([NLP.make_doc("Ada knew.")], tmp_path / "in.spacy")
    options = ("--format", "jsonl", "--plain")
    status, said = call("export", tmp_path / "in.spacy", tmp_path / "out", *options)
    assert status == 1
    assert "Leave out --plain for jsonl. It is for iob2, bioes, conll2002, conll2003." in said
