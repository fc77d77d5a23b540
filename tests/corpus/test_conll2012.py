import pytest
import spacy
from typer.testing import CliRunner

from spacy_deepal.cli import app
from spacy_deepal.corpus.conll2012 import SYSTEM_NOTE, read_conll2012
from spacy_deepal.corpus.folders import open_all
from spacy_deepal.corpus.formats import find_reading
from spacy_deepal.corpus.ontonotes import is_release
from spacy_deepal.corpus.reading import BadLine, ReadOptions
from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.prepare import prepare
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_info

EN = spacy.blank("en")
GOLD = "cctv_0000.v4_gold_conll"
DOCUMENT = "bc/cctv/00/cctv_0000"


def rows(words, entities, *, document=DOCUMENT, part=0, more=("*", "-")):
    """A sentence in columns that are lined up by spaces, as published."""
    lines = [
        "   ".join(
            [
                document,
                str(part),
                str(i),
                word,
                "NN",
                "*",
                "-",
                "-",
                "-",
                "Speaker#1",
                entity,
                *more,
            ]
        )
        for i, (word, entity) in enumerate(zip(words.split(), entities.split(), strict=True))
    ]
    return "\n".join(lines) + "\n"


def part(*sentences, document=DOCUMENT, number=0):
    begin = f"#begin document ({document}); part {number:03}\n"
    return begin + "\n".join(sentences) + "\n#end document\n"


def write(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode())
    return file


def read(folder, content, nlp=EN):
    ((source,), _) = open_all(write(folder / GOLD, content))
    return list(read_conll2012(source, nlp))


def format_of(file):
    return find_reading(open_all(file)[0][0], ReadOptions()).format


def entities(doc):
    return [(" ".join(token.text for token in ent), ent.label_) for ent in doc.ents]


def words(doc):
    return " ".join(token.text for token in doc)


def entities_of(folder, text, cells):
    (sentence,) = read(folder, part(rows(text, cells)))
    return entities(sentence.doc)


def test_words_entities_document_and_genre_are_read_from_their_columns(tmp_path):
    first, second = read(
        tmp_path,
        part(
            rows("Ada Lovelace met IBM .", "(PERSON* *) * (ORG) *"),
            rows("It rained", "* *", more=["*", "(V*)", "(12)"]),
        ),
    )
    assert words(first.doc) == "Ada Lovelace met IBM ."
    assert entities(first.doc) == [("Ada Lovelace", "PERSON"), ("IBM", "ORG")]
    assert (first.doc_id, first.genre, first.line) == (f"{DOCUMENT}/000", "bc", 2)
    assert (second.doc_id, second.genre, second.line) == (f"{DOCUMENT}/000", "bc", 8)


def test_a_sentence_without_entities_is_labelled(tmp_path):
    (sentence,) = read(tmp_path, part(rows("It rained", "* *")))
    assert sentence.doc.has_annotation("ENT_IOB", require_complete=True)
    assert entities(sentence.doc) == []


def test_the_bible_is_labelled_only_where_an_entity_is_marked(tmp_path):
    document = "pt/nt/40/nt_4001"
    sentences = [rows("Hear me", "* *", document=document), rows("Adam", "(X)", document=document)]
    without, with_one = read(tmp_path, part(*sentences, document=document))
    assert not without.doc.has_annotation("ENT_IOB")
    assert without.doc.has_unknown_spaces
    assert entities(with_one.doc) == [("Adam", "X")]


def test_each_part_is_a_document_also_without_a_blank_line_between_them(tmp_path):
    content = "".join(part(rows("a", "*", part=i), number=i).replace("\n\n", "\n") for i in (0, 1))
    assert [item.doc_id for item in read(tmp_path, content)] == [
        f"{DOCUMENT}/000",
        f"{DOCUMENT}/001",
    ]


def test_escapes_become_the_characters_they_stand_for(tmp_path):
    text = "-LRB- -RRB- -LSB- -RSB- -LCB- -RCB- /. /? / 1/2 -lrb- //"
    (sentence,) = read(tmp_path, part(rows(text, " ".join("*" * 12))))
    assert words(sentence.doc) == "( ) [ ] { } . ? / 1/2 -lrb- //"


def test_entities_may_follow_each_other_and_share_a_label(tmp_path):
    found = entities_of(tmp_path, "Rome Oslo New York", "(GPE) (GPE) (GPE* *)")
    assert found == [("Rome", "GPE"), ("Oslo", "GPE"), ("New York", "GPE")]


