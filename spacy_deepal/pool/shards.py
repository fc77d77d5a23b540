"""A pool on disk: a folder of DocBin shards of one-sentence Docs, written and read as a stream.

A shard is a plain `.spacy` file: `spacy.Corpus.v1` reads the folder as it is. Every Doc has
`doc.user_data["deepal"] = {"id": str, "doc_id": str | None, "genre": str | None}`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import doc_bin, read_docs
from ..errors import DeepALError
from ..files import check_replaceable, draft_beside, replace_folder
from ..sentences import count_words, sentence_id, sentence_info


@dataclass(frozen=True)
class ShardsSummary:
    """What `write_shards` wrote: numbers of shards, sentences and words."""

    shards: int
    sentences: int
    words: int


def write_shards(
    docs: Iterable[Doc], folder: str | Path, *, sentences_per_shard: int = 1000
) -> ShardsSummary:
    """Write sentences as the shards of a pool: all of them, or on any error none. Holds one shard
    in memory. No sentences at all make one empty shard.

    docs (Iterable[Doc]): One-sentence Docs with ids. May read the pool that is being replaced.
    folder (str | Path): Is made, or replaced when it holds nothing but shards.
    sentences_per_shard (int): Sentences in each shard but the last.
    RAISES (DeepALError): The folder holds other files, or a Doc has no id.
    """
    folder = Path(folder)
    check_pool_folder(folder)
    if sentences_per_shard < 1:
        raise DeepALError(f"sentences_per_shard must be 1 or more, not {sentences_per_shard}.")
    with draft_beside(folder) as draft:
        summary = _write_files(docs, draft, sentences_per_shard)
        replace_folder(draft, folder)
    return summary


def distinct(docs: Iterable[Doc]) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences of a pool. RAISES (DeepALError): When two have the same id."""
    ids = set()
    for doc in docs:
        if (name := sentence_id(doc)) in ids:
            raise DeepALError(
                f"Two sentences of the pool have the id {name}. Convert all its sources in one go, "
                "each source once."
            )
        ids.add(name)
        yield doc


def check_pool_folder(folder: Path) -> None:
    """Make sure that writing a pool to a folder loses nothing but an earlier pool.

    RAISES (DeepALError): The folder is a file, or it holds other things than shards.
    """
    check_replaceable(
        folder, lambda path: path.match("shard_*.spacy") and not path.is_dir(), "a pool"
    )


def _write_files(docs: Iterable[Doc], folder: Path, sentences_per_shard: int) -> ShardsSummary:
    docs = iter(docs)
    shards = sentences = words = 0
    while (shard := list(islice(docs, sentences_per_shard))) or shards == 0:
        for doc in shard:
            sentence_info(doc)
        doc_bin(shard).to_disk(folder / f"shard_{shards:04}.spacy")
        shards += 1
        sentences += len(shard)
        words += sum(map(count_words, shard))
    return ShardsSummary(shards, sentences, words)


def shard_files(path: str | Path) -> list[Path]:
    """The files of a pool in the order in which they are read.

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
    """Read the sentences of a pool, one shard in memory at a time.

    path (str | Path): A folder of shards, or a single `.spacy` file.
    vocab (Vocab): The vocabulary of the Docs.
    YIELDS (Doc): The sentences, each with its id.
    RAISES (DeepALError): There is no pool (at once); a file is damaged or a Doc has no id (when
        the stream gets there).
    """
    return chain.from_iterable(_sentences(file, vocab) for file in shard_files(path))


def _sentences(file: Path, vocab: Vocab) -> Iterator[Doc]:
    for doc in read_docs(file, vocab):
        try:
            sentence_info(doc)
        except DeepALError as error:
            raise DeepALError(f"{file}: {error}") from None
        yield doc


def fingerprint(path: str | Path) -> str:
    """A hash of the bytes of a pool's files in their order: the same for a copy elsewhere.

    path (str | Path): A folder of shards, or a single `.spacy` file.
    RAISES (DeepALError): There is no pool.
    """
    digest = hashlib.sha256()
    for file in shard_files(path):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
