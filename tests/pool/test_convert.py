# ruff: noqa: RUF001 (Chinese punctuation)
import json
import os
import threading
import time

import pytest
import spacy
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.corpus.reading import ReadOptions
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import fingerprint, read_shards
from spacy_deepal.sentences import KEY, labels_looked_for, sentence_id, sentence_info


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


def test_a_pool_can_be_cut_into_other_shards(tmp_path):
    (tmp_path / "a.txt").write_text("One.\nTwo.\nThree.\n")
    convert([tmp_path / "a.txt"], tmp_path / "pool")
    before = [(sentence_id(doc), doc.text) for doc in read(tmp_path / "pool")]
    with pytest.raises(DeepALError, match="pool is read here, so it cannot be written"):
        convert([tmp_path / "pool"], tmp_path / "pool", sentences_per_shard=1)
    convert([tmp_path / "pool"], tmp_path / "cut", sentences_per_shard=1)
    assert len(list((tmp_path / "cut").glob("*.spacy"))) == 3
    assert [(sentence_id(doc), doc.text) for doc in read(tmp_path / "cut")] == before


# Ids


def ids_of(folder, name, content, **options):
    """The texts of a file by their ids."""
    (folder / name).write_text(content)
    convert([folder / name], folder / "pool", **options)
    return {sentence_id(doc): doc.text for doc in read(folder / "pool")}


def test_ids_depend_on_the_text_and_not_on_file_place_or_format(tmp_path):
    first = ids_of(tmp_path, "a.txt", "Rain.\nSun.\nRain.\n")
    assert list(first) == ["30fd04786f2168bb", "ce7de99258816eac", "30fd04786f2168bb-2"]
    assert ids_of(tmp_path, "b.txt", "Wind.\nRain.\nRain.\nSun.\n").items() >= first.items()
    assert set(ids_of(tmp_path, "c.jsonl", '{"text": "Sun."}\n')) < set(first)


def test_the_document_that_a_source_names_is_part_of_the_id(tmp_path):
    def ids(name):
        return set(ids_of(tmp_path, "a.jsonl", json.dumps({"text": "Rain.", "doc_id": name})))

    assert ids("x") == ids("x")
    assert not ids("x") & ids("y")


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
    assert ids == ["30fd04786f2168bb", "30fd04786f2168bb-2"]


def test_an_id_given_twice_is_reported(tmp_path):
    records = [{"text": "a", "id": "s1"}, {"text": "b", "id": "s1"}]
    write_jsonl(tmp_path / "a.jsonl", *records)
    with pytest.raises(DeepALError, match=r"a\.jsonl:2: the id 's1' .* \(.*a\.jsonl:1\)"):
        convert([tmp_path / "a.jsonl"], tmp_path / "pool")
    assert convert([tmp_path / "a.jsonl"], tmp_path / "pool", skip_bad=True).sentences == 1


