"""Sentences of a pool by their ids. The index says in which shards they lie."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..arguments import takes_types
from ..corpus.docbin import move_docs
from ..errors import DeepALError, plural
from ..sentences import sentence_id, without_white_space
from .pool import Pool

T = TypeVar("T")


def look_up(pool: Pool, ids: Collection[str], read: Callable[[Doc], T]) -> dict[str, T]:
    """Read what is wanted of some sentences, out of the shards in which they are.

    read (Callable): Takes out of a sentence what is to be kept. Its vocab lives as long as it does.
    RETURNS (dict[str, T]): By id, in the order of the pool.
    RAISES (DeepALError): One of the ids is not in the pool.
    """
    found: dict[str, T] = {}
    for docs in _docs_of_shards(pool, set(ids)):
        found |= {sentence_id(doc): read(doc) for doc in docs}
    _check_found(pool, ids, found)
    return found


@takes_types
def fetch(
    pool: Pool | str | Path, ids: Collection[str], vocab: Vocab, *, with_gold: bool
) -> list[Doc]:
    """Read some sentences with all their annotation, out of the shards in which they are.

    pool (Pool | str | Path): The pool, or its folder.
    vocab (Vocab): The vocabulary of the Docs. It gets the strings of these sentences alone.
    with_gold (bool): Keep their entities. If False, the entities of all words are missing.
    RETURNS (list[Doc]): In the order of the ids.
    RAISES (DeepALError): As `look_up`.
    """
    pool = pool if isinstance(pool, Pool) else Pool(pool)
    found: dict[str, Doc] = {}
    for docs in _docs_of_shards(pool, set(ids)):
        if not with_gold:
            for doc in docs:
                doc.set_ents([], default="missing")
        found |= {sentence_id(doc): doc for doc in move_docs(docs, vocab)}
    _check_found(pool, ids, found)
    return [found[name] for name in ids]


def _docs_of_shards(pool: Pool, wanted: set[str]) -> Iterable[list[Doc]]:
    """YIELDS (list[Doc]): The wanted sentences of each shard that has any."""
    for shard, index in zip(pool.shards, pool.index(), strict=True):
        if not wanted.isdisjoint(index.ids):
            yield list(shard.read(ids=wanted))


def _check_found(pool: Pool, ids: Collection[str], found: Collection[str]) -> None:
    if missing := [name for name in ids if name not in found]:
        raise DeepALError(
            f"{len(missing):,} of {plural(len(set(ids)), 'selected sentence')} cannot be found in "
            f"the pool {pool.path} (the first: {missing[0]}). The scores belong to another pool: "
            "score this one."
        )


def excluded_ids(pool: Pool, batches: Iterable[str | Path]) -> set[str]:
    """Find the sentences of earlier batches in a pool.

    batches (Iterable[str | Path]): .spacy files, or folders of them. Their sentences are told by
        their ids. One whose id the pool does not have is told by its text, whatever its tokens;
        and of equal texts as many are found as the batches have.
    RETURNS (set[str]): Their ids in the pool.
    RAISES (DeepALError): One of the batches has no sentence of the pool.
    """
    known: set[str] = set()
    for path in batches:
        names = {sentence_id(doc): without_white_space(doc.text) for doc in Pool(path).docs()}
        found = {name for row in pool.index() for name in row.ids if name in names}
        texts = Counter(text for name, text in names.items() if name not in found)
        if texts:
            found |= _with_texts(pool, texts, known | found)
        if not found:
            raise DeepALError(
                f"No sentence of {path} is in the pool {pool.path}, so there is nothing to exclude."
                " Sentences are told by their ids and texts. Name a batch that `spacy deepal "
                "select` has written."
            )
        known |= found
    return known


def _with_texts(pool: Pool, texts: Counter[str], known: set[str]) -> set[str]:
    """RETURNS (set[str]): The ids of as many sentences of each text as are counted, other than the
    known ones. The counts are used up."""
    found: set[str] = set()
    for doc in pool.docs():
        name, text = sentence_id(doc), without_white_space(doc.text)
        if name not in known and texts[text]:
            texts[text] -= 1
            found.add(name)
    return found
