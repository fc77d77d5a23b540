"""A pool on disk: a folder of shards, written and read as a stream of one-sentence Docs.

A shard is a plain `.spacy` file, so `spacy.Corpus.v1` reads the folder as it is. Every Doc has an
id in its `user_data`: see `sentences.SentenceInfo`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import doc_bin, read_docs
from ..errors import DeepALError
from ..files import check_replaceable, draft_beside, replace_folder
from ..sentences import sentence_id, sentence_info


def write_shards(
    docs: Iterable[Doc], folder: str | Path, *, sentences_per_shard: int = 1000
) -> None:
    """Write sentences as the shards of a pool: all of them or, on any error, none. One shard is in
    memory at a time. Without any sentence, one empty shard is written.

    docs (Iterable[Doc]): One-sentence Docs with ids. The stream may read the pool that it replaces.
    folder (str | Path): It is made. If it is there, it must hold nothing but shards, and is
        replaced.
    sentences_per_shard (int): Sentences in each shard but the last.
    RAISES (DeepALError): The folder holds other files, or a Doc has no id.
    """
    folder = Path(folder)
    check_pool_folder(folder)
    if sentences_per_shard < 1:
        raise DeepALError(f"sentences_per_shard must be 1 or more, not {sentences_per_shard}.")
    with draft_beside(folder) as draft:
        _write_shard_files(docs, draft, sentences_per_shard)
        replace_folder(draft, folder)


def check_pool_folder(folder: Path) -> None:
    """Make sure that writing a pool to a folder loses nothing but an earlier pool.

    RAISES (DeepALError): The folder is a file, or it holds other things than shards.
    """
    check_replaceable(
        folder, lambda path: path.match("shard_*.spacy") and not path.is_dir(), "a pool"
    )


def _write_shard_files(docs: Iterable[Doc], folder: Path, sentences_per_shard: int) -> None:
    docs, number = iter(docs), 0
    while (shard := list(islice(docs, sentences_per_shard))) or number == 0:
        for doc in shard:
            sentence_info(doc)
        doc_bin(shard).to_disk(folder / f"shard_{number:04}.spacy")
        number += 1


def shard_files(path: str | Path) -> list[Path]:
    """RETURNS (list[Path]): The files of a pool, in the order in which they are read.

    path (str | Path): A folder of shards, or a single `.spacy` file.
    RAISES (DeepALError): There is no such path, or no shard in it.
    """
    path = Path(path)
    if not path.exists():
        raise DeepALError(f"There is no pool at {path}. Make one with `spacy deepal convert`.")
    files = sorted(path.glob("[!.]*.spacy")) if path.is_dir() else [path]
    if not files:
        raise DeepALError(
            f"The folder {path} holds no .spacy file. Make a pool with `spacy deepal convert`."
        )
    return files


def read_shards(path: str | Path, vocab: Vocab) -> Iterator[Doc]:
    """Read the sentences of a pool. One shard is in memory at a time.

    path (str | Path): A folder of shards, or a single `.spacy` file.
    vocab (Vocab): The vocabulary of the Docs.
    YIELDS (Doc): The sentences, each with an id.
    RAISES (DeepALError): There is no pool (at once); a file is damaged, or a Doc has no id (when
        the stream gets there).
    """
    return chain.from_iterable(_read_shard(file, vocab) for file in shard_files(path))


def _read_shard(file: Path, vocab: Vocab) -> Iterator[Doc]:
    for doc in read_docs(file, vocab):
        try:
            sentence_info(doc)
        except DeepALError as error:
            raise DeepALError(f"{file}: {error}") from None
        yield doc


def distinct(docs: Iterable[Doc]) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences of a pool.

    RAISES (DeepALError): Two of them have the same id.
    """
    ids = set()
    for doc in docs:
        if (name := sentence_id(doc)) in ids:
            raise DeepALError(
                f"Two sentences of the pool have the id {name}. Convert all its sources together, "
                "each of them once."
            )
        ids.add(name)
        yield doc


def fingerprint(path: str | Path) -> str:
    """RETURNS (str): A hash of the bytes of a pool's files, the same for a copy elsewhere.

    path (str | Path): A folder of shards, or a single `.spacy` file.
    RAISES (DeepALError): There is no pool.
    """
    digest = hashlib.sha256()
    for file in shard_files(path):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
