"""Texts that are in several sets: there, a model is measured by what it has learnt by heart."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import Doc

from ..errors import plural
from ..sentences import without_white_space
from .shards import read_plain_shards

TEXT_SHOWN = 60  # characters


@dataclass(frozen=True)
class SharedTexts:
    """Sentences whose text is in another set too. count (int), example (str): How many there are,
    and the text of the first."""

    count: int
    example: str

    def describe(self, here: str, there: str) -> str:
        """RETURNS (str): Where they are, in words.

        here, there (str): The names of both sets.
        """
        found, be = plural(self.count, "sentence"), "is" if self.count == 1 else "are"
        return f"{found} of {here} {be} in {there} too, such as {self.example!r}"


def texts_of(paths: Iterable[str | Path]) -> set[str]:
    """RETURNS (set[str]): The texts of the sentences of pools, without white space."""
    return {
        without_white_space(doc.text) for path in paths for doc in read_plain_shards(path, None)
    }


def find_shared(docs: Iterable[Doc], texts: Collection[str]) -> SharedTexts | None:
    """RETURNS (SharedTexts | None): Of some sentences, those whose text is among `texts_of` other
    pools; None if no one is."""
    shared = (doc.text for doc in docs if without_white_space(doc.text) in texts)
    if (first := next(shared, None)) is None:
        return None
    return SharedTexts(1 + sum(1 for _ in shared), first.strip()[:TEXT_SHOWN])
