# ruff: noqa: RUF001 (Chinese punctuation)
import json

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example, biluo_to_iob

from spacy_deepal.corpus.formats import READERS, detect_format
from spacy_deepal.corpus.sources import BadLine
from spacy_deepal.errors import DeepALError

EN = spacy.blank("en")
ZH = spacy.blank("zh")


def read(folder, format, content, *, name="file.txt", nlp=EN):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(READERS[format](file, nlp))


def entities(sentence):
    return [(entity.text, entity.label_) for entity in sentence.doc.ents]


def words(sentence):
    return [token.text for token in sentence.doc]


def tags(doc):
    return [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else t.ent_iob_ for t in doc]


def problem(item):
    assert isinstance(item, BadLine)
    return item.line, item.message


# Two columns


IOB2 = """# genre = news
# doc_id = d-1
# text = Ada Lovelace's in Paris.
Ada\tB-PER
Lovelace\tI-PER
's\tO
in\tO
Paris\tB-LOC
.\tO

#\tO
#tag\tB-creative-work
"""


def test_iob2_gives_tokens_tags_text_genre_and_document(tmp_path):
    first, second = read(tmp_path, "iob2", IOB2)
    assert first.doc.text == "Ada Lovelace's in Paris."
    assert words(first) == ["Ada", "Lovelace", "'s", "in", "Paris", "."]
    assert tags(first.doc) == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
    assert (first.line, first.genre, first.doc_id) == (4, "news", "d-1")
    assert (second.line, second.genre, second.doc_id) == (11, None, None)


def test_newdoc_comments_name_document_and_genre_until_the_next(tmp_path):
    rows = "# newdoc id = weblog-a.b-1\n{0}# newdoc id = GUM_talk-1\n# genre = own\n{0}"
    found = read(tmp_path, "iob2", rows.format("a\tO\n\nb\tO\n\n"))
    given = [(sentence.doc_id, sentence.genre) for sentence in found]
    assert given == [("weblog-a.b-1", "weblog")] * 2 + [("GUM_talk-1", "own"), ("GUM_talk-1", None)]


def test_a_hash_begins_a_comment_only_before_a_space(tmp_path):
    second = read(tmp_path, "iob2", IOB2)[1]
    assert words(second) == ["#", "#tag"]
    assert entities(second) == [("#tag", "creative-work")]


def test_spaces_are_unknown_where_iob2_gives_no_text(tmp_path):
    first, second = read(tmp_path, "iob2", IOB2)
    assert [first.doc.has_unknown_spaces, second.doc.has_unknown_spaces] == [False, True]
    assert second.doc.text == "# #tag "


def test_an_iob2_sentence_without_entities_is_labelled(tmp_path):
    (sentence,) = read(tmp_path, "iob2", "Rain\tO\n")
    assert tags(sentence.doc) == ["O"]
    assert sentence.doc.has_annotation("ENT_IOB", require_complete=True)


def test_iob2_without_a_blank_line_at_the_end_or_with_many_is_the_same(tmp_path):
    for content in ("a\tO\n\nb\tO", "\n\na\tO\n\n\n\nb\tO\n\n\n"):
        assert [words(item) for item in read(tmp_path, "iob2", content)] == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("a\tO\nb\n", 2, "not a token, a tab and an IOB2 tag"),
        ("a\tO\nb O\n", 2, "not a token, a tab and an IOB2 tag"),
        ("a\tO\tO\n", 1, "not a token, a tab and an IOB2 tag"),
        ("a\tS-PER\n", 1, "not a token, a tab and an IOB2 tag"),
        ("a\tB-\n", 1, "not a token, a tab and an IOB2 tag"),
        ("\tO\na\tO\n", 1, "not a token, a tab and an IOB2 tag"),
        ("a\tI-PER\n", 1, "I-PER after O: in IOB2 an entity begins with B-"),
        ("a\tB-LOC\nb\tI-PER\n", 2, "I-PER after B-LOC: in IOB2 an entity begins with B-"),
        ("# text = a c\na\tO\nb\tO\n", 1, "the text does not go on with the token 'b'"),
        ("# text = a  b\na\tO\nb\tO\n", 1, "the text does not go on with the token 'b'"),
        ("# text = a b\na\tO\n", 1, "the text goes on after the last token"),
    ],
)
def test_a_malformed_iob2_line_is_reported_with_its_line(tmp_path, rows, line, message):
    bad, good = read(tmp_path, "iob2", f"{rows}\nfine\tO\n")
    assert problem(bad) == (line, message)
    assert words(good) == ["fine"]