def test_an_exact_double_counts_once(tmp_path):
    record = {"text": "a", "id": "s1", "spans": [[0, 1, "X"], [0, 1, "X"]]}
    write_jsonl(tmp_path / "a.jsonl", record)
    write_jsonl(tmp_path / "b.jsonl", record)
    summary = convert([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "pool")
    assert (summary.sentences, summary.doubles, summary.entities) == (1, 1, {"X": 1})
    write_jsonl(tmp_path / "b.jsonl", {**record, "spans": []})
    with pytest.raises(DeepALError, match=r"b\.jsonl:1: the id 's1' .* or other labels"):
        convert([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "pool")


MIA = {"text": "Mia left.", "spans": [[0, 3, "PER"]]}


def test_ids_that_begin_anew_in_each_file_are_made_of_the_texts_on_demand(tmp_path):
    write_jsonl(tmp_path / "test.jsonl", {"id": "0", **MIA}, {"id": "1", "text": "Rain."})
    write_jsonl(tmp_path / "train.jsonl", {"id": "0", "text": "Sun. Wind."})
    with pytest.raises(DeepALError, match=r"the id '0' has been used before.*--ids text"):
        convert(tmp_path, tmp_path / "pool")
    convert(tmp_path, tmp_path / "pool", options=ReadOptions(ids="text", split=True))
    infos = [(doc.text, sentence_info(doc)) for doc in read(tmp_path / "pool")]
    assert [text for text, _ in infos] == ["Mia left.", "Rain.", "Sun.", "Wind."]
    assert infos[1][1]["id"] == "30fd04786f2168bb"
    assert [info["doc_id"] for _, info in infos] == [None, None, "0", "0"]


@pytest.mark.parametrize("ids", ["data", "text"])
def test_exact_doubles_of_annotated_records_without_ids_count_once(ids, tmp_path):
    records = [{**MIA, "id": str(n)} if ids == "text" else MIA for n in range(2)]
    write_jsonl(tmp_path / "a.jsonl", *records)
    write_jsonl(tmp_path / "b.jsonl", MIA)
    summary = convert(tmp_path, tmp_path / "pool", options=ReadOptions(ids=ids, split=True))
    assert (summary.sentences, summary.doubles) == (1, 2)
    assert summary.entities == {"PER": 1}


def test_annotated_records_of_one_text_with_other_labels_are_reported(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", MIA, {**MIA, "spans": []})
    message = (
        r"a\.jsonl:2: the text has other labels than at .*a\.jsonl:1\. Keep one.*give each an id"
    )
    with pytest.raises(DeepALError, match=message):
        convert(tmp_path, tmp_path / "pool")
    write_jsonl(tmp_path / "a.jsonl", {**MIA, "id": "1"}, {**MIA, "spans": [], "id": "2"})
    assert convert(tmp_path, tmp_path / "pool").sentences == 2
    with pytest.raises(DeepALError, match="sentences of their own, leave out --ids text"):
        convert(tmp_path, tmp_path / "pool", options=ReadOptions(ids="text"))
    write_jsonl(tmp_path / "a.jsonl", {**MIA, "doc_id": "x"}, {**MIA, "spans": [], "doc_id": "y"})
    assert convert(tmp_path, tmp_path / "pool").sentences == 2


def test_sentences_of_corpora_and_of_raw_text_may_come_again(tmp_path):
    tagged = {"tokens": ["Mia", "left"], "ner_tags": ["B-PER", "O"]}
    write_jsonl(tmp_path / "a.jsonl", tagged, tagged, {**tagged, "ner_tags": ["O", "O"]})
    write_jsonl(tmp_path / "b.jsonl", {"text": "Rain."}, {"text": "Rain."})
    (tmp_path / "c.iob2").write_text("Sun\tO\n\nSun\tB-X\n")
    summary = convert(tmp_path, tmp_path / "pool")
    assert (summary.sentences, summary.doubles) == (7, 0)


def test_a_given_id_that_a_text_has_already_got_is_reported(tmp_path):
    (tmp_path / "a.txt").write_text("Rain.\nRain.\n")
    write_jsonl(tmp_path / "b.jsonl", {"text": "x", "id": "30fd04786f2168bb-2"})
    with pytest.raises(DeepALError, match="'30fd04786f2168bb-2' has been used before"):
        convert([tmp_path / "a.txt", tmp_path / "b.jsonl"], tmp_path / "pool")


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
        f"{tmp_path / 'a.iob2'}:2: not the columns word,ner with a tag: 'Lovelace\\tB_PER'"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.iob2"]


def test_bad_lines_are_left_out_and_counted_on_demand(tmp_path):
    (tmp_path / "a.iob2").write_text("a\tB_PER\nb\tO\n\nfine\tO\n")
    summary = convert([tmp_path / "a.iob2"], tmp_path / "pool", skip_bad=True)
    assert (summary.sentences, summary.skipped) == (1, 1)
    assert summary.problems == [
        f"{tmp_path / 'a.iob2'}:1: not the columns word,ner with a tag: 'a\\tB_PER'"
    ]


def test_twenty_bad_lines_are_shown_and_all_are_counted(tmp_path):
    (tmp_path / "a.txt").write_text("[Ada](PER)\n" + "[\n" * 25)
    with pytest.raises(DeepALError, match="Bad lines: 25") as caught:
        convert([tmp_path / "a.txt"], tmp_path / "pool", options=ReadOptions(format="inline"))
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


@pytest.mark.parametrize(
    "name", ["a.txt", "a.iob2", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.conllu", "a.conll"]
)
@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_is_among_those_not_read(name, content, tmp_path):
    (tmp_path / name).write_text(content)
    (tmp_path / "full.iob2").write_text("a\tO\n")
    summary = convert([tmp_path], tmp_path / "pool")
    assert (summary.sentences, summary.skipped) == (1, 0)
    assert summary.unread == {tmp_path / name: "it has no sentence"}
    assert [file.path.name for file in summary.files] == ["full.iob2"]


def test_an_empty_file_alone_is_reported(tmp_path):
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(DeepALError, match=r"(?s)no sentence to write.*empty\.txt: it has no sent"):
        convert(tmp_path / "empty.txt", tmp_path / "pool")


def test_a_pool_without_any_sentence_is_not_written(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": " "}\n')
    with pytest.raises(DeepALError, match="There is no sentence to write"):
        convert([tmp_path / "a.jsonl"], tmp_path / "pool", skip_bad=True)
    assert not (tmp_path / "pool").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"options": ReadOptions(format="conll")}, "Unknown format 'conll'"),
        ({"encoding": "utf-99"}, "There is no encoding 'utf-99'"),
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
    with pytest.raises(DeepALError, match=r"holds no file to read.*\.spacy \.jsonl \.json"):
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


def test_long_records_are_cut_into_sentences_on_demand(tmp_path):
    text = "Mia met Dr. No. Bo left.\nIt rained."
    spans = [[0, 3, "PER"], [8, 14, "PER"], [16, 18, "PER"]]
    write_jsonl(tmp_path / "a.jsonl", {"text": text, "spans": spans, "id": "s1"})
    summary = convert([tmp_path], tmp_path / "pool", options=ReadOptions(split=True))
    assert summary.entities == {"PER": 3}
    docs = read(tmp_path / "pool")
    assert [doc.text for doc in docs] == ["Mia met Dr. No.", "Bo left.", "It rained."]
    assert [sentence_info(doc)["id"] for doc in docs] == ["s1-1", "s1-2", "s1-3"]
    assert {sentence_info(doc)["doc_id"] for doc in docs} == {"s1"}


def test_the_tokens_of_the_pipeline_are_made_on_demand(tmp_path):
    (tmp_path / "a.iob2").write_text("# text = 天河区好\n天河\tB-LOC\n区\tI-LOC\n好\tO\n", "utf8")
    options = ReadOptions(tokens="pipeline")
    convert([tmp_path / "a.iob2"], tmp_path / "pool", options=options, lang="zh")
    (doc,) = read(tmp_path / "pool")
    assert [(t.text, t.ent_iob_) for t in doc] == [
        ("天", "B"),
        ("河", "I"),
        ("区", "I"),
        ("好", "O"),
    ]
    (tmp_path / "b.iob2").write_text("天河\tB-LOC\n好\tO\n", "utf8")
    with pytest.raises(DeepALError, match=r"b\.iob2:1: the text .* is not known.*--tokens joined"):
        convert([tmp_path / "b.iob2"], tmp_path / "pool", options=options, lang="zh")


def test_tokens_without_a_text_are_joined_on_demand(tmp_path):
    rows = "天河\tB-LOC\n区\tI-LOC\n有\tO\nNew\tB-ORG\nYork\tI-ORG\n7\tO\n。\tO\n"
    (tmp_path / "a.iob2").write_text(rows, "utf8")
    options = ReadOptions(tokens="joined")
    convert([tmp_path / "a.iob2"], tmp_path / "pool", options=options, lang="zh")
    (doc,) = read(tmp_path / "pool")
    assert doc.text == "天河区有New York 7。"
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("天河区", "LOC"), ("New York", "ORG")]
    assert [token.text for token in doc][:4] == ["天", "河", "区", "有"]


def test_the_summary_says_how_each_file_was_read_and_which_were_not(tmp_path):
    (tmp_path / "a.conll").write_text("1 Mia B-PER\n2 left O\n")
    (tmp_path / "b.txt").write_text("It rained. Mia left.\n")
    (tmp_path / "notes.pdf").write_text("x")
    summary = convert([tmp_path], tmp_path / "pool")
    first, second = summary.files
    assert (first.format, first.how) == ("columns", "columns _,word,ner, IOB2")
    assert (first.sentences, first.words, first.entities) == (1, 2, {"PER": 1})
    assert (second.format, second.sentences, second.labelled) == ("text", 2, 0)
    assert [path.name for path in summary.unread] == ["notes.pdf"]


def test_a_pipe_is_read_once_and_whole(tmp_path, capfd):
    rows = "Mia\tB-PER\nran\tO\n\n" * 9000  # more than a pipe holds
    os.mkfifo(tmp_path / "in.txt")
    writer = threading.Thread(target=(tmp_path / "in.txt").write_text, args=[rows])
    writer.start()
    summary = convert([tmp_path / "in.txt"], tmp_path / "pool")
    writer.join()
    assert summary.sentences == 9000
    assert "until the program that writes to it ends" in " ".join(capfd.readouterr().out.split())


def test_raw_text_gets_the_tokens_of_a_pipeline_of_ones_own(tmp_path):
    nlp = spacy.blank("en")
    nlp.tokenizer = Tokenizer(nlp.vocab)  # at white space alone
    nlp.to_disk(tmp_path / "own")
    (tmp_path / "a.txt").write_text("Mia's dog ran.\n")
    options = ReadOptions(tokenizer=str(tmp_path / "own"))
    convert([tmp_path / "a.txt"], tmp_path / "pool", options=options)
    (doc,) = read(tmp_path / "pool")
    assert [token.text for token in doc] == ["Mia's", "dog", "ran."]
    (tmp_path / "a.txt").write_text("Mia " + "x" * 1_000_000)  # spaCy's own limit is for parsers
    assert convert([tmp_path / "a.txt"], tmp_path / "pool", options=options).words == 2
    with pytest.raises(DeepALError, match=r"Cannot load the pipeline .*nowhere"):
        convert(
            [tmp_path], tmp_path / "p", options=ReadOptions(tokenizer=str(tmp_path / "nowhere"))
        )


def test_a_pool_is_not_replaced_by_a_part_of_it(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", {"text": "Ada met Bob."}, {"text": "It rained."})
    pool = tmp_path / "pool"
    convert([tmp_path / "in.jsonl"], pool, sentences_per_shard=1)
    with pytest.raises(DeepALError, match=r"shard_0000\.spacy, which is read here, is in"):
        convert(pool / "shard_0000.spacy", pool)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link.spacy").symlink_to(pool / "shard_0000.spacy")
    with pytest.raises(DeepALError, match=r"link\.spacy, which is read here, is in"):
        convert(tmp_path / "data", pool)
    assert [doc.text for doc in read(pool)] == ["Ada met Bob.", "It rained."]


NONE = {"text": "Mia left.", "spans": []}
BARE = {"text": "Mia left."}


def test_a_sentence_that_is_not_labelled_is_left_out_if_its_text_is(tmp_path):
    def outcome(*records):
        write_jsonl(tmp_path / "a.jsonl", {"text": "Rain."}, *records, {"text": "Sun."})
        summary = convert(tmp_path / "a.jsonl", tmp_path / "pool", sentences_per_shard=2)
        docs = read(tmp_path / "pool")
        assert [doc.text for doc in docs] == ["Rain.", "Mia left.", "Sun."]
        assert (summary.sentences, summary.words) == (3, 7)
        assert summary.genres == {None: 3}
        doc = docs[1]
        ents = [ent.label_ for ent in doc.ents] if doc.has_annotation("ENT_IOB") else None
        return sentence_id(doc), ents, summary.labelled, summary.doubles, summary.replaced

    name = outcome(MIA)[0]
    assert outcome(MIA, BARE) == outcome(BARE, MIA) == (name, ["PER"], 1, 0, 1)
    assert outcome(NONE, BARE) == outcome(BARE, NONE) == (name, [], 1, 0, 1)
    assert outcome(BARE, BARE, MIA, BARE) == (name, ["PER"], 1, 0, 3)
    assert outcome(MIA, BARE, MIA) == (name, ["PER"], 1, 1, 1)

    mia, none, bare = ({**record, "id": "s1"} for record in (MIA, NONE, BARE))
    assert outcome(mia, bare) == outcome(bare, mia) == ("s1", ["PER"], 1, 0, 1)
    assert outcome(none, bare) == outcome(bare, none) == ("s1", [], 1, 0, 1)
    assert outcome(bare, bare, mia, bare, mia) == ("s1", ["PER"], 1, 2, 2)
    with pytest.raises(DeepALError, match="the id 's1' has been used before"):
        outcome(bare, mia, none)


def test_labelled_sentences_of_one_text_all_replace_those_that_are_not(tmp_path):
    (tmp_path / "a.txt").write_text("Sun\nSun\nSun\n")
    (tmp_path / "b.txt").write_text("[Sun](X)\nSun\n")
    summary = convert(tmp_path, tmp_path / "pool")
    docs = read(tmp_path / "pool")
    key = sentence_id(docs[0])
    assert [sentence_id(doc) for doc in docs] == [key, f"{key}-2"]
    assert all(doc.has_annotation("ENT_IOB") for doc in docs)
    assert (summary.sentences, summary.replaced, summary.entities) == (2, 3, {"X": 1})
    assert [(file.sentences, file.words) for file in summary.files] == [(0, 0), (2, 2)]
    assert Pool(tmp_path / "pool").sentences == 2


def test_types_for_which_people_have_looked_are_kept(tmp_path):
    """As in the batch of a run whose types grew while people labelled."""
    doc = spacy.blank("en").make_doc("Mia left.")
    doc.set_ents([Span(doc, 0, 1, "PER")], default="missing")
    doc.user_data[KEY] = {"id": "s1", "doc_id": None, "genre": None, "labels": ["PER", "LOC"]}
    write_docs([doc], tmp_path / "batch.spacy")
    convert(tmp_path / "batch.spacy", tmp_path / "pool")
    (found,) = read(tmp_path / "pool")
    assert labels_looked_for(found) == {"LOC", "PER"}


def test_of_another_document_or_id_a_sentence_that_is_not_labelled_stays(tmp_path):
    write_jsonl(
        tmp_path / "a.jsonl",
        {**MIA, "doc_id": "x"},
        {**BARE, "doc_id": "y"},
        {**BARE, "id": "own"},
    )
    summary = convert(tmp_path / "a.jsonl", tmp_path / "pool")
    assert (summary.sentences, summary.replaced) == (3, 0)


def test_types_that_are_tags_of_words_are_an_error_and_others_are_types(tmp_path):
    record = {"text": "Mia Ota has B cells.", "spans": [[12, 19, "B-CELL"]]}
    write_jsonl(tmp_path / "a.jsonl", record)
    summary = convert(tmp_path / "a.jsonl", tmp_path / "pool")
    assert (summary.entities, summary.notes) == ({"B-CELL": 1}, {})
    tags = {"text": "Mia Ota left.", "spans": [[0, 3, "B-PER"], [4, 7, "I-PER"]]}
    write_jsonl(tmp_path / "b.jsonl", tags)
    with pytest.raises(DeepALError, match=r"b\.jsonl: B-PER and I-PER are tags of words.* as PER"):
        convert(tmp_path, tmp_path / "other", skip_bad=True)
    assert not (tmp_path / "other").exists()
