"""An open pool: its index is believed only while the shards are what they were."""

import shutil

import pytest
import spacy

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool import index
from spacy_deepal.pool.index import POOL_INDEX, TextCounts, read_index
from spacy_deepal.pool.pool import Pool, read_counts
from spacy_deepal.pool.shards import fingerprint, read_shards, shard_files, write_shards
from spacy_deepal.sentences import sentence_id

from ..pools import make_doc, make_docs, write_three


@pytest.fixture
def folder(tmp_path):
    return write_three(tmp_path / "pool")


@pytest.fixture
def unindexed(folder):
    (folder / POOL_INDEX).unlink()
    return folder


def ids(pool):
    return [row.ids for row in pool.index()]


@pytest.fixture
def more(tmp_path):
    """A shard of one sentence, d."""
    write_shards([make_doc("d", ["Rain", " ", "fell"])], tmp_path / "more")
    return tmp_path / "more" / "shard_0000.spacy"


def test_the_index_says_what_the_shards_hold(folder):
    pool = Pool(folder)
    assert ids(pool) == [["a", "b"], ["c"]]
    assert [row.words for row in pool.index()] == [[3, 2], [4]]
    assert [(shard.name, shard.words) for shard in pool.shards] == [
        ("shard_0000.spacy", 5),
        ("shard_0001.spacy", 4),
    ]
    assert (pool.sentences, pool.words) == (3, 9)
    assert pool.fingerprint == fingerprint(folder)
    genres = {name: count.model_dump() for name, count in pool.genres.items()}
    assert genres == {"nw": {"sentences": 1, "words": 3}, "-": {"sentences": 2, "words": 6}}


def test_it_counts_words_characters_and_labels(folder):
    counts = read_counts(str(folder))
    words = "Ada likes Rome Nobody knew Bob was in Oslo".split()
    assert counts["words"] == dict.fromkeys(words, 1)
    characters = "".join(words)
    assert counts["characters"] == {char: characters.count(char) for char in characters}
    assert counts["labels"] == {"PER": 2, "LOC": 2}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_counts_are_written_in_lines_of_few_words_each(folder, monkeypatch, size):
    before = Pool(folder).text()
    monkeypatch.setattr(index, "WORDS_OF_PART", size)
    write_three(folder)
    rows = [row for row in read_index(folder / POOL_INDEX, "") if isinstance(row, TextCounts)]
    assert [len(row.words) for row in rows] == [0] + [
        min(size, len(before.words) - start) for start in range(0, len(before.words), size)
    ]
    assert Pool(folder).text() == before


def test_an_indexed_pool_is_opened_without_reading_a_shard(folder, monkeypatch):
    monkeypatch.setattr("spacy_deepal.pool.pool.read_shard", None)
    assert ids(Pool(folder)) == [["a", "b"], ["c"]]


@pytest.mark.parametrize("beside", [None, "shards.index"])
def test_a_pool_without_an_index_is_read_and_nothing_is_written_into_it(
    unindexed, tmp_path, beside
):
    told = []
    before = sorted(unindexed.iterdir())
    pool = Pool(unindexed, beside and tmp_path / beside, told.append)
    assert told == [f"{unindexed} has no index, so its shards are read once: 2."]
    assert ids(pool) == [["a", "b"], ["c"]]
    assert pool.text().labels == {"PER": 2, "LOC": 2}
    assert sorted(unindexed.iterdir()) == before


def test_what_was_indexed_beside_a_pool_is_not_read_again(unindexed, tmp_path, monkeypatch):
    Pool(unindexed, tmp_path / "shards.index")
    monkeypatch.setattr("spacy_deepal.pool.pool.read_shard", None)
    assert ids(Pool(unindexed, tmp_path / "shards.index")) == [["a", "b"], ["c"]]


def test_a_single_file_is_a_pool(folder):
    told = []
    pool = Pool(folder / "shard_0001.spacy", tell=told.append)
    assert (ids(pool), told) == ([["c"]], [])


