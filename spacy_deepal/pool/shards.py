"""A pool on disk: a folder of shards, written and read as a stream of one-sentence Docs.

A shard is a plain `.spacy` file, so `spacy.Corpus.v1` reads the folder as it is. Every Doc has an
id in its `user_data`: see `sentences.SentenceInfo`.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from itertools import chain, count, islice
from pathlib import Path
from typing import TypeVar

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import doc_bin, read_docs
from ..errors import DeepALError
from ..files import check_replaceable, draft_beside, replace_folder
from ..sentences import sentence_id, sentence_info

T = TypeVar("T")


def write_shards(
    docs: Iterable[Doc], folder: str | Path, *, sentences_per_shard: int = 1000
) -> None:
    """Write sentences as the shards of a pool: all of them or, on any error, none. One shard is in
    memory at a time. Without any sentence, one empty shard is written.

    docs (Iterable[Doc]): One-sentence Docs with ids. The stream may read the pool that it replaces.
    folder (str | Path): It is made, or replaced if it holds nothing but shards.
    sentences_per_shard (int): Sentences in each shard but the last.
    RAISES (DeepALError): The folder holds other files, or a Doc has no id.
    """
    folder = Path(folder)
    check_pool_folder(folder)
    if sentences_per_shard < 1:
        raise DeepALError(f"sentences_per_shard must be 1 or more, not {sentences_per_shard}.")
    docs = iter(docs)
    with draft_beside(folder) as draft:
        for number in count():
            shard = list(islice(docs, sentences_per_shard))
            if not shard and number:
                break
            for doc in shard:
                sentence_info(doc)
            doc_bin(shard).to_disk(draft / f"shard_{number:04}.spacy")
        replace_folder(draft, folder)


def check_pool_folder(folder: Path) -> None:
    """Make sure that writing a pool to a folder loses nothing but an earlier pool."""

    def is_shard(path: Path) -> bool:
        return path.match("shard_*.spacy") and not path.is_dir()

    check_replaceable(folder, is_shard, "a pool")


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


def read_shards(
    path: str | Path, vocab: Vocab, exclude: Container[str] = frozenset()
) -> Iterator[Doc]:
    """Read the sentences of a pool. One shard is in memory at a time.

    path (str | Path): As for `shard_files`, with its errors, which are raised at once.
    vocab (Vocab): The vocabulary of the Docs.
    exclude (Container[str]): Ids of sentences that are left out.
    YIELDS (Doc): The sentences, each with an id.
    RAISES (DeepALError): A file is damaged, or a Doc has no id.
    """
    return chain.from_iterable(_read_shard(file, vocab, exclude) for file in shard_files(path))


def _read_shard(file: Path, vocab: Vocab, exclude: Container[str]) -> Iterator[Doc]:
    for doc in read_docs(file, vocab):
        try:
            name = sentence_id(doc)
        except DeepALError as error:
            raise DeepALError(f"{file}: {error}") from None
        if name not in exclude:
            yield doc


def distinct(docs: Iterable[Doc]) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences of a pool. RAISES (DeepALError): Two of them have the same id."""
    ids = set()
    for doc in docs:
        if (name := sentence_id(doc)) in ids:
            raise DeepALError(
                f"Two sentences of the pool have the id {name}. Convert all its sources together, "
                "each of them once."
            )
        ids.add(name)
        yield doc


def pool_reader(
    pool: str | Path, vocab: Vocab, exclude: Collection[str | Path] = ()
) -> Callable[[], Iterator[Doc]]:
    """Make a function that reads a pool from the beginning each time it is called.

    exclude (Collection[str | Path]): .spacy files, or folders of them, such as earlier batches.
        Their sentences are left out, told by their ids. One whose id the pool does not have is told
        by its text, and of equal texts as many are left out as it has.
    RETURNS (Callable): It yields Docs, with the errors of `read_shards` and `distinct`.
    RAISES (DeepALError): One of `exclude` has no sentence of the pool.
    """
    known: set[str] = set()
    ids = set(map(sentence_id, distinct(read_shards(pool, vocab)))) if exclude else set()
    for path in exclude:
        names = {sentence_id(doc): _plain_text(doc) for doc in read_shards(path, vocab)}
        texts = Counter(text for name, text in names.items() if name not in ids)
        found = ids & names.keys()
        if texts:
            found |= _with_texts(read_shards(pool, vocab, known | found), texts)
        if not found:
            raise DeepALError(
                f"No sentence of {path} is in the pool {pool}, so there is nothing to exclude. "
                "Sentences are told by their ids and texts. Name a batch that `spacy deepal "
                "select` has written."
            )
        known |= found
    return lambda: distinct(read_shards(pool, vocab, known))


def _with_texts(docs: Iterable[Doc], texts: Counter[str]) -> set[str]:
    """RETURNS (set[str]): The ids of as many Docs of each text as are counted. They are used up."""
    found = set()
    for doc in docs:
        if texts[text := _plain_text(doc)]:
            texts[text] -= 1
            found.add(sentence_id(doc))
    return found


def _plain_text(doc: Doc) -> str:
    return " ".join(doc.text.split())


def look_up(
    pool: str | Path, ids: Collection[str], vocab: Vocab, read: Callable[[Doc], T]
) -> dict[str, T]:
    """Read what is wanted of some sentences. The whole pool is read once.

    read (Callable): Takes out of a sentence what is to be kept.
    RETURNS (dict[str, T]): By id, in the order of the pool.
    RAISES (DeepALError): One of the ids is not in the pool.
    """
    wanted = set(ids)
    docs = ((sentence_id(doc), doc) for doc in read_shards(pool, vocab))
    found = {name: read(doc) for name, doc in docs if name in wanted}
    if missing := [name for name in ids if name not in found]:
        raise DeepALError(
            f"{len(missing)} of the {len(wanted)} selected sentences are not in the pool {pool} "
            f"(the first: {missing[0]}). The scores belong to another pool: score this one."
        )
    return found


def fetch(pool: str | Path, ids: Collection[str], vocab: Vocab, *, with_gold: bool) -> list[Doc]:
    """`look_up` some sentences, with all their annotation.

    with_gold (bool): Keep their entities. If False, the entities of all words are missing.
    RETURNS (list[Doc]): In the order of the ids.
    """
    found = look_up(pool, ids, vocab, lambda doc: doc)
    if not with_gold:
        for doc in found.values():
            doc.set_ents([], default="missing")
    return [found[name] for name in ids]


def fingerprint(path: str | Path) -> str:
    """RETURNS (str): A hash of the bytes of `shard_files`, the same for a copy elsewhere."""
    digest = hashlib.sha256()
    for file in shard_files(path):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
