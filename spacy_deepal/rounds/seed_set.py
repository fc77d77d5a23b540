"""The seed set of a run whose pool is labelled in part: with `seed_words = "labelled"`, all that is
labelled before the run begins.
"""

from collections.abc import Sequence

from spacy.tokens import Doc

from ..budgets import WHAT_IS_LABELLED
from ..errors import DeepALError
from ..pool.labelled import know_only, looked_at_sentences
from ..pool.pool import Pool
from ..sentences import count_words, sentence_id
from .rows import Selected
from .settings import SECTION


def find_labelled(pool: Pool) -> list[Selected]:
    """RETURNS (list[Selected]): The sentences of a pool that are labelled, in its order."""
    return [
        Selected(id=sentence_id(doc), words=count_words(doc), score=None)
        for doc in looked_at_sentences(pool.docs())
    ]


def check_partly_labelled(pool: Pool, labels: Sequence[str]) -> None:
    """RAISES (DeepALError): No sentence of the pool is labelled, or all are; or an entity has a
    type that is not among the labels of the run."""
    count = len(find_labelled(pool))
    if count in (0, pool.sentences):
        every = "Every" if count else "No"
        why = ", so there is none left to choose" if count else ""
        raise DeepALError(
            f'seed_words = "{WHAT_IS_LABELLED}" in [{SECTION}] begins with what is labelled in the '
            f"pool. {every} sentence of {pool.path} is labelled{why}. Convert what is labelled and "
            "what is not into one pool; or let seed_words be a number of words."
        )
    if others := sorted({*pool.text().labels} - {*labels}):
        raise DeepALError(
            f"{pool.path} has entities of {', '.join(others)}, and the labels of the run are "
            f"{', '.join(labels)}. Correct `labels` in [initialize.components], or the data: "
            f"`convert --entity-types {','.join(labels)}` leaves the others out."
        )


def labels_beside(pool: Pool) -> str:
    """RETURNS (str): That a pool has labels which a run that people label does not read, and what
    to do; empty if it has none."""
    if not (count := sum(pool.text().labels.values())):
        return ""
    return (
        f"{pool.path} has {count:,} entities. People are asked for labels of all that is selected, "
        "and see none of them. To train on the sentences that are labelled already, begin the run "
        f"with --{SECTION}.seed_words {WHAT_IS_LABELLED}."
    )


def as_seed_set(docs: Sequence[Doc], pool: Pool, labels: Sequence[str]) -> None:
    """Have sentences say nothing of the types that nobody has labelled anywhere in the pool.

    docs (Sequence[Doc]): Those of `find_labelled`, with their labels.
    labels (Sequence[str]): The types of the run.
    """
    types = pool.text().labels
    if not types.keys() >= {*labels}:
        for doc in docs:
            know_only(doc, types)
