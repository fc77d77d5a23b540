"""The second step of acquisition functions that look at the scores of the whole pool."""

from collections.abc import Mapping, Sequence

from .functions import AcquisitionFunction
from .score_file import Score
from .scoring import finite_score


def final_scores(
    acquisition: AcquisitionFunction,
    scores: Sequence[Score],
    earlier: Sequence[Mapping[str, float]] = (),
) -> Sequence[Score]:
    """Make final scores of first ones.

    scores (Sequence[Score]): What `score` gave to the whole pool.
    earlier (Sequence[Mapping]): As for `PoolFunction.fit`.
    RETURNS (Sequence[Score]): In the same order. A function without `fit` has final scores already.
    RAISES (DeepALError): A score is not a finite number, with the sentence's id.
    """
    fit = getattr(acquisition, "fit", None)
    if fit is None:
        return scores
    final = fit(scores, earlier)
    values = (finite_score(final(item), item.id) for item in scores)
    return [
        item.model_copy(update={"score": value}) for item, value in zip(scores, values, strict=True)
    ]
