"""BALD for a budget that is known: what can hardly enter the batch is not sampled to the end."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm

from ..errors import DeepALError
from ..sentences import count_words, sentence_id
from .functions import AcquisitionFunction, Bald, disagreement, variation_ratio
from .scoring import SENTENCES_AT_ONCE, Score, find_tagger, pass_upstream, pool_reader, write_scores

STAGES = (0.1, 0.2, 0.3, 0.45, 0.65, 1.0)  # shares of the samples after which sentences drop out
DEVIATIONS = 2.0  # how many standard deviations a score may still rise


@dataclass
class _Candidate:
    """A sentence with its samples so far, and its score by them."""

    words: int
    samples: NDArray = field(repr=False)
    score: float = 0.0
    upper: float = np.inf

    def sample(self, more: NDArray, most: int) -> None:
        """Take more samples [m, words] in, of `most` in all.

        The score of all M samples lies about that of m with a standard deviation of
        s sqrt((M - m) / (m M)), s that of the samples' disagreement. One sample that disagrees
        everywhere is imagined beside them: ten that agree do not say that all will.
        """
        self.samples = np.concatenate([self.samples, more])
        each = disagreement(self.samples)
        self.score, seen = variation_ratio(self.samples), len(each)
        each = np.append(each, 1.0)
        left = max(0, most - seen) / (seen * most)
        self.upper = float(each.mean() + DEVIATIONS * each.std() * np.sqrt(left))


def knows_budget(acquisition: AcquisitionFunction) -> bool:
    """Whether `score_for_budget` shortens the scoring by this function."""
    return isinstance(acquisition, Bald) and not acquisition.decoder_only


def score_for_budget(
    nlp: Language,
    read: Callable[[], Iterable[Doc]],
    acquisition: Bald,
    budget_words: int,
    *,
    seed: int = 0,
    batch_words: int | None = None,
) -> list[Score]:
    """Score sentences by BALD, as far as a batch of this budget needs it.

    After each stage the sentences leave whose score will hardly reach that of the last sentence
    which the budget pays for; they keep the score they have. The others get exactly the samples and
    the score of `score_docs`. What is kept of a sentence that stays is its samples: the memory
    grows with the pool, by 2 bytes a word and sample.

    read (Callable): Gives the sentences, from the first to the last, each time it is called.
    acquisition (Bald): `spacy_deepal.BALD.v1`.
    budget_words (int): Most words of the batch.
    RETURNS (list[Score]): In the order of the Docs. Sentences without real words are left out.
    RAISES (DeepALError): For another acquisition function; for a budget below 1 word.
    """
    if not knows_budget(acquisition):
        raise DeepALError(
            "A budget shortens the scoring of spacy_deepal.BALD.v1 alone. Leave --budget-words out."
        )
    if budget_words < 1:
        raise DeepALError(f"The budget is {budget_words} words; it must be at least 1.")
    tagger, most = find_tagger(nlp), acquisition.samples
    found: dict[str, _Candidate] = {}
    staying: set[str] | None = None
    for first, last in pairwise(sorted({0, *(max(2, round(s * most)) for s in STAGES)})):
        title = f"samples {first + 1} to {last}"
        for chunk in tqdm(_chunks(read(), staying), title, leave=False, disable=None):
            chunk = pass_upstream(nlp, tagger, chunk)
            paths = tagger.sample(
                chunk, first=first, samples=last, seed=seed, batch_words=batch_words
            )
            for doc, more in zip(chunk, paths, strict=True):
                name = sentence_id(doc)
                if first == 0:
                    found[name] = _Candidate(more.shape[1], more[:0])
                found[name].sample(more, most)
        least = _marginal_score(found.values(), budget_words)
        staying = {
            name
            for name, candidate in found.items()
            if candidate.upper >= least and len(candidate.samples) == last
        }
        for name, candidate in found.items():
            if name not in staying:
                candidate.samples = candidate.samples[:0]
    return [Score(name, candidate.words, candidate.score) for name, candidate in found.items()]


def score_pool_for_budget(
    nlp: Language,
    pool: str | Path,
    output: str | Path,
    acquisition: Bald,
    budget_words: int,
    *,
    seed: int = 0,
    batch_words: int | None = None,
    exclude: Iterable[str | Path] = (),
) -> int:
    """`score_for_budget` from a pool on disk into a JSONL file, but for the sentences of `exclude`,
    as for `pool_reader`. RETURNS (int): Sentences scored."""
    read = pool_reader(pool, nlp.vocab, exclude)

    def scores() -> Iterator[Score]:  # nothing is scored before the output can be written
        options = {"seed": seed, "batch_words": batch_words}
        yield from score_for_budget(nlp, read, acquisition, budget_words, **options)

    return write_scores(scores(), output)


def _chunks(docs: Iterable[Doc], staying: set[str] | None) -> Iterator[list[Doc]]:
    """YIELDS (list[Doc]): Sentences with words that are to be sampled, some at once."""
    docs = (
        doc for doc in docs if count_words(doc) and (staying is None or sentence_id(doc) in staying)
    )
    while chunk := list(islice(docs, SENTENCES_AT_ONCE)):
        yield chunk


def _marginal_score(candidates: Iterable[_Candidate], budget_words: int) -> float:
    """RETURNS (float): The lowest score that the budget reaches, taking the highest first of the
    sentences that fit into it."""
    words = 0
    fitting = (candidate for candidate in candidates if candidate.words <= budget_words)
    for candidate in sorted(fitting, key=lambda candidate: -candidate.score):
        words += candidate.words
        if words >= budget_words:
            return candidate.score
    return -np.inf
