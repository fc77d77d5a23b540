"""Look sentences of a pool up by id."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import DeepALError
from ..sentences import sentence_id
from .shards import read_shards

T = TypeVar("T")


def look_up(
    pool: str | Path, ids: Collection[str], vocab: Vocab, read: Callable[[Doc], T]
) -> dict[str, T]:
    """Read what is wanted of some sentences. The whole pool is read once, one shard in memory.

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
    """Read some sentences, with all their annotation.

    ids (Collection[str]): Their ids.
    with_gold (bool): Keep their entities. If False, the entities of all words are missing.
    RETURNS (list[Doc]): In the order of the ids.
    RAISES (DeepALError): One of the ids is not in the pool.
    """
    found = look_up(pool, ids, vocab, lambda doc: doc)
    if not with_gold:
        for doc in found.values():
            doc.set_ents([], default="missing")
    return [found[name] for name in ids]