def test_line_separators_inside_a_token_do_not_end_the_line(tmp_path):
    (sentence,) = read(tmp_path, "iob2", "a\u2028b\tB-X\n\x85\tO\n\u200b\tO\n")
    assert words(sentence) == ["a\u2028b", "\x85", "\u200b"]


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_the_text(tmp_path):
    content = b"\xef\xbb\xbf# text = a b\r\na\tB-X\r\nb\tO\r\n\r\nc\tO\r\n"
    first, second = read(tmp_path, "iob2", content)
    assert (first.doc.text, tags(first.doc)) == ("a b", ["B-X", "O"])
    assert words(second) == ["c"]


token = st.text(
    st.characters(codec="utf-8", exclude_categories=("Zs", "Cc")), min_size=1, max_size=6
).filter(lambda word: word.strip() and not word.startswith("\ufeff"))
tag = st.sampled_from(["O", "B-PER", "B-creative-work", "I-PER", "I-creative-work"])


def repaired(sequence):
    """The tags with a B- wherever IOB2 asks for one."""
    fixed = []
    for name in sequence:
        before = fixed[-1] if fixed else "O"
        fixed.append(f"B{name[1:]}" if name[0] == "I" and before[1:] != name[1:] else name)
    return fixed


@settings(max_examples=60)
@given(
    sentences=st.lists(
        st.lists(st.tuples(token, tag, st.booleans()), min_size=1, max_size=8),
        min_size=1,
        max_size=4,
    )
)
def test_iob2_round_trip(tmp_path_factory, sentences):
    lines, expected = [], []
    for rows in sentences:
        fixed = repaired([name for _, name, _ in rows])
        text = "".join(word + " " * space for word, _, space in rows)
        expected.append((text, [word for word, _, _ in rows], fixed))
        lines += [f"# text = {text}"]
        lines += [f"{word}\t{name}" for (word, _, _), name in zip(rows, fixed, strict=True)]
        lines += [""]
    items = read(tmp_path_factory.mktemp("iob2"), "iob2", "\n".join(lines))
    assert [(item.doc.text, words(item), tags(item.doc)) for item in items] == expected


# Four columns


def test_conll2003_reads_iob1_and_iob2_alike(tmp_path):
    iob1 = "EU NNP I-NP I-ORG\nGerman JJ I-NP I-MISC\nBonn NNP I-NP B-MISC\nis VBZ I-VP O\n"
    iob2 = "EU NNP B-NP B-ORG\nGerman JJ I-NP B-MISC\nBonn NNP I-NP B-MISC\nis VBZ B-VP O\n"
    for content in (iob1, iob2):
        (sentence,) = read(tmp_path, "conll2003", content)
        assert tags(sentence.doc) == ["B-ORG", "B-MISC", "B-MISC", "O"]
    (joined,) = read(tmp_path, "conll2003", "New N N I-LOC\nYork N N I-LOC\n")
    assert tags(joined.doc) == ["B-LOC", "I-LOC"]


def test_docstart_lines_bound_the_documents_of_conll2003(tmp_path):
    content = (
        "-DOCSTART- -X- -X- O\n\na A A O\n\nb B B O\n\n-DOCSTART- -X- O O\nc C C O\n\n"
        "-DOCSTART- -X- -X- O\n"
    )
    items = read(tmp_path, "conll2003", content, name="eng.testa")
    assert [(words(item), item.doc_id) for item in items] == [
        (["a"], "eng-0001"),
        (["b"], "eng-0001"),
        (["c"], "eng-0002"),
    ]


