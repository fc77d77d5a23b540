"""Near-copies: sentences that share most of their words. It is enough to label one of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy

from spacy.tokens import Doc

from ..errors import DeepALError
from ..pool.lookup import look_up
from ..pool.pool import Pool
from .functions import Score

LOOK_AHEAD = 1024  # sentences whose words are looked up at first


def word_set(doc: Doc) -> frozenset[str]:
    """RETURNS (frozenset[str]): The distinct real words of a sentence, case-folded."""
    return frozenset(token.text.casefold() for token in doc if not token.is_space)


class CopyIndex:
    """Finds near-copies. Two sentences with the word sets a and b are near-copies if their Jaccard
    similarity |a & b| / |a | b| reaches a maximum.

    Two sets of similarity t share a word among the first n - ceil(t n) + 1 of each, in any order
    that is the same for all sets (prefix filtering: Bayardo et al. 2007, "Scaling Up All Pairs
    Similarity Search"). Another word does no harm, and makes up for rounding. Here long words come
    first: they are rare, so few sets are compared.
    """

    def __init__(self, max_similarity: float, docs: Iterable[Doc] = ()):
        """max_similarity (float): Above 0, up to 1. Exact copies have a similarity of 1.

        docs (Iterable[Doc]): The sentences that are in the index from the beginning.
        RAISES (DeepALError): `max_similarity` is out of this range.
        """
        if not 0 < max_similarity <= 1:
            raise DeepALError(
                f"The maximum similarity is {max_similarity}; it must be above 0 and at most 1."
            )
        self.max_similarity = max_similarity
        self._sets: defaultdict[str, list[frozenset[str]]] = defaultdict(list)  # by first words
        for doc in docs:
            self.add(word_set(doc))

    def has_copy(self, words: frozenset[str]) -> bool:
        """RETURNS (bool): Whether a near-copy of a sentence is in the index."""
        return any(
            len(words & other) / len(words | other) >= self.max_similarity
            for word in self._first(words)
            for other in self._sets.get(word, ())
        )

    def add(self, words: frozenset[str]) -> bool:
        """RETURNS (bool): Whether the sentence was added; False if a near-copy is in the index."""
        if self.has_copy(words):
            return False
        for word in self._first(words):
            self._sets[word].append(words)
        return True

    def _first(self, words: frozenset[str]) -> list[str]:
        prefix = len(words) - int(self.max_similarity * len(words)) + 1
        return sorted(words, key=lambda word: (-len(word), word))[:prefix]


def without_copies(
    docs: Iterable[Doc], earlier: Iterable[Doc], max_similarity: float
) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences that are not near-copies of an earlier one.

    max_similarity (float): As for `CopyIndex`, with its error.
    """
    index = CopyIndex(max_similarity, earlier)
    return (doc for doc in docs if not index.has_copy(word_set(doc)))


class CopyFilter:
    """Passes over near-copies of the sentences in this batch and in earlier ones.

    The words of the candidates are looked up in the pool in the order of their rank, twice as many
    each time. So usually only those at the top are, and the pool is read a few times at worst.
    """

    def __init__(self, pool: Pool, max_similarity: float, earlier: Iterable[Doc] = ()):
        """max_similarity (float): As for `CopyIndex`, with its error.
        earlier (Iterable[Doc]): The sentences of earlier batches.
        """
        self._pool = pool
        self._earlier = CopyIndex(max_similarity, earlier)
        self.begin()

    def begin(self) -> None:
        """Begin a batch: no candidate has been taken."""
        self._index = deepcopy(self._earlier)
        self._words: dict[str, frozenset[str]] = {}
        self._ahead = LOOK_AHEAD

    def take(self, ranked: Sequence[Score], place: int) -> bool:
        """RETURNS (bool): Whether the candidate is taken; False for a near-copy of one that is.

        ranked, place: All candidates, and the place of this one, after that of the last call.
        RAISES (DeepALError): The pool does not have a candidate.
        """
        name = ranked[place].id
        if name not in self._words:
            ids = [item.id for item in ranked[place : place + self._ahead]]
            self._words = look_up(self._pool, ids, word_set)
            self._ahead *= 2
        return self._index.add(self._words[name])
