"""Who labels a batch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from spacy.tokens import Doc

from ..errors import DeepALError
from ..tagger.scheme import IOB_MISSING


class Oracle(Protocol):
    """Sentences of the pool in, the same sentences with their entities out.

    folder (Path): The round's own folder, for an oracle that exchanges files with people.
    """

    def __call__(self, docs: Sequence[Doc], folder: Path) -> Sequence[Doc]: ...


def make_simulated_oracle() -> Oracle:
    """`spacy_deepal.SimulatedOracle.v1`: the pool's own gold labels."""
    return simulated_oracle


def simulated_oracle(docs: Sequence[Doc], folder: Path) -> Sequence[Doc]:
    """Reveal the gold labels that the sentences of the pool carry.

    RAISES (DeepALError): When a sentence is not labelled. One without entities is O throughout.
    """
    for doc in docs:
        if any(token.ent_iob == IOB_MISSING for token in doc):
            raise DeepALError(
                f"The simulated oracle reads gold labels from the pool, and this sentence has none:"
                f" {doc.text[:80]!r}. Simulate on a labelled pool."
            )
    return docs
