"""A pool at a URL is the one that was uploaded: each shard is fetched once, and checked then."""

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from spacy.vocab import Vocab

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.export import export
from spacy_deepal.pool.index import POOL_INDEX
from spacy_deepal.pool.lookup import excluded_ids, fetch
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import fingerprint, write_shards
from spacy_deepal.sentences import sentence_id
from spacy_deepal.urls import as_path

from ..pools import make_doc, upload, write_three


@pytest.fixture
def folder(tmp_path):
    return write_three(tmp_path / "pool")


@pytest.fixture
def url(folder, memory):
    upload(folder, f"{memory}/pool")
    return f"{memory}/pool"


@pytest.fixture
def fetched(monkeypatch):
    """The names of the shards that are fetched, one after the other."""
    names, cat_file = [], MemoryFileSystem.cat_file

    def counted(self, path, *args, **options):
        names.append(path.rpartition("/")[2])
        return cat_file(self, path, *args, **options)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", counted)
    return names


def ids(pool):
    return [row.ids for row in pool.index()]


def put(url, name, content):
    path = as_path(url) / name
    path.fs.pipe_file(path.path, content)


def test_it_holds_what_the_local_one_does(folder, url, fetched):
    pool, local = Pool(url), Pool(folder)
    assert fetched == []  # it is opened without that
    assert ids(pool) == ids(local) == [["a", "b"], ["c"]]
    assert pool.text() == local.text()
    assert pool.genres == local.genres
    assert pool.fingerprint == local.fingerprint == fingerprint(url)
    fetched.clear()
    assert [doc.to_bytes() for doc in pool.docs()] == [doc.to_bytes() for doc in local.docs()]
    assert fetched == ["shard_0000.spacy", "shard_0001.spacy"]


def test_a_single_file_is_a_pool(url):
    assert ids(Pool(f"{url}/shard_0001.spacy")) == [["c"]]


def test_only_the_shards_of_a_batch_are_fetched(url, fetched):
    (doc,) = fetch(Pool(url), ["c"], Vocab(), with_gold=True)
    assert [ent.label_ for ent in doc.ents] == ["PER", "LOC"]
    assert fetched == ["shard_0001.spacy"]
    assert excluded_ids(Pool(url), [f"{url}/shard_0001.spacy"]) == {"c"}


def test_it_is_exported_like_the_local_one(folder, url, tmp_path):
    for pool, name in ((folder, "one"), (url, "two"), (as_path(url), "three")):
        assert export(pool, tmp_path / name, "jsonl") == 3
        assert (tmp_path / name).read_bytes() == (tmp_path / "one").read_bytes()
    for write in (
        lambda output: export(folder, output, "jsonl"),
        lambda output: convert([folder], output),
        lambda output: write_shards([], output),
    ):
        with pytest.raises(DeepALError, match=r"x is a URL, and a local path is needed here"):
            write("memory://bucket/x")


def test_a_removed_shard_is_refused_by_name_when_the_pool_is_opened(url):
    as_path(f"{url}/shard_0001.spacy").unlink()
    with pytest.raises(
        DeepALError, match=rf"{url}/shard_0001.spacy was removed after .*pool.index"
    ):
        Pool(url)


def test_a_shard_of_another_size_is_refused_when_the_pool_is_opened(url):
    put(url, "shard_0001.spacy", b"other")
    with pytest.raises(
        DeepALError, match=rf"{url}/shard_0001.spacy was changed after .*pool.index"
    ):
        Pool(url)


def test_a_shard_of_the_same_size_is_refused_when_it_is_read(folder, url):
    content = (folder / "shard_0001.spacy").read_bytes()
    put(url, "shard_0001.spacy", content[:-1] + bytes([content[-1] ^ 1]))
    pool = Pool(url)
    assert len(list(pool.shards[0].read())) == 2
    with pytest.raises(DeepALError, match=rf"{url}/shard_0001.spacy was changed after it was inde"):
        pool.shards[1].read()
    as_path(f"{url}/shard_0001.spacy").unlink()
    with pytest.raises(DeepALError, match=rf"{url}/shard_0001.spacy was removed while the pool is"):
        pool.shards[1].read()


@pytest.mark.parametrize("beside", ["memory", "tmp_path"])
def test_a_bare_folder_is_read_once_and_indexed_beside(url, fetched, beside, request):
    as_path(f"{url}/{POOL_INDEX}").unlink()
    index, told = as_path(request.getfixturevalue(beside)) / "scores" / "shards.index", []
    pool = Pool(url, index, told.append)
    assert told == [f"{url} has no index, so its shards are read once: 2."]
    assert fetched == ["shard_0000.spacy", "shard_0001.spacy"]
    assert ids(pool) == ids(Pool(url, index)) == [["a", "b"], ["c"]]
    assert len(fetched) == 2
    assert not as_path(f"{url}/{POOL_INDEX}").exists()


def test_added_shards_are_picked_up_with_a_notice(url, tmp_path, fetched):
    write_shards([make_doc("d", ["Rain", "fell"])], tmp_path / "more")
    put(url, "a/shard_0002.spacy", (tmp_path / "more" / "shard_0000.spacy").read_bytes())
    put(url, ".hidden/shard_0003.spacy", b"no shard")
    told = []
    pool = Pool(url, tmp_path / "shards.index", told.append)
    assert told == [f"{url}: shards were added: 1, from a/shard_0002.spacy on."]
    assert (ids(pool), fetched) == ([["a", "b"], ["c"], ["d"]], ["shard_0002.spacy"])
    assert [sentence_id(doc) for doc in pool.docs()] == ["a", "b", "c", "d"]


def test_where_no_pool_is_that_is_said(url, memory):
    with pytest.raises(DeepALError, match=f"There is no pool at {memory}/none"):
        Pool(f"{memory}/none")
    put(memory, "other/file.txt", b"x")
    with pytest.raises(DeepALError, match=rf"The folder {memory}/other holds no .spacy file"):
        Pool(f"{memory}/other")


def test_a_damaged_index_is_refused(url):
    content = as_path(f"{url}/{POOL_INDEX}").read_bytes()
    put(url, POOL_INDEX, content.replace(b'"words": [4]', b'"words": [5]'))
    with pytest.raises(DeepALError, match=rf"{url}/pool.index was changed"):
        Pool(url)


def test_an_error_of_the_store_is_one_clear_message(url, monkeypatch):
    def fails(*args, **options):
        raise RuntimeError("no credentials")

    pool = Pool(url)
    monkeypatch.setattr(MemoryFileSystem, "cat_file", fails)
    message = r"shard_0000.spacy cannot be reached. RuntimeError: no credentials. Check the URL"
    with pytest.raises(DeepALError, match=message):
        pool.shards[0].read()
    monkeypatch.setattr(MemoryFileSystem, "find", fails)
    with pytest.raises(DeepALError, match=r"cannot be reached. RuntimeError: no credentials"):
        Pool(url)
