"""Near-copies: sentences that share most of their words. A batch needs one of them."""

from collections import defaultdict

from spacy.tokens import Doc

from ..errors import DeepALError


def word_set(doc: Doc) -> frozenset[str]:
    """RETURNS (frozenset[str]): The real words of a sentence, case-folded, each once."""
    return frozenset(token.text.casefold() for token in doc if not token.is_space)


class CopyIndex:
    """Sentences no two of which are near-copies: whose word sets a and b have a Jaccard similarity
    |a & b| / |a | b| below a maximum.

    Two sets that are as similar as t share a word among the first n - ceil(t n) + 1 of each, in any
    order that is the same for all (prefix filtering: Bayardo et al. 2007, "Scaling Up All Pairs
    Similarity Search"). Long words come first here, for they are rare: few sets are compared.
    """

    def __init__(self, max_similarity: float):
        """max_similarity (float): Above 0, up to 1; copies have 1.

        RAISES (DeepALError): When it is out of this range.
        """
        if not 0 < max_similarity <= 1:
            raise DeepALError(
                f"The most similarity within a batch is {max_similarity}; it must be above 0 and "
                "at most 1."
            )
        self.max_similarity = max_similarity
        self._sets: defaultdict[str, list[frozenset[str]]] = defaultdict(list)  # by first words

    def add(self, words: frozenset[str]) -> bool:
        """RETURNS (bool): False, and nothing is added, for a near-copy of what is there."""
        prefix = len(words) - int(self.max_similarity * len(words)) + 1
        first = sorted(words, key=lambda word: (-len(word), word))[:prefix]
        for word in first:
            for other in self._sets[word]:
                if len(words & other) / len(words | other) >= self.max_similarity:
                    return False
        for word in first:
            self._sets[word].append(words)
        return True
