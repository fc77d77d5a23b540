"""The seed set of a run whose pool is labelled in part: with `seed_words = "labelled"`, all that is
labelled before the run begins.
"""

from collections.abc import Collection, Sequence

from spacy.tokens import Doc

from ..budgets import WHAT_IS_LABELLED
from ..errors import DeepALError, plural
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


def check_partly_labelled(pool: Pool, labels: Sequence[str]) -> str:
    """Check that a run can begin with what is labelled in a pool.

    labels (Sequence[str]): The types of the run.
    RETURNS (str): What the user should know: how much is labelled, and for which types.
    RAISES (DeepALError): No entity is labelled, or every sentence is labelled; or an entity has a
        type that the run does not have.
    """
    rows, types = find_labelled(pool), sorted(pool.text().labels)
    if not types or len(rows) == pool.sentences:
        problem = f"No entity is labelled in {pool.path}"
        if types:
            problem = f"Every sentence of {pool.path} is labelled, so there is none left to choose"
        raise DeepALError(
            f'seed_words = "{WHAT_IS_LABELLED}" in [{SECTION}] begins with what is labelled in the '
            f"pool. {problem}. Convert what is labelled and what is not into one pool; or let "
            "seed_words be a number of words, as a simulation needs it."
        )
    if others := [label for label in types if label not in labels]:
        raise DeepALError(
            f"{pool.path} has entities of {', '.join(others)}, and the labels of the run are "
            f"{', '.join(labels)}. Correct `labels` in [initialize.components], or the data: "
            f"`convert --entity-types {','.join(labels)}` leaves the others out."
        )
    unknown = [label for label in labels if label not in types]
    words = plural(sum(row.words for row in rows), "word")
    return (
        f"The run begins with {plural(len(rows), 'sentence')} ({words}) that are labelled with "
        f"{', '.join(types)}."
    ) + (f" Of {', '.join(unknown)} they say nothing." if unknown else "")


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


def know_types(docs: Sequence[Doc], types: Collection[str], labels: Sequence[str]) -> None:
    """Change sentences of `find_labelled` in place, so that they say nothing of the types of the
    run that nobody had labelled when it began.

    docs (Sequence[Doc]): With their labels.
    types (Collection[str]): The types that occur among all of them.
    labels (Sequence[str]): The types of the run.
    """
    if not {*types} >= {*labels}:
        for doc in docs:
            know_only(doc, types)
