"""Choose what to label: whole sentences, highest score first, up to a budget in words."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..corpus.docbin import write_docs
from ..errors import DeepALError
from ..files import check_output
from ..pool.shards import fetch, fingerprint, read_shards
from ..sentences import count_words
from .copies import CopyFilter
from .score_file import SCORE_AGAIN, Score, read_scores


def select(scores: Iterable[Score], budget: int, copies: CopyFilter | None = None) -> list[Score]:
    """Take sentences until the budget is met: highest score first, ties by id.

    A sentence that no longer fits is passed over, and the next one that fits is taken. So the
    budget is never exceeded, and one very long sentence at the top does not end the batch.

    scores (Iterable[Score]): One for each sentence, in any order.
    budget (int): Most words of all sentences together.
    copies (CopyFilter | None): Passes over near-copies; a new one for each batch.
    RETURNS (list[Score]): In the order taken; empty if no sentence fits.
    """
    batch, left = [], budget
    ranked = sorted(scores, key=lambda item: (-item.score, item.id))
    for place, item in enumerate(ranked):
        if 0 < item.words <= left and (copies is None or copies.take(ranked, place)):
            batch.append(item)
            left -= item.words
        if not left:
            break
    return batch


def select_batch(
    scores: str | Path,
    pool: str | Path,
    output: str | Path,
    vocab: Vocab,
    *,
    budget: int,
    with_gold: bool = False,
    max_similarity: float | None = None,
    earlier: Sequence[str | Path] = (),
) -> list[Score]:
    """Select sentences by a scores file and write them: `select`, `fetch`, `write_docs`.

    with_gold (bool): As for `fetch`.
    max_similarity (float | None): As for `CopyFilter`.
    earlier (Sequence[str | Path]): Earlier batches: .spacy files, or folders of them.
    RETURNS (list[Score]): What was selected, in order.
    RAISES (DeepALError): The budget is below 1 word, or no sentence fits into it; the scores belong
        to another pool; an option is out of range; or the output is among what is read.
    """
    check_output(output, pool, scores, *earlier)
    if budget < 1:
        raise DeepALError(f"The budget is {budget} words; it must be at least 1.")
    if earlier and max_similarity is None:
        raise DeepALError(
            "--earlier has no effect without --max-similarity. "
            "Add --max-similarity, or leave out --earlier."
        )
    candidates = _read_candidates(scores, pool, vocab)
    docs = (doc for path in earlier for doc in read_shards(path, vocab))
    batch = select(candidates, budget, CopyFilter(pool, vocab, max_similarity, docs))
    if not batch:
        raise DeepALError(_nothing_to_select(candidates, budget))
    write_docs(_fetch_checked(pool, batch, vocab, with_gold), output)
    return batch


def _read_candidates(scores: str | Path, pool: str | Path, vocab: Vocab) -> list[Score]:
    scoring, candidates = read_scores(scores)
    if scoring.pool != fingerprint(pool):
        sentences = sum(1 for _ in read_shards(pool, vocab))
        raise DeepALError(
            f"{scores} has scores of {len(candidates)} sentences, but not of the pool {pool} as it "
            f"is now, with {sentences} sentences. {SCORE_AGAIN}"
        )
    if not candidates:
        raise DeepALError(f"{scores} has no sentence: there is nothing left to select.")
    return candidates


def _nothing_to_select(candidates: Sequence[Score], budget: int) -> str:
    shortest = min(item.words for item in candidates)
    if shortest > budget:
        return (
            f"The budget is {budget} words, and the shortest of the {len(candidates)} sentences "
            f"has {shortest}. Raise the budget."
        )
    return (
        f"All of the {len(candidates)} sentences that fit into the budget are near-copies of "
        "sentences in earlier batches. Raise --max-similarity, or score a larger pool."
    )


def _fetch_checked(
    pool: str | Path, batch: Sequence[Score], vocab: Vocab, with_gold: bool
) -> list[Doc]:
    """`fetch` a batch. RAISES (DeepALError): A score, such as one of the user's own making, has
    another number of words than its sentence."""
    docs = fetch(pool, [item.id for item in batch], vocab, with_gold=with_gold)
    for item, doc in zip(batch, docs, strict=True):
        if count_words(doc) != item.words:
            raise DeepALError(
                f"Sentence {item.id} has {item.words} words in the scores and {count_words(doc)} "
                f"in the pool {pool}. Correct the scores: white space does not count as a word."
            )
    return docs
