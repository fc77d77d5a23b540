"""The second step of acquisition functions that look at the scores of the whole pool."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from .functions import AcquisitionFunction
from .score_file import Score
from .scoring import finite_score


def final_scores(
    acquisition: AcquisitionFunction,
    read: Callable[[], Iterable[Score]],
    earlier: Sequence[Mapping[str, float]] = (),
) -> Iterator[Score]:
    """Make final scores of first ones, as a stream.

    read (Callable): Returns what `score` gave to the whole pool, from the first sentence to the
        last each time it is called.
    earlier (Sequence[Mapping]): As for `PoolFunction.fit`.
    YIELDS (Score): In the same order. A function without `fit` has final scores already.
    RAISES (DeepALError): A score is not a finite number, with the sentence's id.
    """
    fit = getattr(acquisition, "fit", None)
    if fit is None:
        yield from read()
        return
    final = fit(read(), earlier)
    for item in read():
        yield Score(id=item.id, words=item.words, score=finite_score(final(item), item.id))
