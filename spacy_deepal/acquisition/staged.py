"""Sampling in stages: sentences that can no longer enter the batch are not sampled to the end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from ..sentences import sentence_id
from ..tagger.evidence import Evidence, blank_evidence
from .functions import AnytimeFunction, needs_of
from .upstream import find_tagger, prepared

STAGES = (0.1, 0.2, 0.3, 0.45, 0.65, 1.0)  # shares of the samples after which sentences drop out
DEVIATIONS = 2.0  # how many standard deviations a score may still rise


@dataclass
class _Candidate:
    """A sentence with its samples so far, its score by them, and how high the score may rise."""

    evidence: Evidence
    score: float = 0.0
    upper: float = np.inf

    def take(self, samples: NDArray, acquisition: AnytimeFunction) -> None:
        """Add samples [m, words] to those that are there.

        The score of all M samples differs from that of the first m by a standard deviation of
        s sqrt((M - m) / (m M)), where s is that of what each sample adds. One more sample that adds
        1 is imagined: ten that agree do not prove that all will.
        """
        if self.evidence.samples is not None:
            samples = np.concatenate([self.evidence.samples, samples])
        self.evidence = replace(self.evidence, samples=samples)
        self.score = acquisition(self.evidence)
        each, seen = np.append(acquisition.by_sample(samples), 1.0), len(samples)
        left = 1 / seen - 1 / needs_of(acquisition).samples
        self.upper = float(each.mean() + DEVIATIONS * each.std() * np.sqrt(left))


def sample_in_stages(
    nlp: Language,
    docs: Sequence[Doc],
    acquisition: AnytimeFunction,
    budget: int,
    seed: int,
) -> Iterator[Evidence]:
    """Take MC dropout samples of sentences, as many as it takes to fill a batch of this budget.

    After each stage those sentences leave whose score will hardly reach that of the last sentence
    which the budget pays for. The others get all samples in the end.

    docs, acquisition, budget, seed: As for `score`; the function's needs say `anytime`.
    YIELDS (Evidence): Of each sentence with words, in their order: the samples and nothing else.
    """
    tagger, needs = find_tagger(nlp), needs_of(acquisition)
    found: dict[str, _Candidate] = {}
    staying: set[str] = set()
    for first, last in pairwise(sorted({0, *(max(2, round(s * needs.samples)) for s in STAGES)})):
        left = (doc for doc in docs if first == 0 or sentence_id(doc) in staying)
        for chunk in prepared(nlp, tagger, left):
            sampled = tagger.sample(
                chunk, first=first, samples=last, decoder_only=needs.decoder_only, seed=seed
            )
            for doc, samples in zip(chunk, sampled, strict=True):
                if first == 0:
                    found[sentence_id(doc)] = _Candidate(blank_evidence(doc, seed))
                found[sentence_id(doc)].take(samples, acquisition)
        bar = _marginal_score(found.values(), budget)
        rising = {name for name, candidate in found.items() if candidate.upper >= bar}
        staying = rising if first == 0 else staying & rising
    for candidate in found.values():
        yield candidate.evidence


def _marginal_score(candidates: Iterable[_Candidate], budget: int) -> float:
    """RETURNS (float): The lowest score that the budget reaches when it takes the highest first, of
    sentences that fit into it; minus infinity if it reaches all of them."""
    words = 0
    fitting = (candidate for candidate in candidates if candidate.evidence.words <= budget)
    for candidate in sorted(fitting, key=lambda candidate: -candidate.score):
        words += candidate.evidence.words
        if words >= budget:
            return candidate.score
    return -np.inf
