"""Choose what to label: whole sentences up to a budget in words."""

from collections.abc import Collection, Iterable
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import DeepALError
from ..sentences import count_words, sentence_id
from .files import write_atomically
from .scoring import Score, read_scores
from .shards import doc_bin, read_shards


def select(scores: Iterable[Score], budget_words: int) -> list[Score]:
    """Take the highest scores first, ties by id, until the budget is met.

    A sentence that no longer fits is passed over, and the next that fits is taken: the budget is
    never exceeded, and one very long sentence at the top cannot end the round.

    scores (Iterable[Score]): One per sentence, in any order.
    budget_words (int): Most words in all.
    RETURNS (list[Score]): In the order taken; empty when no sentence fits.
    """
    batch, left = [], budget_words
    for item in sorted(scores, key=lambda item: (-item.score, item.id)):
        if 0 < item.words <= left:
            batch.append(item)
            left -= item.words
        if not left:
            break
    return batch


def fetch(pool: str | Path, ids: Collection[str], vocab: Vocab, *, with_gold: bool) -> list[Doc]:
    """Fetch sentences of a pool by id.

    ids (Collection[str]): Whose order is kept.
    with_gold (bool): Keep the pool's entities; else every word's annotation is missing.
    RAISES (DeepALError): When the pool lacks one of them.
    """
    wanted = set(ids)
    docs = ((sentence_id(doc), doc) for doc in read_shards(pool, vocab))
    found = {name: doc for name, doc in docs if name in wanted}
    missing = [name for name in ids if name not in found]
    if missing:
        raise DeepALError(
            f"{len(missing)} of the {len(wanted)} selected sentences are not in the pool {pool} "
            f"(the first: {missing[0]}). The scores belong to another pool: score this one."
        )
    if not with_gold:
        for doc in found.values():
            doc.set_ents([], default="missing")
    return [found[name] for name in ids]


def write_batch(docs: Iterable[Doc], path: str | Path) -> None:
    """Write sentences as one .spacy file, in their order, ids with them; whole or not at all."""
    with write_atomically(path, "wb") as stream:
        stream.write(doc_bin(list(docs)).to_bytes())


def select_batch(
    scores: str | Path,
    pool: str | Path,
    output: str | Path,
    vocab: Vocab,
    *,
    budget_words: int,
    with_gold: bool = False,
) -> list[Score]:
    """Select from a scores file and write the batch: `select`, `fetch`, `write_batch`.

    RETURNS (list[Score]): What was selected, in order.
    RAISES (DeepALError): When the budget is below 1 word, no sentence fits into it, or the scores
        are of another pool.
    """
    if budget_words < 1:
        raise DeepALError(f"The budget is {budget_words} words; it must be at least 1.")
    candidates = read_scores(scores)
    if not candidates:
        raise DeepALError(f"{scores} has no sentence: there is nothing left to select.")
    batch = select(candidates, budget_words)
    if not batch:
        raise DeepALError(
            f"The budget is {budget_words} words, and the shortest of the {len(candidates)} "
            f"sentences has {min(item.words for item in candidates)}. Raise the budget."
        )
    docs = fetch(pool, [item.id for item in batch], vocab, with_gold=with_gold)
    for item, doc in zip(batch, docs, strict=True):
        if count_words(doc) != item.words:
            raise DeepALError(
                f"Sentence {item.id} has {item.words} words in {scores} and {count_words(doc)} in "
                f"the pool {pool}. The scores belong to another pool: score this one."
            )
    write_batch(docs, output)
    return batch
