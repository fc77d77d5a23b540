"""Score sentences: one function for the loop, the command line and every acquisition function."""

from collections.abc import Callable, Iterable, Iterator
from numbers import Real

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from ..sentences import count_words
from ..tagger.evidence import Evidence, blank_evidence
from .functions import AcquisitionFunction, needs_of
from .score_file import Score
from .staged import sample_in_stages
from .upstream import find_tagger, prepared


def score(
    nlp: Language,
    read: Callable[[], Iterable[Doc]],
    acquisition: AcquisitionFunction,
    *,
    budget: int | None = None,
    seed: int = 0,
) -> Iterator[Score]:
    """Score sentences as a stream: memory does not grow with their number.

    nlp (Language): A pipeline with one `deepal_ner` component. For a function that needs no
        prediction, any pipeline will do.
    read (Callable): Returns the sentences, read with the pipeline's vocab, from the first to the
        last each time it is called.
    budget (int | None): The budget of the batch in words. A function whose needs say `anytime` then
        stops sampling sentences that can no longer be chosen: their scores are estimates, all
        others are exact. The samples are kept, so memory grows by 2 bytes for each word and sample.
        Other functions do not look at it. None: no score is an estimate.
    seed (int): Seed of random numbers and MC dropout.
    YIELDS (Score): In the order of the sentences. Those without real words are left out.
    RAISES (DeepALError): There is not one `deepal_ner` component; or a score is not a finite
        number, with the sentence's id.
    """
    needs = needs_of(acquisition)
    evidence: Iterable[Evidence]
    if not needs.predicts:
        evidence = (blank_evidence(doc, seed) for doc in read() if count_words(doc))
    elif budget is not None and needs.anytime:
        evidence = sample_in_stages(nlp, read, acquisition, budget, seed)
    else:
        tagger = find_tagger(nlp)
        evidence = (
            item
            for docs in prepared(nlp, tagger, read())
            for item in tagger.evidence(
                docs, samples=needs.samples, decoder_only=needs.decoder_only, seed=seed
            )
        )
    for item in evidence:
        value = acquisition(item)
        if not isinstance(value, Real) or not np.isfinite(value):
            raise DeepALError(
                f"The acquisition function gave {value} to sentence {item.id}. A score must be a "
                "finite number."
            )
        yield Score(id=item.id, words=item.words, score=float(value))
