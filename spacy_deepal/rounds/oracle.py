"""The oracle: who labels a batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..errors import DeepALError
from ..tagger.scheme import IOB_MISSING


class Oracle(ABC):
    """Labels batches. An oracle of your own inherits from this class and is registered in
    `spacy.registry.misc`.

    asks_people (bool): Whether people label all that is selected, and do not see what the pool has.
    """

    asks_people = False

    def check(self, docs: Iterable[Doc]) -> None:
        """Look at the pool before a run begins, and raise a DeepALError for sentences that cannot
        be labelled. By default all can."""
        return

    @abstractmethod
    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """Label the sentences of a batch.

        docs (Sequence[Doc]): The sentences, with the entities that the pool has for them.
        folder (Path): The round's own folder, for an oracle that exchanges files with people.
        RETURNS (Iterable[Doc]): The same sentences in any order, with the oracle's entities.
        """

    def labels_kept(self, folder: Path) -> None:
        """Called when what `label` returned is on disk. By default nothing happens.

        folder (Path): The folder of the round.
        """
        return

    def corrected(self, folder: Path, batch: Path) -> bool:
        """Tell whether labels were corrected after they were given; then the run asks for them
        again. By default they never are.

        folder (Path): The folder of the round.
        batch (Path): The file with the labels that were given.
        """
        return False


class SimulatedOracle(Oracle):
    """`spacy_deepal.SimulatedOracle.v1`: the gold labels that the pool carries."""

    def check(self, docs: Iterable[Doc]) -> None:
        """RAISES (DeepALError): For a sentence that is not labelled, or only in part. A labelled
        sentence without entities is O throughout."""
        for doc in docs:
            if any(token.ent_iob == IOB_MISSING for token in doc):
                raise DeepALError(
                    "The simulated oracle reads gold labels from the pool, and this sentence has "
                    f"none: {doc.text[:80]!r}. Simulate on a labelled pool. If people label, use "
                    "--active_learning.oracle.@misc spacy_deepal.FileOracle.v1."
                )

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """Reveal the gold labels. RAISES (DeepALError): As `check`."""
        self.check(docs)
        return docs
