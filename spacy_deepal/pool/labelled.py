"""What of a pool is labelled before a run begins."""

from collections.abc import Collection, Iterable, Iterator

from spacy.tokens import Doc

from ..sentences import KEY, LABELS, count_words, is_looked_at, labels_looked_for
from ..tagger.scheme import IOB_MISSING


def looked_at_sentences(docs: Iterable[Doc]) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences that people have looked at. They have words."""
    return (doc for doc in docs if is_looked_at(doc) and count_words(doc))


def know_only(doc: Doc, types: Collection[str]) -> None:
    """Note in a labelled sentence that people have looked at it for these types, and for no others.
    A word outside of its entities may then have any other type. Of a sentence that is labelled in
    part, only its entities are known then. One that says itself for which types people have looked
    stays as it is.

    types (Collection[str]): They have those of the sentence's entities.
    """
    if labels_looked_for(doc):
        return
    is_whole = all(token.ent_iob != IOB_MISSING for token in doc)
    doc.set_ents(list(doc.ents), default="missing")
    if is_whole:
        doc.user_data[KEY][LABELS] = sorted(types)
