"""Calibrates the confidence of a pipeline's entities on dev, and measures it on other data."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.training import Example

from ..acquisition.upstream import find_tagger, prepared
from ..pipelines import load_pipeline
from ..pool.examples import PoolCorpus
from ..sentences import count_words
from ..tagger.confidence import Claim, confidences, find_claims, fit_temperature, judge
from .rows import Calibration, ConfidenceBin, Reliability

BINS = 10  # of equal width


def calibrate(nlp: Language, examples: Iterable[Example]) -> float:
    """Fit the temperature of the one `deepal_ner`, which keeps it. What it finds stays the same.

    examples (Iterable[Example]): Labelled data that the model was not trained on. The predicted
        Docs have the tokens of the data.
    RETURNS (float): The temperature.
    """
    claims, right = find_judged(nlp, examples)
    tagger = find_tagger(nlp)
    tagger.cfg["temperature"] = fit_temperature(claims, right)
    return tagger.temperature


def calibrate_saved(folder: Path, dev: str | Path) -> None:
    """Calibrate a pipeline on disk."""
    nlp = load_pipeline(folder)
    calibrate(nlp, PoolCorpus(str(dev), gold_preproc=True)(nlp))
    tagger = find_tagger(nlp)
    tagger.to_disk(folder / tagger.name, exclude=["vocab"])


def measure_calibration(nlp: Language, examples: Iterable[Example]) -> Calibration | None:
    """Compare the confidence of entities with how often they are right.

    RETURNS (Calibration | None): None if nothing was found.
    """
    claims, right = find_judged(nlp, examples)
    if not claims:
        return None
    temperature = find_tagger(nlp).temperature
    return Calibration(
        temperature=temperature,
        before=reliability(confidences(claims, 1.0), right),
        after=reliability(confidences(claims, temperature), right),
    )


def find_judged(
    nlp: Language, examples: Iterable[Example]
) -> tuple[list[Claim], NDArray[np.bool_]]:
    """RETURNS (list[Claim], array[len(claims)]): What the tagger finds where people have looked,
    and whether it is right."""
    tagger = find_tagger(nlp)
    with_words = [example for example in examples if count_words(example.predicted)]
    docs = (example.predicted for example in with_words)
    found = [each for chunk in prepared(nlp, tagger, docs) for each in find_claims(tagger, chunk)]
    judged = [
        (claim, judge(claim, example.reference))
        for example, own in zip(with_words, found, strict=True)
        for claim in own
    ]
    known = [(claim, right) for claim, right in judged if right is not None]
    return [claim for claim, _ in known], np.asarray([right for _, right in known], bool)


def reliability(sure: NDArray, right: NDArray[np.bool_]) -> Reliability:
    """Put entities into bins of equal width by their confidence.

    sure (array[n]): The confidence of each.
    right (array[n]): Whether each is right.
    """
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    masks: Sequence[NDArray] = [places == place for place in range(BINS)]
    bins = [
        ConfidenceBin(
            entities=int(mask.sum()),
            confidence=float(sure[mask].mean()),
            right=float(right[mask].mean()),
        )
        for mask in masks
        if mask.any()
    ]
    gaps = [each.entities * abs(each.confidence - each.right) for each in bins]
    return Reliability(bins=bins, error=sum(gaps) / len(sure))
