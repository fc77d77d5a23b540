import pytest
from spacy.training import Example, biluo_to_iob

from .build import EN, entities, how, problem, read, tags, words

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
        ("a\tO\nb\n", 2, "not the columns word,ner with a tag"),
        ("a\tO\nb O\n", 2, "not the columns word,ner with a tag"),
        ("a\tO\tO\nb\tO\n", 1, "not the columns word,ner with a tag"),
        ("a\tS-PER\n", 1, "S-PER is not a tag of IOB2"),
        ("a\tB-\nb\tO\n", 1, "not the columns word,ner with a tag"),
        ("\tO\na\tO\n", 1, "not the columns word,ner with a tag"),
        (
            "a\tI-PER\n",
            1,
            "I-PER after O: in IOB2 an entity begins with B-. Try --scheme iob1",
        ),
        (
            "a\tB-LOC\nb\tI-PER\n",
            2,
            "I-PER after B-LOC: in IOB2 an entity begins with B-. Try --scheme iob1",
        ),
        ("# text = a c\na\tO\nb\tO\n", 1, "the text does not continue with the token 'b'"),
        ("# text = a b\na\tO\n", 1, "the text continues after the last token"),
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


def test_tags_survive_as_spacy_sees_them(tmp_path):
    first, _ = read(tmp_path, "iob2", IOB2)
    example = Example(EN.make_doc(first.doc.text), first.doc)
    assert biluo_to_iob(example.get_aligned_ner()) == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]


def test_more_white_space_in_the_text_becomes_tokens_as_in_spacy(tmp_path):
    content = "# text =  a  b \na\tB-X\nb\tI-X\n"
    (sentence,) = read(tmp_path, "iob2", content)
    assert sentence.doc.text == " a  b "
    assert tags(sentence.doc) == ["O", "B-X", "I-X", "I-X"]
    assert words(sentence) == [" ", "a", " ", "b"]


def test_iob1_and_iob2_are_told_apart(tmp_path):
    iob1 = "EU NNP I-NP I-ORG\nGerman JJ I-NP I-MISC\nBonn NNP I-NP B-MISC\nis VBZ I-VP O\n"
    iob2 = "EU NNP B-NP B-ORG\nGerman JJ I-NP B-MISC\nBonn NNP I-NP B-MISC\nis VBZ B-VP O\n"
    for content, scheme in ((iob1, "IOB1"), (iob2, "IOB2")):
        assert how(tmp_path, content) == ("columns", f"columns word,_,_,ner, {scheme}")
        (sentence,) = read(tmp_path, "auto", content)
        assert tags(sentence.doc) == ["B-ORG", "B-MISC", "B-MISC", "O"]
    (joined,) = read(tmp_path, "conll2003", "New N N I-LOC\nYork N N I-LOC\n")
    assert tags(joined.doc) == ["B-LOC", "I-LOC"]


def test_a_stray_inside_tag_is_reported_where_entities_begin_with_b(tmp_path):
    content = "a\tB-X\nb\tO\nc\tI-X\n"
    (bad,) = read(tmp_path, "auto", content)
    assert problem(bad) == (
        3,
        "I-X after O: in IOB2 an entity begins with B-. Try --scheme iob1",
    )
    (sentence,) = read(tmp_path, "auto", content, scheme="iob1")
    assert tags(sentence.doc) == ["B-X", "O", "B-X"]


def test_docstart_lines_bound_the_documents(tmp_path):
    content = (
        "-DOCSTART- -X- -X- O\n\na A A O\n\nb B B O\n\n-DOCSTART- -X- O O\nc C C O\n\n"
        "-DOCSTART- -X- -X- O\n"
    )
    items = read(tmp_path, "auto", content, name="eng.testa")
    assert [(words(item), item.doc_id, item.names_document) for item in items] == [
        (["a"], "eng-0001", False),
        (["b"], "eng-0001", False),
        (["c"], "eng-0002", False),
    ]


@pytest.mark.parametrize("row", ["a B O", "a B C D O", "a B C X-PER", "a"])
def test_a_line_with_other_columns_is_reported(tmp_path, row):
    (bad,) = read(tmp_path, "conll2003", f"fine A A O\n{row}\nfine A A O\nfine A A O\n")
    assert problem(bad) == (2, "not the columns word,_,_,ner with a tag")


def test_a_file_joined_of_several_is_read_without_their_byte_order_marks(tmp_path):
    rows = "\ufeff-DOCSTART- -X- -X- O\n\nMia NNP B-NP B-PER\nleft VBD B-VP O\n"
    first, second = read(tmp_path, "auto", rows * 2, name="two.conll")
    assert [(words(s), s.doc_id) for s in (first, second)] == [
        (["Mia", "left"], "two-0001"),
        (["Mia", "left"], "two-0002"),
    ]


def test_comments_of_many_kinds_are_passed_over_before_a_sentence(tmp_path):
    content = "# id 0a domain=en\nanna _ _ B-PER\n# # B-NP O\n\n# x = O\n# # NN O\n"
    first, second = read(tmp_path, "auto", content)
    assert (words(first), words(second)) == (["anna", "#"], ["#"])
    content = "#\thttps://example.org [2020]\n1\tAnna\tB-PER\n2\tleft\tO\n"
    (sentence,) = read(tmp_path, "auto", content, name="a.tsv")
    assert entities(sentence) == [("Anna", "PER")]


def test_a_hash_with_a_malformed_tag_is_no_comment(tmp_path):
    (bad,) = read(tmp_path, "iob2", "#\tB_X\na\tO\nb\tO\n")
    assert bad.line == 1


def test_columns_without_a_blank_line_are_one_sentence_with_a_note(tmp_path):
    rows = "Mia B-PER\nleft O\n. O\nBo B-PER\ncame O\n. O\n"
    (sentence,) = read(tmp_path, "auto", rows)
    assert sentence.note.startswith("files are one sentence, as they have no blank line")
    for cut in (rows + "\n", rows.replace(". O", ". O\n", 1)):
        assert {sentence.note for sentence in read(tmp_path, "auto", cut)} == {None}


def test_a_line_with_names_of_columns_is_to_be_deleted(tmp_path):
    bad, _ = read(tmp_path, "auto", "Word POS NE\nMia N B-PER\n\nran V O\nfar A O\n")
    assert problem(bad)[1].endswith("If these are the names of the columns, delete the line")


def test_a_tag_without_a_type_is_not_taken_for_a_type(tmp_path):
    content = "the\tO\ncolon\tB\ncancer\tI\nis\tO\nhere\tO\nnow\tO\n"
    (bad,) = read(tmp_path, "iob2", content)
    assert "A tag needs a type. If there is one type alone: `sed -E" in problem(bad)[1]