@pytest.mark.parametrize("row", ["a B O", "a B C D O", "a B C X-PER", "a"])
def test_a_malformed_conll2003_line_is_reported_with_its_line(tmp_path, row):
    (bad,) = read(tmp_path, "conll2003", f"fine A A O\n{row}\n")
    assert problem(bad) == (2, "not four columns with an IOB tag as the last")


# Inline


def test_inline_gives_entities_documents_and_genre(tmp_path):
    content = "[Ada](PERSON) is in [New York](GPE).\nRain.\n\n\nWhy?\n"
    first, second, third = read(tmp_path, "inline", content, name="nw.txt")
    assert first.doc.text == "Ada is in New York."
    assert entities(first) == [("Ada", "PERSON"), ("New York", "GPE")]
    assert tags(second.doc) == ["O", "O"]
    assert [item.doc_id for item in (first, second, third)] == ["nw-001", "nw-001", "nw-002"]
    assert [(item.line, item.genre) for item in (first, second, third)] == [
        (1, "nw"),
        (2, "nw"),
        (5, "nw"),
    ]


def test_inline_files_that_name_a_split_have_no_genre(tmp_path):
    (sentence,) = read(tmp_path, "inline", "[Ada](PERSON) sings.\n", name="Train.txt")
    assert (sentence.genre, sentence.doc_id) == (None, "Train-001")


def test_inline_chinese_and_emoji(tmp_path):
    content = "房子在[天河](GPE)，🏳️‍🌈[安居猫](ORG)。\n"
    (sentence,) = read(tmp_path, "inline", content, nlp=ZH)
    assert sentence.doc.text == "房子在天河，🏳️‍🌈安居猫。"
    assert entities(sentence) == [("天河", "GPE"), ("安居猫", "ORG")]


@pytest.mark.parametrize(
    "line", ["[Ada(PERSON)", "Ada](PERSON)", "[Ada]", "[](PERSON)", "[a [b](X)](Y)", "[a](b c)"]
)
def test_other_square_brackets_are_reported(tmp_path, line):
    (bad,) = read(tmp_path, "inline", line)
    assert problem(bad) == (1, "square brackets other than [surface](LABEL)")


def test_an_entity_that_parts_a_token_is_reported_with_both(tmp_path):
    (bad,) = read(tmp_path, "inline", "The [New](GPE)born [Ada](PERSON)\n")
    assert problem(bad) == (1, "entity 'New' (GPE) is not whole 'en' tokens: 'Newborn'")


def test_an_entity_with_white_space_at_its_end_is_reported(tmp_path):
    (bad,) = read(tmp_path, "inline", "[Ada  ](PERSON)sings\n")
    assert bad.message.startswith("entity 'Ada  ' (PERSON) is not whole 'en' tokens")


letters = st.text(st.sampled_from("abcXYZ你好é🙂"), min_size=1, max_size=5)


@settings(max_examples=60)
@given(
    pieces=st.lists(
        st.tuples(letters, st.sampled_from([None, "PERSON", "work-of.art"])), min_size=1, max_size=8
    )
)
def test_inline_round_trip(tmp_path_factory, pieces):
    line = " ".join(f"[{text}]({label})" if label else text for text, label in pieces)
    (sentence,) = read(tmp_path_factory.mktemp("inline"), "inline", line)
    assert sentence.doc.text == " ".join(text for text, _ in pieces)
    assert entities(sentence) == [(text, label) for text, label in pieces if label]


# JSON lines


def test_jsonl_gives_spans_and_metadata(tmp_path):
    record = {
        "text": "Ada is in Paris",
        "spans": [{"start": 10, "end": 15, "label": "LOC"}, {"start": 0, "end": 3, "label": "P"}],
        "id": 7,
        "meta": {"genre": "news", "doc_id": "d", "id": "other"},
    }
    (sentence,) = read(tmp_path, "jsonl", json.dumps(record))
    assert entities(sentence) == [("Ada", "P"), ("Paris", "LOC")]
    assert (sentence.id, sentence.doc_id, sentence.genre) == ("7", "d", "news")


