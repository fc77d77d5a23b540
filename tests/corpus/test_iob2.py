import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.training import Example, biluo_to_iob

from .build import EN, entities, problem, read, tags, words

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
        ("# text = a c\na\tO\nb\tO\n", 1, "the text does not continue with the token 'b'"),
        ("# text = a  b\na\tO\nb\tO\n", 1, "the text does not continue with the token 'b'"),
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


def test_tags_survive_as_spacy_sees_them(tmp_path):
    first, _ = read(tmp_path, "iob2", IOB2)
    example = Example(EN.make_doc(first.doc.text), first.doc)
    assert biluo_to_iob(example.get_aligned_ner()) == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
