"""Choose what to label: whole sentences up to a budget in words."""

from collections.abc import Callable, Collection, Iterable, Sequence
from math import floor, inf
from pathlib import Path
from typing import TypeVar

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import doc_bin
from ..errors import DeepALError
from ..files import write_atomically
from ..pool.shards import read_shards
from ..sentences import count_words, sentence_id
from .copies import CopyIndex, word_set
from .representative import sieve, word_weights
from .scoring import Score, read_scores

LOOK_AHEAD = 1024  # sentences whose words are looked up at first
T = TypeVar("T")


class CopyFilter:
    """Passes over near-copies of what a batch has.

    The words of the candidates are read from the pool in the order of their rank, twice as many
    each time: those at the top for the most part, and the pool a few times at worst.
    """

    def __init__(self, pool: str | Path, vocab: Vocab, max_similarity: float):
        """max_similarity (float): As for `CopyIndex`, with its error."""
        self._pool, self._vocab = pool, vocab
        self._index = CopyIndex(max_similarity)
        self._words: dict[str, frozenset[str]] = {}
        self._ahead = LOOK_AHEAD

    def take(self, ranked: Sequence[Score], place: int) -> bool:
        """RETURNS (bool): False for a near-copy of a sentence taken before; else it is taken.

        ranked (Sequence[Score]): All candidates.
        place (int): Which of them; no call goes back.
        RAISES (DeepALError): When the pool lacks a candidate.
        """
        name = ranked[place].id
        if name not in self._words:
            ids = [item.id for item in ranked[place : place + self._ahead]]
            self._words = look_up(self._pool, ids, self._vocab, word_set)
            self._ahead *= 2
        return self._index.add(self._words[name])


def select(
    scores: Iterable[Score],
    budget_words: int,
    copies: CopyFilter | None = None,
    first: Collection[str] = frozenset(),
) -> list[Score]:
    """Take the highest scores first, ties by id, until the budget is met.

    A sentence that no longer fits is passed over, and the next that fits is taken: the budget is
    never exceeded, and one very long sentence at the top cannot end the round.

    scores (Iterable[Score]): One per sentence, in any order.
    budget_words (int): Most words in all.
    copies (CopyFilter | None): Passes over near-copies; a new one for each batch.
    first (Collection[str]): Ids that go before all others.
    RETURNS (list[Score]): In the order taken; empty when no sentence fits.
    """
    batch, left = [], budget_words
    ranked = sorted(scores, key=lambda item: (item.id not in first, -item.score, item.id))
    for place, item in enumerate(ranked):
        if 0 < item.words <= left and (copies is None or copies.take(ranked, place)):
            batch.append(item)
            left -= item.words
        if not left:
            break
    return batch


def choose(
    scores: Sequence[Score],
    budget_words: int,
    pool: str | Path,
    vocab: Vocab,
    *,
    max_similarity: float | None = None,
    representative_of: float | None = None,
) -> list[Score]:
    """`select`, with a look at the words of the sentences where that is asked for.

    max_similarity (float | None): As for `CopyIndex`; None: near-copies are not looked for.
    representative_of (float | None): As for `representatives`, who go first; None: there are none.
    RAISES (DeepALError): When the pool lacks a candidate, or one of these is out of range.
    """
    copies = None if max_similarity is None else CopyFilter(pool, vocab, max_similarity)
    first: set[str] = set()
    if representative_of is not None:
        first = representatives(scores, budget_words, pool, vocab, representative_of)
    return select(scores, budget_words, copies, first)


def representatives(
    scores: Iterable[Score], budget_words: int, pool: str | Path, vocab: Vocab, of: float
) -> set[str]:
    """Choose the sentences that have most of the words of the highest scores, by `sieve`.

    Time and memory grow with these sentences' words. What BALD gives for a budget
    (`score_for_budget`) is exact for the budget alone: let it have `of` times as much.

    of (float): So many times the budget is what the highest scores are. Above 1.
    RETURNS (set[str]): Their ids. They need not use the budget up.
    RAISES (DeepALError): When the pool lacks one, or `of` is out of range.
    """
    if not 1 < of < inf:
        raise DeepALError(
            f"A batch is to be representative of {of} times its budget; this must be above 1 and "
            "finite."
        )
    candidates = [item for item in scores if 0 < item.words <= budget_words]
    candidates = select(candidates, floor(of * budget_words))
    words = look_up(pool, [item.id for item in candidates], vocab, word_set)
    sets = [words[item.id] for item in candidates]
    chosen = sieve(sets, [item.words for item in candidates], budget_words, word_weights(sets))
    return {candidates[place].id for place in chosen}


def fetch(pool: str | Path, ids: Collection[str], vocab: Vocab, *, with_gold: bool) -> list[Doc]:
    """Fetch sentences of a pool by id.

    ids (Collection[str]): Whose order is kept.
    with_gold (bool): Keep the pool's entities; else every word's annotation is missing.
    RAISES (DeepALError): When the pool lacks one of them.
    """
    found = look_up(pool, ids, vocab, lambda doc: doc)
    if not with_gold:
        for doc in found.values():
            doc.set_ents([], default="missing")
    return [found[name] for name in ids]


def look_up(
    pool: str | Path, ids: Collection[str], vocab: Vocab, read: Callable[[Doc], T]
) -> dict[str, T]:
    """Look sentences of a pool up by id.

    read (Callable): What is kept of a sentence.
    RETURNS (dict): By id, in the pool's order.
    RAISES (DeepALError): When the pool lacks one of them.
    """
    wanted = set(ids)
    docs = ((sentence_id(doc), doc) for doc in read_shards(pool, vocab))
    found = {name: read(doc) for name, doc in docs if name in wanted}
    missing = [name for name in ids if name not in found]
    if missing:
        raise DeepALError(
            f"{len(missing)} of the {len(wanted)} selected sentences are not in the pool {pool} "
            f"(the first: {missing[0]}). The scores belong to another pool: score this one."
        )
    return found


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
    max_similarity: float | None = None,
    representative_of: float | None = None,
) -> list[Score]:
    """Select from a scores file and write the batch: `choose`, `fetch`, `write_batch`.

    max_similarity, representative_of (float | None): As for `choose`.
    RETURNS (list[Score]): What was selected, in order.
    RAISES (DeepALError): When the budget is below 1 word, no sentence fits into it, the scores are
        of another pool, an option is out of range, or the batch would be written into the pool.
    """
    if Path(pool).resolve() in (place := Path(output).resolve(), *place.parents):
        raise DeepALError(f"{output} is in the pool {pool}. Name a file elsewhere for the batch.")
    if budget_words < 1:
        raise DeepALError(f"The budget is {budget_words} words; it must be at least 1.")
    candidates = read_scores(scores)
    if not candidates:
        raise DeepALError(f"{scores} has no sentence: there is nothing left to select.")
    batch = choose(
        candidates,
        budget_words,
        pool,
        vocab,
        max_similarity=max_similarity,
        representative_of=representative_of,
    )
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
