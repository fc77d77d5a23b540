"""Score sentences: one function for the loop, the command line and every acquisition function."""

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..pipelines import fingerprint_pipeline
from ..pool.shards import fingerprint, pool_reader
from ..progress import progress_bar
from ..sentences import count_words
from ..tagger.evidence import Evidence, blank_evidence
from .functions import AcquisitionFunction, finite_score, needs_of
from .registry import make_acquisition
from .score_file import Score, Scoring, write_scores
from .staged import sample_in_stages
from .upstream import find_tagger, prepared
from .whole_pool import final_scores


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
        value = finite_score(acquisition(item), item.id)
        yield Score(id=item.id, words=item.words, score=value)


def score_pool(
    nlp: Language,
    pool: str | Path,
    output: str | Path,
    acquisition: str,
    *,
    budget: int | None = None,
    exclude: Collection[str | Path] = (),
    seed: int = 0,
) -> int:
    """`score` a pool on disk, and write the final scores and how they were made.

    A `PoolFunction` needs the first scores of the whole pool in memory. Those of earlier rounds are
    not known here.

    acquisition (str): As for `make_acquisition`.
    exclude (Collection[str | Path]): As for `pool_reader`.
    RETURNS (int): How many sentences were scored.
    """
    function = make_acquisition(acquisition)
    docs = pool_reader(pool, nlp.vocab, exclude)
    model = fingerprint_pipeline(nlp)
    scoring = Scoring(pool=fingerprint(pool), model=model, acquisition=acquisition, seed=seed)
    rows = score(nlp, lambda: progress_bar(docs(), unit="sent"), function, budget=budget, seed=seed)
    first = list(rows) if hasattr(function, "fit") else rows
    return write_scores(final_scores(function, lambda: first), output, scoring)
