import os
from zipfile import ZipFile

import pytest
import spacy

from spacy_deepal import files
from spacy_deepal.corpus.reading import ReadOptions
from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.prepare import assign_documents, document, prepare
from spacy_deepal.pool.shards import fingerprint, read_shards
from spacy_deepal.sentences import KEY

from ..pools import call


def read(pool):
    return list(read_shards(pool, spacy.blank("en").vocab))


def texts(pool):
    return [doc.text for doc in read(pool)]


def make_documents(file, documents, sentences=1):
    """An inline file whose documents have one, two, three … words a sentence, then again one."""
    blocks = []
    for i in range(documents):
        line = " ".join([f"[d{i}](X)"] + ["word"] * (i % 3))
        blocks.append("\n".join([line] * sentences))
    file.write_text("\n\n".join(blocks))


def test_given_splits_are_converted_as_they_are(tmp_path):
    data = tmp_path / "data"
    (data / "Validation").mkdir(parents=True)
    (data / "train.iob2").write_text("a\tO\n")
    (data / "train.jsonl").write_text('{"text": "b"}\n')
    (data / "Validation" / "x.txt").write_text("c\n")
    (data / "test.txt").write_text("d\n")
    (data / "train.md").write_text("not data")
    (data / "notes.txt").write_text("neither")
    summaries = prepare(data, tmp_path / "corpus")
    assert list(summaries) == ["train", "dev", "test"]
    assert summaries["train"].sentences == 2
    assert texts(tmp_path / "corpus" / "train") == ["a ", "b"]
    assert texts(tmp_path / "corpus" / "dev") == ["c"]
    assert texts(tmp_path / "corpus" / "test") == ["d"]


def test_a_file_name_that_several_splits_have_is_a_genre(tmp_path):
    rows = "a\tO\n\n# genre = own\nb\tO\n"
    for split in ("train", "dev", "test"):
        (tmp_path / "data" / split).mkdir(parents=True)
        (tmp_path / "data" / split / "music.iob2").write_text(rows)
        (tmp_path / "data" / split / f"{split}-1.iob2").write_text(rows)
    prepare(tmp_path / "data", tmp_path / "corpus")
    genres = [doc.user_data[KEY]["genre"] for doc in read(tmp_path / "corpus" / "dev")]
    assert genres == [None, "own", "music", "own"]
    prepare(tmp_path / "corpus", tmp_path / "again")
    assert [doc.user_data[KEY]["genre"] for doc in read(tmp_path / "again" / "dev")] == genres


def test_a_missing_split_is_reported(tmp_path):
    for name in ("train.txt", "test.txt"):
        (tmp_path / name).write_text("a\n")
    with pytest.raises(DeepALError, match="holds test and train but no dev"):
        prepare(tmp_path, tmp_path / "corpus")


