"""Near-copies: sentences that share most of their words. It is enough to label one of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from spacy.tokens import Doc

from ..errors import DeepALError


def word_set(doc: Doc) -> frozenset[str]:
    """RETURNS (frozenset[str]): The distinct real words of a sentence, case-folded."""
    return frozenset(token.text.casefold() for token in doc if not token.is_space)


class CopyIndex:
    """Finds near-copies. Two sentences with the word sets a and b are near-copies if their Jaccard
    similarity |a & b| / |a | b| reaches a maximum.

    Two sets of similarity t share a word among the first n - ceil(t n) + 1 of each, in any order
    that is the same for all sets (prefix filtering: Bayardo et al. 2007, "Scaling Up All Pairs
    Similarity Search"). Here long words come first: they are rare, so few sets are compared.
    """

    def __init__(self, max_similarity: float):
        """max_similarity (float): Above 0, up to 1. Exact copies have a similarity of 1.

        RAISES (DeepALError): It is out of this range.
        """
        if not 0 < max_similarity <= 1:
            raise DeepALError(
                f"The maximum similarity is {max_similarity}; it must be above 0 and at most 1."
            )
        self.max_similarity = max_similarity
        self._sets: defaultdict[str, list[frozenset[str]]] = defaultdict(list)  # by first words

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
    index = CopyIndex(max_similarity)
    for doc in earlier:
        index.add(word_set(doc))
    return (doc for doc in docs if not index.has_copy(word_set(doc)))
