"""A pool on disk: a folder of DocBin shards of one-sentence Docs, written and read as a stream.

A shard is a plain `.spacy` file: `spacy.Corpus.v1` reads the folder as it is. Every Doc has
`doc.user_data["deepal"] = {"id": str, "doc_id": str | None, "genre": str | None}`.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from uuid import uuid4

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from srsly.msgpack import Packer, Unpacker

from ..errors import DeepALError
from ..sentences import count_words, sentence_id, sentence_info

ATTRS = ("ORTH", "SPACY", "ENT_IOB", "ENT_TYPE")


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
    check_replaceable(folder)
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


@contextmanager
def draft_beside(folder: Path) -> Iterator[Path]:
    """A new hidden folder beside the given one; at the end what is left of it is removed.

    RAISES (DeepALError): It cannot be made.
    """
    folder = folder.resolve()
    draft = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    try:
        draft.mkdir(parents=True)
    except OSError as error:
        raise DeepALError(f"{folder} cannot be written: {error.strerror}.") from error
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_replaceable(folder: Path) -> None:
    """Make sure that a pool can be written here without loss of anything but an earlier pool.

    RAISES (DeepALError): The place is a file or a folder that holds other things than shards.
    """
    if folder.exists() and not folder.is_dir():
        raise DeepALError(f"{folder} is a file. Name a folder to write the pool to.")
    others = [p.name for p in folder.glob("*") if p.is_dir() or not p.match("shard_*.spacy")]
    if others:
        raise DeepALError(
            f"{folder} holds other things than shards of a pool ({min(others)!r}, {len(others)} in "
            "all) and is left as it is. Name a new or an empty folder."
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


def doc_bin(docs: list[Doc]) -> DocBin:
    """What `DocBin(attrs=ATTRS, store_user_data=True, docs=docs)` makes, several times faster: left
    to itself DocBin has srsly look through all installed entry points for each Doc."""
    doc_bin = DocBin(attrs=ATTRS, docs=docs)
    packer = Packer(use_bin_type=True)
    doc_bin.user_data = [packer.pack(doc.user_data) for doc in docs]
    doc_bin.store_user_data = True
    return doc_bin


def replace_folder(draft: Path, folder: Path) -> None:
    """Put the finished draft in the folder's place; the earlier one is kept until it is there, and
    goes back where anything interrupts that."""
    folder = folder.resolve()
    earlier = draft.with_name(f"{draft.name}.earlier")
    try:
        if folder.exists():
            folder.rename(earlier)
        draft.rename(folder)
    finally:
        if earlier.exists() and not folder.exists():
            earlier.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)


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


def read_docs(file: Path, vocab: Vocab) -> Iterator[Doc]:
    """Read any `.spacy` file, with ids or without.

    RAISES (DeepALError): The file cannot be read.
    """
    try:
        doc_bin = DocBin().from_disk(file)
        user_data = _unpack(doc_bin.user_data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeepALError(
            f"{file} cannot be read as a .spacy file ({type(error).__name__}). "
            "It is damaged or of another format: write it again."
        ) from error
    doc_bin.user_data = []
    for doc, data in zip(doc_bin.get_docs(vocab), user_data, strict=True):
        doc.user_data.update(data)
        yield doc


def _unpack(packed: list[bytes | None]) -> list[dict]:
    """The user data of all Docs of a file in one go, for the reason given in `doc_bin`: this
    makes reading ten times as fast."""
    nothing = Packer().pack({})
    size = sum(map(len, filter(None, packed)), len(packed))
    unpacker = Unpacker(use_list=False, raw=False, max_buffer_size=size)
    unpacker.feed(b"".join(data or nothing for data in packed))
    return list(unpacker)


def fingerprint(path: str | Path) -> str:
    """A hash of the bytes of a pool's files in their order: the same for a copy elsewhere.

    path (str | Path): A folder of shards, or a single `.spacy` file.
    RAISES (DeepALError): There is no pool.
    """
    digest = hashlib.sha256()
    for file in shard_files(path):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