@pytest.mark.parametrize(
    "cells",
    [
        "(ORG* (GPE) *)",
        "(ORG(GPE) * *)",
        "(ORG(GPE* *) *)",
        "(ORG(PERSON* * *))",
        "(ORG * )",
        "(ORG* * )",
    ],
)
def test_of_nested_entities_the_outermost_is_kept(tmp_path, cells):
    assert entities_of(tmp_path, "Bank of Rome", cells) == [("Bank of Rome", "ORG")]


@pytest.mark.parametrize(
    ("cells", "line", "message"),
    [
        ("* *) *", 3, "an entity ends here that has not begun"),
        ("(GPE)) * *", 2, "an entity ends here that has not begun"),
        ("* (GPE* *", 3, "an entity begins here that does not end in its sentence"),
        ("(ORG* (GPE* *)", 2, "an entity begins here that does not end in its sentence"),
        ("* ((ORG* *)", 3, "the 11th column is not a bracketed entity"),
        ("* B-ORG *", 3, "the 11th column is not a bracketed entity"),
        ("* *)(ORG *", 3, "the 11th column is not a bracketed entity"),
    ],
)
def test_brackets_that_do_not_match_are_reported_with_their_line(tmp_path, cells, line, message):
    bad, good = read(tmp_path, part(rows("a b c", cells), rows("fine", "*")))
    assert isinstance(bad, BadLine)
    assert (bad.line, bad.message) == (line, message)
    assert words(good.doc) == "fine"


def test_the_last_columns_may_be_missing_and_tabs_part_columns_too(tmp_path):
    content = part(rows("in Rome", "* (GPE)", more=())).replace("   ", "\t")
    (sentence,) = read(tmp_path, content)
    assert entities(sentence.doc) == [("Rome", "GPE")]


def test_windows_line_ends_and_trailing_spaces_change_nothing(tmp_path):
    content = part(rows("in Rome", "* (GPE)"), rows("a", "*")).replace("\n", " \r\n")
    first, second = read(tmp_path, content)
    assert entities(first.doc) == [("Rome", "GPE")]
    assert words(second.doc) == "a"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("   *   -\n", "\n"), "11 columns, but the sentence begins with 13"),
        (("   Speaker#1   *   *   -\n", "\n"), "not 11 columns or more, the 2nd a number"),
        (("   0   1   ", "   x   1   "), "not 11 columns or more, the 2nd a number"),
    ],
)
def test_wrong_columns_are_an_error_that_names_file_and_line(tmp_path, change, message):
    first, second = rows("a b", "* *").splitlines(keepends=True)
    file = write(tmp_path / GOLD, part(first + second.replace(*change)))
    with pytest.raises(DeepALError, match=rf"{GOLD}:3: {message}"):
        convert([file], tmp_path / "pool")


def test_a_skeleton_is_refused_with_what_to_do(tmp_path):
    file = write(tmp_path / "x.v4_gold_skel", part(rows("[WORD] [WORD]", "* *")))
    with pytest.raises(DeepALError, match=r"gold_skel:2: the words are missing .*skeleton2conll"):
        convert([tmp_path], tmp_path / "pool")
    assert format_of(file) == "conll2012"


def test_chinese_keeps_its_words(tmp_path):
    document = "nw/xinhua/00/chtb_0001"
    sentence = rows("上海 浦东 开发 /. 。", "(GPE* *) * * *", document=document)
    (item,) = read(tmp_path, part(sentence, document=document), spacy.blank("zh"))
    assert words(item.doc) == "上海 浦东 开发 . 。"
    assert entities(item.doc) == [("上海 浦东", "GPE")]
    assert item.genre == "nw"


@pytest.mark.parametrize("name", ["a.conll", "a.txt", "a.v4_gold_conll", "a.gold_conll", "a"])
def test_the_format_is_told_by_the_first_line(tmp_path, name):
    assert format_of(write(tmp_path / name, "\n" + part(rows("a", "*")))) == "conll2012"


# The folders of the shared task


def place(data, split, name, *, language="english", genre="bc"):
    """Write a file of one sentence, which is its own path, into the published folders."""
    file = data / split / "data" / language / "annotations" / genre / "cctv" / "00" / name
    document = f"{genre}/cctv/00/{name.split('.')[0]}"
    return write(file, part(rows(f"{language}-{genre}-{name}", "(GPE)", document=document)))


def texts(pool):
    return sorted(doc.text.strip() for doc in read_shards(pool, EN.vocab))


def make_release(data):
    for i, split in enumerate(("train", "development", "test")):
        for language in ("english", "chinese", "arabic"):
            for form in ("v4_gold_conll", "v4_auto_conll", "v4_gold_skel", "v4_gold_parse"):
                place(data, split, f"f_{i}.{form}", language=language)
        place(data, split, f"g_{i}.v4_auto_conll", genre="nw")
        place(data, split, f"h_{i}.v4_gold_conll", genre="pt")


