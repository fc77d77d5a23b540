"""The tokenizer of a conversion, whose memory does not grow with the text."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from spacy.language import Language

from ..corpus.reading import ReadOptions
from ..pipelines import blank_pipeline, load_pipeline

MOST_STRINGS = 50_000  # words of a vocab before it is made anew


class Renewed:
    """A pipeline that is made anew when its vocab has become large: it would keep every word that
    it has seen. The Docs keep the vocab that they were made with."""

    def __init__(self, make: Callable[[], Language]):
        self._make = make
        self.renew()

    def renew(self) -> None:
        """Make the pipeline anew."""
        self._nlp = self._make()
        self._nlp.max_length = sys.maxsize  # a line may be a book
        self._first = len(self._nlp.vocab.strings)

    def renew_if_large(self) -> None:
        """Make the pipeline anew if MOST_STRINGS have been added."""
        if len(self._nlp.vocab.strings) > self._first + MOST_STRINGS:
            self.renew()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nlp, name)


def make_tokenizer(options: ReadOptions, lang: str) -> Renewed:
    """RETURNS (Renewed): The tokenizer of a language, or the one that the options name."""
    if options.tokenizer:
        return Renewed(partial(load_pipeline, options.tokenizer))
    return Renewed(partial(blank_pipeline, lang))