@pytest.mark.parametrize("indexed", [True, False])
def test_added_shards_are_picked_up_with_a_notice(folder, more, tmp_path, indexed):
    if not indexed:
        (folder / POOL_INDEX).unlink()
        Pool(folder, tmp_path / "shards.index")
    shutil.copy(more, folder / "shard_0002.spacy")
    told = []
    pool = Pool(folder, tmp_path / "shards.index", told.append)
    assert told == [f"{folder}: shards were added: 1, from shard_0002.spacy on."]
    assert ids(pool) == [["a", "b"], ["c"], ["d"]]
    assert (pool.words, pool.text().words["fell"]) == (11, 1)
    assert pool.fingerprint == fingerprint(folder)
    assert ids(Pool(folder, tmp_path / "shards.index")) == [["a", "b"], ["c"], ["d"]]


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("what", ["removed", "changed"])
def test_removed_and_changed_shards_are_refused_by_name(folder, more, tmp_path, indexed, what):
    if not indexed:
        (folder / POOL_INDEX).unlink()
        Pool(folder, tmp_path / "shards.index")
    if what == "removed":
        (folder / "shard_0001.spacy").unlink()
    else:
        shutil.copy(more, folder / "shard_0001.spacy")
    index = folder / POOL_INDEX if indexed else tmp_path / "shards.index"
    with pytest.raises(DeepALError, match=rf"shard_0001.spacy was {what} after .*{index.name}"):
        Pool(folder, tmp_path / "shards.index")
    index.unlink()  # as the message says
    assert len(Pool(folder, tmp_path / "shards.index").shards) == (1 if what == "removed" else 2)


def test_an_index_that_was_changed_is_refused(folder):
    text = (folder / POOL_INDEX).read_text("utf8")
    (folder / POOL_INDEX).write_text(text.replace('"words": [4]', '"words": [5]'), "utf8")
    with pytest.raises(DeepALError, match=r"pool.index was changed .*Convert the pool again"):
        Pool(folder)


def test_two_sentences_with_the_same_id_are_refused(folder, tmp_path):
    with pytest.raises(DeepALError, match="Two sentences of the pool have the id 1-000"):
        write_shards([*make_docs(3, 1), *make_docs(1, 1)], tmp_path / "double")
    assert not (tmp_path / "double").exists()
    shutil.copy(folder / "shard_0001.spacy", folder / "shard_0002.spacy")
    with pytest.raises(DeepALError, match="Two sentences of the pool have the id c"):
        Pool(folder)


def test_shards_sort_in_the_order_in_which_they_were_written(tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_deepal.pool.shards.SHARDS_PER_FOLDER", 3)
    docs = list(make_docs(23, 1))
    write_shards(docs, tmp_path / "pool", sentences_per_shard=1)
    assert (tmp_path / "pool" / "shards_0007" / "shard_0001.spacy").is_file()
    back = [sentence_id(doc) for doc in read_shards(tmp_path / "pool", None)]
    assert back == [sentence_id(doc) for doc in docs]
    assert [row.ids for row in Pool(tmp_path / "pool").index()] == [[name] for name in back]
    write_shards(docs[:2], tmp_path / "pool")
    assert not (tmp_path / "pool" / "shards_0001").exists()


def test_numbers_in_names_sort_as_numbers(tmp_path):
    names = ["part2.spacy", "part10.spacy", "a/part1.spacy", "a/part11.spacy", "b/part0.spacy"]
    for name in reversed(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.spacy").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in shard_files(tmp_path)] == names


def test_white_space_counts_as_no_word_without_a_pipeline(more):
    (doc,) = Pool(more).docs()
    assert [row.words for row in Pool(more).index()] == [[2]]
    assert doc.vocab is not spacy.blank("xx").vocab


def test_an_index_that_is_replaced_while_the_pool_is_used_is_refused(folder, more):
    pool = Pool(folder)
    shutil.copy(more.parent / POOL_INDEX, folder / POOL_INDEX)
    with pytest.raises(DeepALError, match=r"index of .* was changed while the pool is used"):
        ids(pool)


def test_a_shard_that_two_indexes_have_does_not_count_twice(folder, tmp_path):
    (folder / POOL_INDEX).rename(tmp_path / POOL_INDEX)
    beside = tmp_path / "shards.index"
    Pool(folder, beside)
    (tmp_path / POOL_INDEX).rename(folder / POOL_INDEX)
    with pytest.raises(DeepALError, match=r"has the shard shard_0000.spacy, and so has .* Delete"):
        Pool(folder, beside)
    beside.unlink()
    assert Pool(folder, beside).sentences == 3


def test_the_fingerprint_does_not_depend_on_which_shards_an_index_has(folder, more):
    shutil.copy(more, folder / "a_shard.spacy")  # it sorts before the others
    pool = Pool(folder)
    assert [shard.name for shard in pool.shards][-1] == "a_shard.spacy"
    assert pool.fingerprint == fingerprint(folder)
