"""What earlier rounds have left of the pool, and what a round may take of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..acquisition.copies import without_copies
from ..budgets import words_of
from ..errors import plural
from ..pool.pool import Pool
from ..sentences import count_words, sentence_id
from .run_folder import RunFolder
from .settings import Settings


@dataclass(frozen=True)
class Unlabelled:
    """The pool of a run without what is selected. A round is told by its number.

    vocab (Vocab): The vocabulary of batches.
    """

    settings: Settings
    folder: RunFolder
    pool: Pool
    vocab: Vocab

    def budget(self, number: int) -> int:
        """RETURNS (int): The most words that a round may select."""
        budget = self.settings.budget_words if number else self.settings.seed_words
        return words_of(budget, self.pool.words)

    def selected_ids(self, number: int) -> set[str]:
        """RETURNS (set[str]): The sentences that the rounds before this one selected."""
        rounds = map(self.folder.round, range(number))
        return {item.id for each in rounds for item in each.selected.read()}

    def earlier(self, number: int) -> Iterator[Doc]:
        """YIELDS (Doc): The sentences that the rounds before this one selected."""
        rounds = map(self.folder.round, range(number))
        return (doc for each in rounds for doc in each.read_batch(self.vocab))

    def used_up(self, number: int) -> str:
        """RETURNS (str): Why a round could select nothing; empty if it could."""
        count, shortest, budget = 0, 0, self.budget(number)
        for words in self._words_left(number):
            if words <= budget:
                return ""
            count, shortest = count + 1, min(shortest or words, words)
        if not count:
            copies = self.settings.max_similarity is not None
            return f"The pool is used up{', apart from near-copies of what is labelled' * copies}."
        return (
            f"Each sentence left in the pool ({count:,} in all) is longer than the budget: the "
            f"shortest has {plural(shortest, 'word')}."
        )

    def _words_left(self, number: int) -> Iterator[int]:
        """YIELDS (int): The words of each sentence that is left, without near-copies of what is
        selected if there is a `max_similarity`."""
        selected = self.selected_ids(number)
        if self.settings.max_similarity is None:
            return (
                words
                for row in self.pool.index()
                for name, words in zip(row.ids, row.words, strict=True)
                if words and name not in selected
            )
        docs = (doc for doc in self.pool.docs() if sentence_id(doc) not in selected)
        left = without_copies(docs, self.earlier(number), self.settings.max_similarity)
        return filter(None, map(count_words, left))
