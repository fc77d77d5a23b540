"""How sure a model is of each entity: the probability of its tags, calibrated by one number.

An entity is as probable as its tags are, each given the tags before it. Networks are too sure of
themselves, so the logits of each tag are divided by a temperature (Guo et al. 2017, "On Calibration
of Modern Neural Networks", section 4.2). It is fitted to entities of dev, so that those with a
confidence of 0.8, for example, are right in four cases of five. The order of the tags at a word
stays, and so do the predictions.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span
from thinc.api import Model

from ..sentences import word_places
from . import scheme
from .entities import is_known
from .tok2vec import predict_context

if TYPE_CHECKING:
    from .decoding import Paths

EXTENSION = "confidence"  # ent._.confidence
TEMPERATURES = np.geomspace(0.2, 20, 200)  # those that are tried; steps of 2%


class Claim(NamedTuple):
    """An entity that a model finds.

    start, end (int): Its first token, and the token after its last.
    tags (array[n]), log_probs (array[n, n_tags]): Of its n words: the tag of each, and log P of
        every tag, given the tags before it.
    """

    start: int
    end: int
    label: str
    tags: NDArray
    log_probs: NDArray


class Finder(Protocol):
    """What a component must have so that its entities get a confidence: a `DeepNER` has it."""

    model: Model
    batch_words: int

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def temperature(self) -> float: ...

    def predict(self, docs: Sequence[Doc]) -> Any: ...


def find_claims(
    pipe: Finder, docs: Sequence[Doc], paths: "Paths | None" = None
) -> list[list[Claim]]:
    """Say what a component finds, and how probable it is, without changing the Docs.

    docs (Sequence[Doc]): Where the model listens to a component, they have passed it.
    paths (Paths | None): What `predict` returned for them, if it has run.
    RETURNS (list[list[Claim]]): Per Doc, in the order of the text.
    """
    from .model import tagger_of

    paths = pipe.predict(docs) if paths is None else paths
    log_probs = list(paths.log_probs)
    pairs = zip(paths.tags, paths.best, strict=True)
    # Only the beam's paths are not those whose probabilities are known.
    if other := [i for i, (tags, best) in enumerate(pairs) if not np.array_equal(tags, best)]:
        some, best = [docs[i] for i in other], [paths.best[i] for i in other]
        context = predict_context(pipe.model, some, pipe.batch_words)
        rescored = tagger_of(pipe.model).path_log_probs(some, best, context, pipe.batch_words)
        for i, rows in zip(other, rescored, strict=True):
            log_probs[i] = rows
    return [
        [_claim(pipe, places, tags, rows, *span) for span in scheme.decode(tags.tolist())]
        for places, tags, rows in zip(map(word_places, docs), paths.best, log_probs, strict=True)
    ]


def _claim(
    pipe: Finder, places: NDArray, tags: NDArray, rows: NDArray, first: int, end: int, label: int
) -> Claim:
    start, stop = int(places[first]), int(places[end - 1]) + 1
    return Claim(start, stop, pipe.labels[label], tags[first:end], rows[first:end])


def confidences(claims: Sequence[Claim], temperature: float) -> NDArray[np.float64]:
    """RETURNS (array[len(claims)]): The probability of each, from 0 to 1."""
    if not claims:
        return np.zeros(0)
    rows = np.concatenate([claim.log_probs for claim in claims]).astype("float64") / temperature
    tags = np.concatenate([claim.tags for claim in claims])
    highest = rows.max(1)
    log_sums = highest + np.log(np.exp(rows - highest[:, None]).sum(1))
    starts = np.cumsum([0, *(len(claim.tags) for claim in claims[:-1])])
    return np.exp(np.add.reduceat(rows[np.arange(len(tags)), tags] - log_sums, starts))


def set_confidence(pipe: Finder, docs: Sequence[Doc], paths: "Paths") -> None:
    """Set `ent._.confidence` of the entities that a component has set.

    paths (Paths): What `predict` returned for the Docs.
    """
    if not Span.has_extension(EXTENSION):
        Span.set_extension(EXTENSION, default=None)
    claims = find_claims(pipe, docs, paths)
    values = iter(confidences([c for each in claims for c in each], pipe.temperature).tolist())
    for doc, own in zip(docs, claims, strict=True):
        sure = {(claim.start, claim.end, claim.label): next(values) for claim in own}
        for ent in doc.ents:  # those that were there before are not the component's
            if (value := sure.get((ent.start, ent.end, ent.label_))) is not None:
                ent._.confidence = value


def judge(claim: Claim, gold: Doc) -> bool | None:
    """RETURNS (bool | None): Whether an entity is right; None where nobody has looked.

    gold (Doc): The same tokens, labelled.
    """
    if any((e.start, e.end, e.label_) == (claim.start, claim.end, claim.label) for e in gold.ents):
        return True
    return False if is_known(gold, claim.start, claim.end, claim.label) else None


def fit_temperature(claims: Sequence[Claim], right: NDArray[np.bool_]) -> float:
    """Find the temperature at which the confidence fits best how often an entity is right.

    It is the one with the lowest cross-entropy. As in Platt (1999, "Probabilistic Outputs for
    Support Vector Machines", section 2.2), right counts as (r + 1) / (r + 2) and wrong as
    1 / (w + 2) for r right and w wrong entities. So a few entities do not make a model sure.

    right (array[len(claims)]): Whether each is right.
    RETURNS (float): 1 where there is no entity.
    """
    if not claims:
        return 1.0
    target = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
    tiny = np.finfo("float64").eps
    losses = []
    for temperature in TEMPERATURES:
        sure = np.clip(confidences(claims, temperature), tiny, 1 - tiny)
        losses.append(-np.sum(target * np.log(sure) + (1 - target) * np.log(1 - sure)))
    return round(float(TEMPERATURES[np.argmin(losses)]), 4)
