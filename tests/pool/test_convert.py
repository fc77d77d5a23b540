# ruff: noqa: RUF001 (Chinese punctuation)
import json
import time

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.shards import fingerprint, read_shards
from spacy_deepal.sentences import sentence_id, sentence_info


def read(pool):
    return list(read_shards(pool, spacy.blank("en").vocab))


def write_jsonl(file, *records):
    file.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_the_summary_counts_what_was_written(tmp_path):
    (tmp_path / "nw.txt").write_text("[Ada](PER) met [Bob](PER) in [Rome](LOC).\nRain.\n")
    (tmp_path / "raw.jsonl").write_text('{"text": "a b", "genre": "web"}\n{"text": " \\n"}\n')
    summary = convert([tmp_path / "nw.txt", tmp_path / "raw.jsonl"], tmp_path / "pool")
    assert (summary.sentences, summary.words) == (3, 10)
    assert summary.labelled == 2
    assert summary.entities == {"PER": 2, "LOC": 1}
    assert summary.genres == {"nw": 2, "web": 1}
    assert (summary.without_words, summary.skipped, summary.problems) == (1, 0, [])
    assert [doc.text for doc in read(tmp_path / "pool")] == [
        "Ada met Bob in Rome.",
        "Rain.",
        "a b",
    ]


def test_a_folder_gives_its_known_files_in_order_and_below(tmp_path):
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    (data / ".hidden").mkdir()
    for name in ("b.txt", "a.txt", "sub/c.txt", "README.md", ".hidden/d.txt", ".e.txt"):
        (data / name).write_text(f"{name}\n")
    convert([data], tmp_path / "pool")
    assert [doc.text for doc in read(tmp_path / "pool")] == ["a.txt", "b.txt", "sub/c.txt"]


def test_a_file_named_twice_is_read_once(tmp_path):
    (tmp_path / "a.txt").write_text("Rain.\n")
    (tmp_path / "b.txt").write_text("Sun.\n")
    inputs = [tmp_path / "b.txt", tmp_path, tmp_path / "a.txt"]
    convert(inputs, tmp_path / "pool")
    assert [doc.text for doc in read(tmp_path / "pool")] == ["Sun.", "Rain."]


def test_a_pool_inside_the_input_folder_is_not_read_again(tmp_path):
    (tmp_path / "a.txt").write_text("Rain.\n")
    for _ in range(2):
        assert convert([tmp_path], tmp_path / "pool").sentences == 1


def test_a_pool_can_be_cut_into_other_shards_in_place(tmp_path):
    (tmp_path / "a.txt").write_text("One.\nTwo.\nThree.\n")
    convert([tmp_path / "a.txt"], tmp_path / "pool")
    before = [(sentence_id(doc), doc.text) for doc in read(tmp_path / "pool")]
    convert([tmp_path / "pool"], tmp_path / "pool", sentences_per_shard=1)
    assert len(list((tmp_path / "pool").iterdir())) == 3
    assert [(sentence_id(doc), doc.text) for doc in read(tmp_path / "pool")] == before


# Ids


