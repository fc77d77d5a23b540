"""What a tagger is initialised with: the words and characters of a text, its labels, a few Docs."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from spacy.errors import Errors
from spacy.tokens import Doc
from spacy.training import Example, validate_get_examples

WordCounts = Mapping[str, Mapping[str, int]]  # of the "words", "characters" and "labels" of a text

SAMPLE = 10  # Docs from which a tok2vec learns its sizes, as in spaCy's own component


@dataclass(frozen=True)
class InitialText:
    """The text from which a network gets its vocabulary.

    words (Mapping[str, int]): How often each real word occurs.
    characters (set[str]): The characters of these words.
    sample (list[Doc]): The first few Docs with tokens.
    """

    words: Mapping[str, int]
    characters: set[str]
    sample: list[Doc]

    @classmethod
    def of(cls, docs: Iterable[Doc], counts: WordCounts | None = None) -> "InitialText":
        """Read Docs as a stream: all of them, or only a few where the counts are known."""
        words: Counter[str] = Counter()
        sample: list[Doc] = []
        for doc in docs:
            if len(doc) and len(sample) < SAMPLE:
                sample.append(doc)
            if counts is None:
                words.update(token.text for token in doc if not token.is_space)
            elif len(sample) == SAMPLE:
                break
        if counts is None:
            return cls(words, set().union(*words), sample)
        return cls(counts["words"], {*counts["characters"]}, sample)

    def known_words(self, min_freq: int, most: int) -> list[str]:
        """RETURNS (list[str]): Words that occur so often: of them the most frequent, and of words
        that are equally frequent the first by code points."""
        known = ((-count, word) for word, count in self.words.items() if count >= min_freq)
        return [word for _, word in nsmallest(most, known)]


def check_examples(
    get_examples: Callable[[], Iterable[Example]], counts: WordCounts | None
) -> None:
    """Check that they are Examples, as spaCy's components do: all of them, or only a few where the
    counts are known, because a pool may be large.

    RAISES (ValueError, TypeError): They are not.
    """

    def few() -> Iterable[Example]:
        return islice(get_examples(), SAMPLE)

    validate_get_examples(get_examples if counts is None else few, "DeepNER.initialize")


def initial_labels(
    labels: Sequence[str] | None,
    counts: WordCounts | None,
    get_examples: Callable[[], Iterable[Example]],
) -> set[str]:
    """RETURNS (set[str]): The entity types: those that are given, or else those of the text.

    RAISES (ValueError): What is given is no list of strings.
    """
    if labels is not None:
        if isinstance(labels, str):
            raise ValueError(f"The labels are {labels!r}. Give a list, such as [{labels!r}].")
        given = set(labels)
        if not all(isinstance(label, str) for label in given):
            raise ValueError(Errors.E187)
        return given
    if counts is not None:
        return {*counts["labels"]}
    return {ent.label_ for example in get_examples() for ent in example.reference.ents}


def warn_of_no_labels(name: str) -> None:
    """Warn the caller of `initialize` that a component has no entity type. name (str): Its name."""
    warnings.warn(
        f"Component '{name}' has no labels, so it will find nothing: the training data has no "
        f"entity. Give data with entities, set [initialize.components.{name}.labels], or call "
        "add_label().",
        stacklevel=3,
    )