def test_documents_are_split_by_words_in_each_genre(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    make_documents(data / "nw.txt", 60, sentences=2)
    make_documents(data / "wb.txt", 30)
    summaries = prepare(data, tmp_path / "corpus")
    words = {split: summary.words for split, summary in summaries.items()}
    assert sum(words.values()) == 240 + 60
    assert words["train"] == pytest.approx(210, abs=6)
    assert words["dev"] == pytest.approx(45, abs=6)
    assert words["test"] == pytest.approx(45, abs=6)
    assert all(set(summary.genres) == {"nw", "wb"} for summary in summaries.values())


def test_no_document_is_in_two_splits_and_none_is_lost(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    make_documents(data / "nw.txt", 40, sentences=3)
    prepare(data, tmp_path / "corpus")
    parts = [{document(doc) for doc in read(tmp_path / "corpus" / s)} for s in ("train", "dev")]
    parts.append({document(doc) for doc in read(tmp_path / "corpus" / "test")})
    assert sum(map(len, parts)) == len(set.union(*parts)) == 40


def test_the_split_is_the_same_each_time_and_in_any_order(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    make_documents(data / "nw.txt", 20)
    prints = []
    for name in ("a", "b", "a"):
        prepare(data, tmp_path / name)
        prints.append([fingerprint(tmp_path / name / split) for split in ("train", "dev", "test")])
    assert prints[0] == prints[1] == prints[2]
    docs = [doc for split in ("train", "dev", "test") for doc in read(tmp_path / "a" / split)]
    assert assign_documents(docs) == assign_documents(docs[::-1])


def test_sentences_of_unknown_documents_are_split_one_by_one():
    nlp = spacy.blank("en")
    docs = [nlp.make_doc("word") for _ in range(20)]
    for i, doc in enumerate(docs):
        doc.user_data[KEY] = {"id": f"s{i}", "doc_id": None, "genre": None}
    splits = list(assign_documents(docs).values())
    assert [splits.count(split) for split in ("train", "dev", "test")] == [14, 3, 3]


def test_too_few_documents_are_reported_and_nothing_is_written(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    make_documents(data / "nw.txt", 2)
    with pytest.raises(DeepALError, match="2 documents cannot be split into train, dev and test"):
        prepare(data, tmp_path / "corpus")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_bad_line_in_the_last_split_leaves_nothing_written(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("train", "dev", "test"):
        (data / f"{name}.txt").write_text("[a](X)\n" + "[\n" * (name == "test"))
    with pytest.raises(DeepALError, match=r"test\.txt:2: square brackets"):
        prepare(data, tmp_path / "corpus")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_pools_inside_the_folder_of_the_data_are_not_read_again(tmp_path):
    make_documents(tmp_path / "nw.txt", 10)
    counts = []
    for _ in range(2):
        summaries = prepare(tmp_path, tmp_path / "corpus")
        counts.append([summary.sentences for summary in summaries.values()])
    assert counts[0] == counts[1]
    assert sum(counts[0]) == 10


def test_the_folder_of_the_data_is_no_place_for_the_pools(tmp_path):
    make_documents(tmp_path / "nw.txt", 10)
    with pytest.raises(DeepALError, match="is read here, so it cannot be written"):
        prepare(tmp_path, tmp_path)


def test_a_missing_folder_and_one_without_data_are_reported(tmp_path):
    with pytest.raises(DeepALError, match=r"There is no folder .*nowhere"):
        prepare(tmp_path / "nowhere", tmp_path / "corpus")
    with pytest.raises(DeepALError, match="holds no file to read"):
        prepare(tmp_path, tmp_path / "corpus")


def test_other_files_beside_the_pools_are_kept(tmp_path):
    data, corpus = tmp_path / "data", tmp_path / "corpus"
    data.mkdir()
    corpus.mkdir()
    (corpus / "labels.json").write_text("[]")
    make_documents(data / "nw.txt", 10)
    prepare(data, corpus)
    assert sorted(path.name for path in corpus.iterdir()) == [
        "dev",
        "labels.json",
        "test",
        "train",
    ]


class Killed(BaseException):
    """Stands for the end of the process."""


def state(corpus):
    """The texts of each split; None for one that is not there."""
    splits = (corpus / split for split in ("train", "dev", "test"))
    return [texts(split) if split.exists() else None for split in splits]


def make_splits(data, word):
    for split in ("train", "dev", "test"):
        (data / f"{split}.txt").write_text(f"{word} {split}\n")


@pytest.mark.parametrize("place", range(30))
def test_a_kill_at_any_change_leaves_all_old_or_all_new_after_the_next_start(
    tmp_path, monkeypatch, place
):
    data, corpus = tmp_path / "data", tmp_path / "corpus"
    data.mkdir()
    make_splits(data, "old")
    prepare(data, corpus)
    make_splits(data, "new")
    old, new = ([[f"{word} {s}"] for s in ("train", "dev", "test")] for word in ("old", "new"))
    left = [place]

    def counted(change):
        def call(*args, **options):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return change(*args, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "replace", "mkdir", "rmdir", "unlink"):
            patch.setattr(os, name, counted(getattr(os, name)))
        # A killed process does not clean up.
        patch.setattr(files.shutil, "rmtree", counted(files.shutil.rmtree))
        try:
            prepare(data, corpus)
        except Killed:
            left[0] = -1
    seen = state(corpus)
    assert seen in (old, new) or None in seen  # never old and new side by side
    make_splits(data, "[a")  # the next start fails on its data
    (data / "train.txt").write_bytes(b"\xff")
    with pytest.raises(DeepALError, match="not UTF-8"):
        prepare(data, corpus)
    assert state(corpus) in (old, new)


def test_prepare_takes_the_options_of_convert(tmp_path):
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.tsv").write_text("Zoë\tB-X\tO\nran\tO\tB-Y\n", "latin-1")
    options = ReadOptions(columns=("word", "_", "ner"))
    summaries = prepare(tmp_path, tmp_path / "corpus", options=options, encoding="latin-1")
    assert [pool.entities for pool in summaries.values()] == [{"Y": 1}] * 3


def test_what_was_left_out_before_the_split_is_told(tmp_path):
    (tmp_path / "data").mkdir()
    make_documents(tmp_path / "data" / "nw.txt", 10)
    lines = ['{"id": "a", "text": "b"}\n'] * 2 + ['{"text": " "}\n']
    (tmp_path / "data" / "a.jsonl").write_text("".join(lines))
    part = '{"text": "Mia ran home", "tokens": ["Mia"], "spans": []}'
    with ZipFile(tmp_path / "data" / "b.zip", "w") as archive:
        archive.writestr("b.jsonl", part)
        archive.writestr("b.png", "")
    cut = '{"text": "Mia knew", "spans": [{"start": 0, "end": 2, "label": "PER"}]}'
    (tmp_path / "data" / "c.jsonl").write_text(cut)
    options = ReadOptions(border="drop")
    told = prepare(tmp_path / "data", tmp_path / "corpus", options=options)["train"]
    assert (told.doubles, told.without_words, told.notes.total()) == (1, 1, 1)
    assert (told.dropped, len(told.drops)) == (1, 1)
    assert [path.name for path in told.unread] == ["b.png"]


def test_a_pool_cannot_be_split_into_its_own_place(tmp_path):
    (tmp_path / "data").mkdir()
    make_documents(tmp_path / "data" / "nw.txt", 10)
    prepare(tmp_path / "data", tmp_path / "corpus")
    before = fingerprint(tmp_path / "corpus" / "train")
    with pytest.raises(DeepALError, match=r"train is read here, so it cannot be written"):
        prepare(tmp_path / "corpus" / "train", tmp_path / "corpus")
    assert fingerprint(tmp_path / "corpus" / "train") == before


def write_splits(folder, **splits):
    """One .txt file for each split, a paragraph a line."""
    folder.mkdir()
    for name, lines in splits.items():
        (folder / f"{name}.txt").write_text("\n".join(lines))
    return folder


def test_texts_in_two_splits_are_counted_or_left_out_of_what_is_learnt_from(tmp_path):
    data = write_splits(
        tmp_path / "data",
        train=["We met Jo .", "Mia sings.", "Nobody knew.", "We met Jo."],
        dev=["Mia sings.", "It rained."],
        test=["We met Jo.", "It rained."],
    )
    summaries = prepare(data, tmp_path / "kept")
    train, dev, test = (str(data / f"{split}.txt") for split in summaries)
    assert summaries["train"].shared == [
        f"1 sentence of {train} is in {dev} too, such as 'Mia sings.'",
        f"2 sentences of {train} are in {test} too, such as 'We met Jo .'",
    ]
    assert summaries["dev"].shared == [
        f"1 sentence of {dev} is in {test} too, such as 'It rained.'"
    ]
    assert summaries["test"].shared == []
    assert [summary.sentences for summary in summaries.values()] == [4, 2, 2]

    apart = prepare(data, tmp_path / "apart", apart=True)
    assert [summary.sentences for summary in apart.values()] == [1, 1, 2]
    assert apart["train"].shared == summaries["train"].shared
    assert apart["train"].files == summaries["train"].files
    assert texts(tmp_path / "apart" / "train") == ["Nobody knew."]
    assert texts(tmp_path / "apart" / "dev") == ["Mia sings."]
    assert texts(tmp_path / "apart" / "test") == ["We met Jo.", "It rained."]


def test_a_split_of_which_nothing_is_left_is_an_error_and_nothing_is_written(tmp_path):
    data = write_splits(tmp_path / "data", train=["Oh."], dev=["Oh.", "Ah."], test=["Ha."])
    with pytest.raises(DeepALError, match=r"Every sentence of .*train.txt is in .*dev.txt too"):
        prepare(data, tmp_path / "apart", apart=True)
    assert list((tmp_path / "apart").glob("*")) == []


def test_prepare_says_how_texts_in_two_splits_are_left_out(tmp_path):
    data = write_splits(tmp_path / "data", train=["Oh.", "Ah."], dev=["Hm."], test=["Ah."])
    status, output = call("prepare", data, tmp_path / "kept")
    assert status == 0
    assert "too, such as 'Ah.'. To measure on unseen texts alone, add --apart." in output
    status, output = call("prepare", data, tmp_path / "apart", "--apart")
    assert "too, such as 'Ah.'. Left out." in output
    assert texts(tmp_path / "apart" / "train") == ["Oh."]


def test_documents_that_are_split_may_share_a_text(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "nw.txt").write_text("\n\n".join("[Jo](X) sings\nSee below" for _ in range(10)))
    assert "of train are in dev too" in prepare(data, tmp_path / "all")["train"].shared[0]