def test_ids_depend_on_file_name_place_and_text_but_not_on_the_folder(tmp_path):
    for folder in ("x", "y/z"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.txt").write_text("Rain.\nRain.\n")
        convert([tmp_path / folder / "a.txt"], tmp_path / "pools" / folder[0])
    ids = [sentence_id(doc) for doc in read(tmp_path / "pools" / "x")]
    assert ids == ["bedf8860ba1cc7ac", "f9167ad5d883f0e8"]
    assert fingerprint(tmp_path / "pools" / "x") == fingerprint(tmp_path / "pools" / "y")


def test_ids_of_the_good_lines_do_not_change_when_bad_ones_are_skipped(tmp_path):
    (tmp_path / "a.txt").write_text("[One](N).\n[Two](N).\n[Three](N).\n")
    convert([tmp_path / "a.txt"], tmp_path / "pool")
    ids = [sentence_id(doc) for doc in read(tmp_path / "pool")]
    (tmp_path / "a.txt").write_text("[One](N).\n[Two.\n[Three](N).\n")
    convert([tmp_path / "a.txt"], tmp_path / "pool", skip_bad=True)
    assert [sentence_id(doc) for doc in read(tmp_path / "pool")] == [ids[0], ids[2]]


def test_equal_sentences_of_files_of_one_name_get_different_ids(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("Rain.\n")
    convert([tmp_path / "x", tmp_path / "y"], tmp_path / "pool")
    ids = [sentence_id(doc) for doc in read(tmp_path / "pool")]
    assert ids == ["bedf8860ba1cc7ac", "bedf8860ba1cc7ac-2"]


def test_an_id_given_twice_is_reported(tmp_path):
    records = [{"text": "a", "id": "s1"}, {"text": "b", "id": "s1"}]
    write_jsonl(tmp_path / "a.jsonl", *records)
    with pytest.raises(DeepALError, match=r"a\.jsonl:2: the id 's1' has been used before"):
        convert([tmp_path / "a.jsonl"], tmp_path / "pool")
    assert convert([tmp_path / "a.jsonl"], tmp_path / "pool", skip_bad=True).sentences == 1


def test_given_ids_documents_and_genres_are_kept(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", {"text": "a", "id": "s1", "doc_id": "d", "genre": "web"})
    convert([tmp_path / "a.jsonl"], tmp_path / "pool", genre="other")
    (doc,) = read(tmp_path / "pool")
    assert sentence_info(doc) == {"id": "s1", "doc_id": "d", "genre": "web"}


def test_the_genre_option_fills_in_where_the_source_has_none(tmp_path):
    (tmp_path / "a.txt").write_text("Rain. Sun.\n")
    assert convert([tmp_path / "a.txt"], tmp_path / "pool", genre="weather").genres == {
        "weather": 2
    }


# Errors


def test_a_malformed_line_is_reported_with_file_and_line_and_nothing_is_written(tmp_path):
    (tmp_path / "a.iob2").write_text("Ada\tB-PER\nLovelace\tB_PER\n\nfine\tO\n")
    with pytest.raises(DeepALError) as caught:
        convert([tmp_path / "a.iob2"], tmp_path / "pool")
    assert str(caught.value) == (
        "Nothing was written. Bad lines: 1. Correct them, or leave them out with "
        "`spacy deepal convert --skip-bad`.\n"
        f"{tmp_path / 'a.iob2'}:2: not a token, a tab and an IOB2 tag: 'Lovelace\\tB_PER'"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.iob2"]


def test_bad_lines_are_left_out_and_counted_on_demand(tmp_path):
    (tmp_path / "a.iob2").write_text("a\tB_PER\nb\tO\n\nfine\tO\n")
    summary = convert([tmp_path / "a.iob2"], tmp_path / "pool", skip_bad=True, format="iob2")
    assert (summary.sentences, summary.skipped) == (1, 1)
    assert summary.problems == [
        f"{tmp_path / 'a.iob2'}:1: not a token, a tab and an IOB2 tag: 'a\\tB_PER'"
    ]


def test_twenty_bad_lines_are_shown_and_all_are_counted(tmp_path):
    (tmp_path / "a.txt").write_text("[Ada](PER)\n" + "[\n" * 25)
    with pytest.raises(DeepALError, match="Bad lines: 25") as caught:
        convert([tmp_path / "a.txt"], tmp_path / "pool")
    lines = str(caught.value).split("\n")
    assert len(lines) == 22
    assert lines[1].startswith(f"{tmp_path / 'a.txt'}:2: square brackets")
    assert lines[-1] == "… and 5 more"


def test_a_failed_conversion_keeps_the_earlier_pool(tmp_path):
    (tmp_path / "a.txt").write_text("[Ada](PER)\n")
    convert([tmp_path / "a.txt"], tmp_path / "pool")
    before = fingerprint(tmp_path / "pool")
    (tmp_path / "a.txt").write_text("[Ada](PER)\n[\n")
    with pytest.raises(DeepALError):
        convert([tmp_path / "a.txt"], tmp_path / "pool")
    assert fingerprint(tmp_path / "pool") == before


def test_an_empty_file_is_reported(tmp_path):
    (tmp_path / "empty.iob2").write_text("")
    (tmp_path / "full.iob2").write_text("a\tO\n")
    with pytest.raises(DeepALError, match=r"empty\.iob2:1: the file holds no sentence"):
        convert([tmp_path], tmp_path / "pool")
    assert convert([tmp_path], tmp_path / "pool", skip_bad=True).sentences == 1


def test_a_pool_without_any_sentence_is_not_written(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": " "}\n')
    with pytest.raises(DeepALError, match="There is no sentence to write"):
        convert([tmp_path / "a.jsonl"], tmp_path / "pool", skip_bad=True)
    assert not (tmp_path / "pool").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "conll"}, "Unknown format 'conll'. Known: auto, iob2, conll2003, conll2012"),
        ({"lang": "xx-unknown"}, "No tokenizer for the language 'xx-unknown'"),
    ],
)
def test_an_option_that_cannot_be_met_is_reported(tmp_path, options, message):
    (tmp_path / "a.txt").write_text("Rain.\n")
    with pytest.raises(DeepALError, match=message):
        convert([tmp_path], tmp_path / "pool", **options)


def test_a_missing_input_and_a_folder_without_data_are_reported(tmp_path):
    with pytest.raises(DeepALError, match=r"There is no file or folder .*nowhere"):
        convert([tmp_path / "nowhere"], tmp_path / "pool")
    (tmp_path / "README.md").write_text("")
    with pytest.raises(DeepALError, match=r"holds no file to read.*\.spacy \.jsonl \.iob2"):
        convert([tmp_path], tmp_path / "pool")


def test_output_over_other_files_is_refused_before_reading(tmp_path):
    (tmp_path / "keep.md").write_text("")
    with pytest.raises(DeepALError, match="holds other things"):
        convert([tmp_path / "nowhere"], tmp_path)


def test_a_damaged_spacy_file_is_named(tmp_path):
    (tmp_path / "a.spacy").write_bytes(b"no DocBin")
    with pytest.raises(DeepALError, match=r"a\.spacy cannot be read as a \.spacy file"):
        convert([tmp_path / "a.spacy"], tmp_path / "pool")


# Languages and formats to the end


def test_chinese_raw_text_becomes_characters(tmp_path):
    (tmp_path / "zh.txt").write_text("[天河](GPE)，你好。\n", encoding="utf-8")
    assert convert([tmp_path / "zh.txt"], tmp_path / "pool", lang="zh").words == 6
    (doc,) = read(tmp_path / "pool")
    assert [token.text for token in doc] == ["天", "河", "，", "你", "好", "。"]
    assert [(entity.text, entity.label_) for entity in doc.ents] == [("天河", "GPE")]


def test_partial_annotation_of_a_spacy_file_stays_partial(tmp_path):
    nlp = spacy.blank("en")
    doc = Doc(nlp.vocab, words=["Ada", "sings"])
    doc.set_ents([], missing=[doc[1:2]])
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    assert convert([tmp_path / "a.spacy"], tmp_path / "pool").labelled == 1
    (doc,) = read(tmp_path / "pool")
    assert [token.ent_iob for token in doc] == [2, 0]


def test_spacy_trains_on_the_tokens_of_the_source_where_the_raw_text_is_unknown(tmp_path):
    (tmp_path / "a.iob2").write_text("don\tB-X\n't-go\tO\n")
    convert([tmp_path / "a.iob2"], tmp_path / "pool")
    (example,) = Corpus(tmp_path / "pool")(spacy.blank("en"))
    assert [token.text for token in example.predicted] == ["don", "'t-go"]
    assert example.get_aligned_ner() == ["U-X", "O"]


def test_a_hundred_thousand_words_take_seconds(tmp_path):
    rows = "".join(f"word{i}\tO\n" for i in range(20)) + "\n"
    (tmp_path / "a.iob2").write_text(rows * 5000)
    start = time.perf_counter()
    assert convert([tmp_path / "a.iob2"], tmp_path / "pool").words == 100_000
    assert time.perf_counter() - start < 10