def test_jsonl_tells_unlabelled_records_from_those_without_entities(tmp_path):
    content = '{"text": "a b"}\n\n{"text": "a b", "spans": []}\n{"text": "a b", "spans": null}\n'
    items = read(tmp_path, "jsonl", content)
    assert [tags(item.doc) for item in items] == [["", ""], ["O", "O"], ["", ""]]
    assert [item.line for item in items] == [1, 3, 4]


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_an_annotator_did_not_accept_is_not_labelled(tmp_path, answer):
    record = {"text": "Ada sings", "spans": [[0, 3, "ORG"]]}
    lines = (json.dumps({**record, "answer": each}) for each in (answer, "accept"))
    items = read(tmp_path, "jsonl", "\n".join(lines))
    assert [tags(item.doc) for item in items] == [["", ""], ["B-ORG", "O"]]


@pytest.mark.parametrize("key", ["spans", "entities", "ents", "label", "labels"])
def test_spans_of_other_tools_are_read(tmp_path, key):
    (sentence,) = read(tmp_path, "jsonl", json.dumps({"text": "Ada sings", key: [[0, 3, "PER"]]}))
    assert entities(sentence) == [("Ada", "PER")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{text", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"text": 3}', 'not an object with a string "text"'),
        ('{"text": "a", "spans": [[0, 2, "X"]]}', '[0, 2, "X"] is no [start, end, label]'),
        ('{"text": "a", "spans": [[0, 0, "X"]]}', '[0, 0, "X"] is no [start, end, label]'),
        ('{"text": "a", "spans": [[0, 1, ""]]}', '[0, 1, ""] is no [start, end, label]'),
        ('{"text": "a", "spans": [{"start": 0}]}', "[0, null, null] is no [start, end, label]"),
        ('{"text": "a", "label": "spam"}', '"spam" is no [start, end, label]'),
        ('{"text": "a b", "spans": [[0, 3, "X"], [2, 3, "Y"]]}', "entity 'b' (Y) overlaps"),
        ('{"text": "abc", "spans": [[0, 1, "X"]]}', "entity 'a' (X) is not whole 'en' tokens"),
        (r'{"text": "a \ud83d"}', "half of a surrogate pair"),
    ],
)
def test_a_malformed_record_is_reported_with_its_line(tmp_path, line, message):
    good, bad = read(tmp_path, "jsonl", f'{{"text": "fine"}}\n{line}\n')
    assert bad.line == 2
    assert message in bad.message
    assert good.doc.text == "fine"


def test_a_surrogate_pair_in_json_is_one_character(tmp_path):
    line = r'{"text": "\ud83d\ude42 Ada", "spans": [[2, 5, "PER"]]}'
    (sentence,) = read(tmp_path, "jsonl", line)
    assert sentence.doc.text == "🙂 Ada"
    assert entities(sentence) == [("Ada", "PER")]


