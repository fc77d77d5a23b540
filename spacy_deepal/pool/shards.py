"""A pool on disk: a folder of shards, written and read as a stream of one-sentence Docs.

A shard is a plain `.spacy` file, so `spacy.Corpus.v1` reads the folder as it is. Every Doc has an
id in its `user_data`: see `sentences.SentenceInfo`. An index says what the shards hold: `index.py`.
"""

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import chain, count, islice
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import doc_bin, read_docs
from ..errors import DeepALError
from ..files import check_replaceable, draft_beside, replace_folder
from ..sentences import empty_vocab, sentence_id, stated_id
from ..urls import as_path, is_folder, list_files, local_path, read_bytes
from .index import POOL_INDEX, Indexer, ShardIndex, hash_bytes, write_index

SHARDS_PER_FOLDER = 10_000  # of these, beyond which shards lie in sub-folders


def write_shards(
    docs: Iterable[Doc],
    folder: str | Path,
    *,
    sentences_per_shard: int = 1000,
    settle: Callable[[Path], Iterator[Doc] | None] = lambda folder: None,
) -> None:
    """Write sentences as the shards of a pool, with their index: all of them or, on any error,
    none. One shard is in memory at a time. Without any sentence, one empty shard is written.

    docs (Iterable[Doc]): One-sentence Docs with ids. The stream may read the pool that it replaces.
    folder (str | Path): It is made, or replaced if it holds nothing but a pool.
    sentences_per_shard (int): Sentences in each shard but the last.
    settle (Callable): Called with the folder in which all has been written. Returns the sentences
        that are written instead, read from there; or None.
    RAISES (DeepALError): The folder holds other files, or a Doc has no id, or that of another one.
    """
    folder = local_path(folder)
    check_pool_folder(folder)
    if sentences_per_shard < 1:
        raise DeepALError(f"sentences_per_shard must be 1 or more, not {sentences_per_shard}.")
    with draft_beside(folder) as draft:
        _write_pool(docs, draft, sentences_per_shard)
        name = ""
        if (settled := settle(draft)) is not None:
            (draft / (name := "settled")).mkdir()
            _write_pool(settled, draft / name, sentences_per_shard)
        replace_folder(draft, folder, name)


def _write_pool(docs: Iterable[Doc], folder: Path, sentences_per_shard: int) -> None:
    indexer = Indexer()
    shards = _write(docs, folder, sentences_per_shard, indexer)
    write_index(folder / POOL_INDEX, shards, indexer.text)


def _write(
    docs: Iterable[Doc], folder: Path, sentences_per_shard: int, indexer: Indexer
) -> Iterator[ShardIndex]:
    docs = iter(docs)
    for number in count():
        shard = list(islice(docs, sentences_per_shard))
        if not shard and number:
            return
        name = shard_name(number)
        (folder / name).parent.mkdir(exist_ok=True)
        content = doc_bin(shard).to_bytes()
        yield indexer.add(name, content, shard)
        (folder / name).write_bytes(content)


def shard_name(number: int) -> str:
    """RETURNS (str): The name of the shard that is written after so many others. Beyond
    SHARDS_PER_FOLDER, it is in a sub-folder."""
    above, within = divmod(number, SHARDS_PER_FOLDER)
    return f"{f'shards_{above:04}/' if above else ''}shard_{within:04}.spacy"


def check_pool_folder(folder: Path) -> None:
    """Make sure that writing a pool to a folder loses nothing but an earlier pool."""

    def is_ours(path: Path) -> bool:
        if path.is_dir():
            return path.match("shards_*") and all(map(is_ours, path.iterdir()))
        return path.match("shard_*.spacy") or path.name == POOL_INDEX

    check_replaceable(folder, is_ours, "a pool")


class FoundShards(NamedTuple):
    """The files of a pool. folder (Path): Their folder. sizes (dict): By name, as `list_files` has
    it, the size of each, in the order in which they are read: those of a folder before those of its
    sub-folders, and numbers in names as numbers. Hidden ones are not read."""

    folder: Path
    sizes: dict[str, int | None]


def find_shards(path: str | Path) -> FoundShards:
    """Find the files of a pool.

    path (str | Path): A folder of shards, or a single `.spacy` file; local or a URL, as for
        `as_path`.
    RAISES (DeepALError): There is no such path, or no shard in it.
    """
    path = as_path(path)
    sizes = list_files(path, ".spacy")
    if "" in sizes:
        return FoundShards(path.parent, {path.name: sizes[""]})
    found = [name for name in sizes if "/." not in f"/{name}"]
    if not found and not is_folder(path):
        raise DeepALError(f"There is no pool at {path}. Make one with `spacy deepal convert`.")
    if not found:
        raise DeepALError(
            f"The folder {path} holds no .spacy file. Make a pool with `spacy deepal convert`."
        )
    return FoundShards(path, {name: sizes[name] for name in sorted(found, key=in_order)})


def shard_files(path: str | Path) -> list[Path]:
    """RETURNS (list[Path]): The files of a pool, as `find_shards`, with its errors."""
    folder, names = find_shards(path)
    return [folder / name for name in names]


def in_order(name: str) -> tuple:
    """RETURNS (tuple): A key that sorts the names of shards."""
    parts = re.split(r"(\d+)", name)
    numbered = [(int(part), part) if i % 2 else (0, part) for i, part in enumerate(parts)]
    return name.count("/"), numbered


def read_shards(path: str | Path, vocab: Vocab | None) -> Iterator[Doc]:
    """Read the sentences of a pool. One shard is in memory at a time.

    path (str | Path): As for `find_shards`, with its errors, which are raised at once.
    vocab (Vocab | None): The vocabulary of the Docs, which keeps every word that it has seen. With
        None, each shard has its own.
    YIELDS (Doc): The sentences, each with an id.
    RAISES (DeepALError): A file is damaged, or a Doc has no id.
    """
    return chain.from_iterable(read_shard(file, vocab) for file in shard_files(path))


def read_plain_shards(path: str | Path, vocab: Vocab | None) -> Iterator[Doc]:
    """YIELDS (Doc): As `read_shards`, but what it reads needs no ids."""
    return chain.from_iterable(
        read_docs(file, empty_vocab() if vocab is None else vocab) for file in shard_files(path)
    )


def read_shard(
    file: Path,
    vocab: Vocab | None = None,
    content: bytes | None = None,
    ids: Container[str] | None = None,
) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences of a shard, as `read_shards` does, with its errors.

    content (bytes | None): What the file holds, if it has been read.
    ids (Container[str] | None): Those of the sentences that are read. None: all are.
    """
    vocab = empty_vocab() if vocab is None else vocab
    wanted = None if ids is None else lambda user_data: stated_id(user_data) in ids
    for doc in read_docs(file, vocab, content, wanted):
        try:
            sentence_id(doc)
        except DeepALError as error:
            raise DeepALError(f"{file}: {error}") from None
        yield doc


def fingerprint(path: str | Path) -> str:
    """RETURNS (str): A hash of the bytes of `shard_files`, the same for a copy elsewhere."""
    return join_fingerprints(hash_bytes(read_bytes(file)) for file in shard_files(path))


def join_fingerprints(fingerprints: Iterable[str]) -> str:
    """RETURNS (str): The fingerprint of a pool, from those of its shards in their order."""
    digest = hashlib.sha256()
    for each in fingerprints:
        digest.update(bytes.fromhex(each))
    return digest.hexdigest()