@pytest.mark.parametrize("below", [".", "data", "v4/data"])
def test_prepare_reads_gold_files_of_one_language_in_the_official_folders(tmp_path, below):
    data, corpus = tmp_path / "conll-2012", tmp_path / "corpus"
    make_release(data / below)
    summaries = prepare(data, corpus)
    for i, split in enumerate(("train", "dev", "test")):
        assert texts(corpus / split) == [
            f"english-bc-f_{i}.v4_gold_conll",
            f"english-nw-g_{i}.v4_auto_conll",
        ]
        assert summaries[split].genres == {"bc": 1, "nw": 1}
    prepare(data, corpus, lang="zh")
    assert texts(corpus / "train") == ["chinese-bc-f_0.v4_gold_conll"]


def test_the_key_of_the_test_set_goes_before_its_automatic_form_in_another_release(tmp_path):
    make_release(tmp_path / "v4" / "data")
    place(tmp_path / "v9" / "data", "test", "f_2.v9_auto_conll")
    prepare(tmp_path, tmp_path / "corpus")
    assert texts(tmp_path / "corpus" / "test") == [
        "english-bc-f_2.v4_gold_conll",
        "english-nw-g_2.v4_auto_conll",
    ]


@pytest.mark.parametrize("below", ["v4/data", "conll-2012/v4/data", "a/b/conll-2012/v4/data"])
def test_a_release_below_the_folder_is_found_with_its_splits(tmp_path, below):
    make_release(tmp_path / "ontonotes" / below)
    summaries = prepare(tmp_path / "ontonotes", tmp_path / "corpus")
    assert [summary.words for summary in summaries.values()] == [2, 2, 2]
    assert is_release(tmp_path / "ontonotes")


def test_training_data_of_two_releases_are_not_mixed(tmp_path):
    make_release(tmp_path / "v4" / "data")
    place(tmp_path / "v12" / "data", "train", "f_7.gold_conll")
    with pytest.raises(DeepALError, match=r"holds several releases .*/v12 or .*/v4\."):
        prepare(tmp_path, tmp_path / "corpus")
    prepare(tmp_path, tmp_path / "corpus", lang="zh")  # v12 is English alone
    assert texts(tmp_path / "corpus" / "train") == ["chinese-bc-f_0.v4_gold_conll"]
    prepare(tmp_path / "v4", tmp_path / "corpus")


def test_entities_that_a_system_predicted_are_told(tmp_path):
    make_release(tmp_path / "data")
    summaries = prepare(tmp_path, tmp_path / "corpus")
    assert [dict(summary.notes) for summary in summaries.values()] == [{SYSTEM_NOTE: 1}] * 3


def test_of_two_test_sets_that_of_the_shared_task_is_read(tmp_path):
    make_release(tmp_path / "data")
    place(tmp_path / "data", "conll-2012-test", "f_9.gold_conll")
    prepare(tmp_path, tmp_path / "corpus")
    assert texts(tmp_path / "corpus" / "test") == ["english-bc-f_9.gold_conll"]


def test_other_folders_called_data_are_still_split_by_document(tmp_path):
    (tmp_path / "data" / "test").mkdir(parents=True)
    for name in "abc":
        (tmp_path / "data" / "test" / f"{name}.txt").write_text("word\n")
    summaries = prepare(tmp_path, tmp_path / "corpus")
    assert [summary.sentences for summary in summaries.values()] == [1, 1, 1]


def test_other_data_in_folders_of_these_names_is_read(tmp_path):
    write(tmp_path / "chinese" / "annotations" / "pt" / "a.txt", "word\n")
    assert convert([tmp_path], tmp_path / "pool").sentences == 1


def test_a_language_that_is_not_there_is_reported(tmp_path):
    make_release(tmp_path)
    with pytest.raises(DeepALError, match=r"train holds no file to read"):
        prepare(tmp_path, tmp_path / "corpus", lang="de")


def test_a_folder_named_itself_is_read_whatever_its_language_and_genre(tmp_path):
    file = place(tmp_path, "train", "h.v4_gold_conll", genre="pt")
    assert convert([file.parent], tmp_path / "pool").sentences == 1


def test_convert_on_the_command_line_detects_the_format(tmp_path):
    place(tmp_path / "data", "train", GOLD)
    result = CliRunner().invoke(app, ["convert", str(tmp_path / "data"), str(tmp_path / "pool")])
    assert result.exit_code == 0
    assert "genre bc" in result.output
    (doc,) = read_shards(tmp_path / "pool", EN.vocab)
    assert sentence_info(doc)["doc_id"] == f"{DOCUMENT}/000"
    assert entities(doc) == [(f"english-bc-{GOLD}", "GPE")]
