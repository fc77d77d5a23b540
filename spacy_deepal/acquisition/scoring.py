"""Score sentences: some Docs, a shard, or a whole pool in memory."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import cast

from spacy.language import Language
from spacy.tokens import Doc

from ..arguments import takes_types
from ..pool.pool import Pool
from ..progress import progress_bar
from ..sentences import count_words, sentence_id
from ..tagger.evidence import Evidence, blank_evidence
from ..tagger.model import tagger_of
from ..workers import one_thread
from .functions import AcquisitionFunction, AnytimeFunction, Score, finite_score, needs_of
from .registry import make_acquisition
from .score_folder import ShardTask
from .staged import sample_in_stages
from .upstream import find_tagger, prepared
from .whole_pool import final_scores


def score_docs(
    nlp: Language,
    docs: Iterable[Doc],
    acquisition: AcquisitionFunction,
    *,
    budget: int | None = None,
    seed: int = 0,
) -> Iterator[Score]:
    """Score sentences. What was scored before does not matter.

    nlp (Language): A pipeline with one `deepal_ner` component. For a function that needs no
        prediction, any pipeline will do.
    docs (Iterable[Doc]): The sentences, with the pipeline's vocab. They are read as a stream, if no
        `budget` matters.
    budget (int | None): The budget of the batch in words. A function whose needs say `anytime` then
        stops sampling sentences that can no longer be chosen: their scores are estimates, all
        others are exact. Other functions do not look at it. None: no score is an estimate.
    seed (int): Seed of random numbers and MC dropout.
    YIELDS (Score): In the order of the sentences. Those without real words are left out.
    RAISES (DeepALError): There is not one `deepal_ner` component; or a score is not a finite
        number, with the sentence's id.
    """
    needs = needs_of(acquisition)
    evidence: Iterable[Evidence]
    if not needs.predicts:
        evidence = (blank_evidence(doc, seed) for doc in docs if count_words(doc))
    else:
        tagger = find_tagger(nlp)
        tagger_of(tagger.model).forget_words()
        if budget is not None and needs.anytime:
            anytime = cast(AnytimeFunction, acquisition)  # `needs_of` has made sure
            evidence = sample_in_stages(nlp, list(docs), anytime, budget, seed)
        else:
            evidence = (
                item
                for chunk in prepared(nlp, tagger, docs)
                for item in tagger.evidence(
                    chunk, samples=needs.samples, decoder_only=needs.decoder_only, seed=seed
                )
            )
    for item in evidence:
        yield Score(item.id, item.words, finite_score(acquisition(item), item.id))


def score_shard(
    nlp: Language,
    task: ShardTask,
    acquisition: AcquisitionFunction,
    *,
    budget: int | None = None,
    seed: int = 0,
) -> list[Score]:
    """Score what is left of a shard: `score_docs`, on one thread and without a trace in the vocab.

    RAISES (DeepALError): As `score_docs`; the shard was removed or changed meanwhile.
    """
    # What the vocab takes in inside the zone is freed at its end, so it does not grow.
    with one_thread(), nlp.memory_zone():
        docs = task.shard.read(nlp.vocab)
        left = (doc for doc in docs if sentence_id(doc) not in task.excluded)
        return list(score_docs(nlp, left, acquisition, budget=budget, seed=seed))


@takes_types
def score(
    nlp: Language,
    pool: Pool | str | Path,
    acquisition: str | AcquisitionFunction = "MNLP",
    *,
    exclude: Collection[str] = frozenset(),
    budget: int | None = None,
    seed: int = 0,
) -> list[Score]:
    """Score a pool and keep the scores in memory. `spacy deepal score` writes the same ones, into
    the folder of a `ScoringJob`.

    nlp (Language): As for `score_docs`.
    pool (Pool | str | Path): The pool, or its folder.
    acquisition (str | AcquisitionFunction): A function, or its name as for `make_acquisition`. A
        function that looks at earlier rounds knows none here.
    exclude (Collection[str]): The ids of sentences that are left out.
    budget (int | None), seed (int): As for `score_docs`.
    RETURNS (list[Score]): In the order of the pool.
    RAISES (DeepALError): As `score_shard`; or the function is unknown.
    """
    pool = pool if isinstance(pool, Pool) else Pool(pool)
    function = make_acquisition(acquisition) if isinstance(acquisition, str) else acquisition
    excluded = frozenset(exclude)
    first: list[Score] = []
    for shard in progress_bar(pool.shards, "score", unit="shard"):
        task = ShardTask(shard, excluded)
        first += score_shard(nlp, task, function, budget=budget, seed=seed)
    return list(final_scores(function, lambda: first))
