"""Choose what to label: whole sentences, highest score first, up to a budget in words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..arguments import takes_types
from ..corpus.docbin import write_docs
from ..errors import DeepALError, plural
from ..files import check_output
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..pool.shards import read_shards
from ..sentences import count_words
from ..urls import is_file
from .copies import CopyFilter
from .functions import AcquisitionFunction, Score, finite_score
from .registry import make_acquisition
from .score_folder import ScoreFolder
from .whole_pool import final_scores

MORE = 4  # times as many candidates are kept where near-copies have used up those before


@takes_types
def select(scores: Iterable[Score], budget: int, copies: CopyFilter | None = None) -> list[Score]:
    """Take sentences until the budget is met: highest score first, ties by id.

    A sentence that no longer fits is passed over, and the next one that fits is taken. So the
    budget is never exceeded, and one very long sentence at the top does not end the batch.

    Memory grows with the budget, and not with the number of scores. A budget of B words has room
    for B // n sentences of n words, so of each length only so many are kept.

    scores (Iterable[Score]): One for each sentence, in any order. With `copies`, they may be read
        several times, from the beginning.
    budget (int): Most words of all sentences together.
    copies (CopyFilter | None): Passes over near-copies.
    RETURNS (list[Score]): In the order taken; empty if no sentence fits.
    RAISES (DeepALError): The budget is below 1 word, or an item is not a `Score` with a finite
        number.
    """
    _check_budget(budget)
    if copies is not None and isinstance(scores, Iterator):
        scores = list(scores)
    more = 1
    while (batch := _take(*_candidates(scores, budget, more), budget, copies)) is None:
        more *= MORE
    return batch


def _check_budget(budget: int) -> None:
    if budget < 1:
        raise DeepALError(f"The budget is {plural(budget, 'word')}; it must be at least 1.")


def _rank(item: Score) -> tuple[float, str]:
    return -item.score, item.id


def _candidates(
    scores: Iterable[Score], budget: int, more: int
) -> tuple[list[Score], dict[int, Score]]:
    """Keep the highest scores of each length.

    more (int): How many times as many of them as the budget could pay for.
    RETURNS (list[Score], dict[int, Score]): By rank; and the last one of each length of which some
        were not kept.
    """
    kept: defaultdict[int, list[Score]] = defaultdict(list)
    last: dict[int, Score] = {}
    for item in scores:
        if not isinstance(item, Score):
            raise DeepALError(
                f"select: {item!r} is not a Score(id, words, score), as `score` makes."
            )
        finite_score(item.score, item.id)
        if not 0 < item.words <= budget:
            continue
        same, most = kept[item.words], more * (budget // item.words)
        if item.words in last and _rank(item) > _rank(last[item.words]):
            continue
        same.append(item)
        if len(same) > 2 * most:
            same.sort(key=_rank)
            del same[most:]
            last[item.words] = same[-1]
    return sorted((item for same in kept.values() for item in same), key=_rank), last


def _take(
    ranked: Sequence[Score], last: dict[int, Score], budget: int, copies: CopyFilter | None
) -> list[Score] | None:
    """RETURNS (list[Score] | None): As `select`; None if a sentence that was not kept might have
    been taken."""
    batch, left = [], budget
    if copies is not None:
        copies.begin()
    for place, item in enumerate(ranked):
        if item.words <= left and (copies is None or copies.take(ranked, place)):
            batch.append(item)
            left -= item.words
        if not left:
            break
        if item == last.get(item.words) and item.words <= left:
            return None
    return batch


@dataclass(frozen=True)
class PoolScores:
    """The final scores of a pool as a stream that can be read repeatedly.

    function (AcquisitionFunction | None): If it is a `PoolFunction`, it makes final scores of those
        in the folder.
    earlier (Sequence[ScoreFolder]): The first scores of the rounds before, the latest last. A shard
        that was added since has none there.
    """

    folder: ScoreFolder
    pool: Pool
    function: AcquisitionFunction | None = None
    earlier: Sequence[ScoreFolder] = ()

    def __iter__(self) -> Iterator[Score]:
        read = partial(self.folder.read, self.pool)
        if self.function is None:
            return read()
        return final_scores(self.function, read, self._scores_before() if self.earlier else None)

    def _scores_before(self) -> Iterator[list[float]]:
        """YIELDS (list[float]): The earlier scores of each sentence. Those of one shard are in
        memory."""
        for shard in self.pool.shards:
            folders = [each for each in self.earlier if each.file(shard.name).is_file()]
            rows = [row for each in folders for row in each.read_files([shard.name])]
            known = [dict(zip(row.ids, row.scores, strict=True)) for row in rows]
            (now,) = self.folder.read_files([shard.name])
            for name in now.ids:
                yield [scores[name] for scores in known if name in scores]


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
    """Select sentences by the scores of a pool and write them: `select`, `fetch`, `write_docs`.

    scores, pool (str | Path): The folder of the scores, and the pool; each is local or a URL.
    with_gold (bool): As for `fetch`.
    max_similarity (float | None): As for `CopyFilter`.
    earlier (Sequence[str | Path]): Earlier batches: .spacy files, or folders of them.
    RETURNS (list[Score]): What was selected, in order.
    RAISES (DeepALError): The budget is below 1 word, or no sentence fits into it; the scores belong
        to another pool, or are not finished; an option is out of range; or the output is among what
        is read.
    """
    check_output(output, pool, scores, *earlier)
    _check_budget(budget)
    if earlier and max_similarity is None:
        raise DeepALError(
            "--earlier has no effect without --max-similarity. "
            "Add --max-similarity, or leave out --earlier."
        )
    folder = ScoreFolder(scores)
    opened = Pool(pool, folder.index if is_file(folder.index) else None)
    finished = folder.check(opened)
    function = make_acquisition(finished.scoring.acquisition) if finished.fits else None
    candidates = PoolScores(folder, opened, function)
    docs = (doc for path in earlier for doc in read_shards(path, vocab))
    copies = None if max_similarity is None else CopyFilter(opened, max_similarity, docs)
    batch = select(candidates, budget, copies)
    if not batch:
        raise DeepALError(_nothing_to_select(candidates, budget))
    write_docs(_fetch_checked(opened, batch, vocab, with_gold), output)
    return batch


def _nothing_to_select(candidates: Iterable[Score], budget: int) -> str:
    lengths = [item.words for item in candidates]
    if not lengths:
        return "The scores have no sentence: there is nothing left to select."
    if min(lengths) > budget:
        return (
            f"The budget is {plural(budget, 'word')}, and the shortest sentence of "
            f"{len(lengths):,} has {min(lengths):,}. Raise the budget."
        )
    return (
        "Every sentence that fits into the budget is a near-copy of one in an earlier batch. Raise "
        "--max-similarity, or score a larger pool."
    )


def _fetch_checked(pool: Pool, batch: Sequence[Score], vocab: Vocab, with_gold: bool) -> list[Doc]:
    """`fetch` a batch. RAISES (DeepALError): A score, such as one of the user's own making, has
    another number of words than its sentence."""
    docs = fetch(pool, [item.id for item in batch], vocab, with_gold=with_gold)
    for item, doc in zip(batch, docs, strict=True):
        if count_words(doc) != item.words:
            raise DeepALError(
                f"Sentence {item.id} has {plural(item.words, 'word')} in the scores and "
                f"{count_words(doc):,} in the pool {pool.path}. Correct the scores: white space "
                "does not count as a word."
            )
    return docs