@settings(max_examples=60)
@given(text=st.text(st.characters(codec="utf-8"), max_size=40), data=st.data())
def test_jsonl_round_trip(tmp_path_factory, text, data):
    doc = EN.make_doc(text)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(doc)), max_size=6)))
    spans = [doc[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    spans = [span for span in spans if span.text == span.text.strip()]
    marked = [{"start": s.start_char, "end": s.end_char, "label": "X"} for s in spans]
    line = json.dumps({"text": text, "spans": marked}, ensure_ascii=data.draw(st.booleans()))
    (sentence,) = read(tmp_path_factory.mktemp("jsonl"), "jsonl", line)
    assert sentence.doc.text == text
    assert entities(sentence) == [(span.text, "X") for span in spans]


# Raw text


def test_text_is_cut_into_unlabelled_sentences(tmp_path):
    items = read(tmp_path, "text", "Hi Mr. Bob.  Why?\n\n  Rain.  \n", name="book.txt")
    assert [item.doc.text for item in items] == ["Hi Mr. Bob.", " Why?", "Rain."]
    assert [(item.line, item.doc_id, item.genre) for item in items] == [
        (1, "book", None),
        (1, "book", None),
        (3, "book", None),
    ]
    assert not any(item.doc.has_annotation("ENT_IOB") for item in items)


def test_chinese_text_is_cut_at_chinese_punctuation(tmp_path):
    items = read(tmp_path, "text", "你好。房子在天河！怎么办？好的", nlp=ZH)
    assert [item.doc.text for item in items] == ["你好。", "房子在天河！", "怎么办？", "好的"]


# spaCy


def test_docs_of_several_sentences_are_cut_with_their_entities(tmp_path):
    doc = Doc(
        EN.vocab,
        words=["Ada", "sings", ".", "In", "Paris", "."],
        spaces=[True, False, True, True, False, False],
        sent_starts=[True, False, False, True, False, False],
    )
    doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 4, 5, "LOC")], missing=[doc[5:6]])
    DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    first, second = READERS["spacy"](tmp_path / "x.spacy", EN)
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
    (sentence,) = READERS["spacy"](tmp_path / "x.spacy", EN)
    assert (sentence.id, sentence.doc_id, sentence.genre) == ("a1", "d", "news")


def test_an_entity_over_two_sentences_is_reported(tmp_path):
    doc = Doc(EN.vocab, words=["a", "b"], sent_starts=[True, True], ents=["B-X", "I-X"])
    DocBin(docs=[doc]).to_disk(tmp_path / "x.spacy")
    (bad,) = READERS["spacy"](tmp_path / "x.spacy", EN)
    assert problem(bad) == (1, "an entity goes on into the next sentence")


# Files and formats


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.spacy", "", "spacy"),
        ("a.JSONL", "", "jsonl"),
        ("a.iob2", "# text = x\nx\tO\n", "iob2"),
        ("a.txt", "x\tO\ny\tB-creative-work\nbad\n", "iob2"),
        ("a.conll", "-DOCSTART- -X- -X- O\n\nx Y Z O\n", "conll2003"),
        ("a", "x\tY\tZ\tO\n", "conll2003"),
        ("a.txt", "Rain.\n\n[Ada](PERSON) sings.\n", "inline"),
        ("a.txt", "Rain. See [1] and [here](http://x.org/a).\nMy type is O\n", "text"),
        ("a.txt", "", "text"),
    ],
)
def test_the_format_is_told_by_the_suffix_or_the_lines(tmp_path, name, content, format):
    (tmp_path / name).write_text(content)
    assert detect_format(tmp_path / name) == format


def test_a_file_of_columns_of_no_known_shape_is_reported(tmp_path):
    (tmp_path / "a.conll").write_text("a b c\n")
    with pytest.raises(DeepALError, match=r"a\.conll: neither the name .*--format: iob2, conll"):
        detect_format(tmp_path / "a.conll")


@pytest.mark.parametrize("row", ["EU B-ORG", "EU NNP B-ORG", "EU\t1\tx\tNNP\tB-ORG"])
def test_columns_in_a_txt_file_are_not_taken_for_text(tmp_path, row):
    (tmp_path / "train.txt").write_text(f"{row}\nrejects O\ncalls O\n")
    with pytest.raises(DeepALError, match=r"train\.txt: neither .* In iob2 a tab is between"):
        detect_format(tmp_path / "train.txt")


@pytest.mark.parametrize("content", ["Zoë\n".encode("latin-1"), "Zoe".encode("utf-16")])
def test_a_file_that_is_not_utf8_is_reported_with_its_line(tmp_path, content):
    with pytest.raises(DeepALError, match=r"file\.txt:1: not UTF-8 .*iconv"):
        read(tmp_path, "text", content)


def test_tags_survive_as_spacy_sees_them(tmp_path):
    first, _ = read(tmp_path, "iob2", IOB2)
    example = Example(EN.make_doc(first.doc.text), first.doc)
    assert biluo_to_iob(example.get_aligned_ner()) == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
