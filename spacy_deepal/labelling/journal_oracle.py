"""The oracle of a run that people label in the browser: it reads their answers from the journal."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from spacy.tokens import Doc, Span

from ..annotation.answers import IGNORE, Answer
from ..annotation.contradictions import Decisive
from ..corpus.docbin import read_docs
from ..errors import LabelsAwaited, count_waiting
from ..rounds.oracle import Oracle
from ..sentences import KEY, LABELS, empty_vocab, labels_looked_for, sentence_id
from .journal import Annotations
from .labelling_folder import LabellingFolder


class JournalOracle(Oracle):
    """`spacy_deepal.JournalOracle.v1`: people label with `spacy deepal label`.

    contradictions (str): Which of several different answers counts: see `Annotations`.
    """

    def __init__(self, contradictions: Decisive = "last") -> None:
        self.rule = contradictions

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """Label sentences as people did. Nothing is learnt from one that they ignored.

        RAISES (LabelsAwaited): Some of them wait to be labelled.
        """
        run = folder.parent
        annotations = self._annotations(run)
        if waiting := [doc for doc in docs if not annotations.was_shown(sentence_id(doc))]:
            raise LabelsAwaited(
                f"{count_waiting(len(waiting), len(docs))}. To label, give `python -m spacy deepal "
                f"label {run}`.",
                len(docs) - len(waiting),
                len(docs),
                folder,
            )
        for doc in docs:
            annotate(doc, annotations.final(sentence_id(doc)), annotations)
        return docs

    def corrected(self, folder: Path, batch: Path) -> bool:
        """RETURNS (bool): True if the journal says other things about a sentence than the batch."""
        annotations = self._annotations(folder.parent)
        for doc in read_docs(batch, empty_vocab()):
            before = _annotation(doc)
            annotate(doc, annotations.final(sentence_id(doc)), annotations)
            if _annotation(doc) != before:
                return True
        return False

    def _annotations(self, run: Path) -> Annotations:
        annotations = Annotations(LabellingFolder(run).journal, self.rule)
        annotations.refresh()
        return annotations


def annotate(doc: Doc, answer: Answer | None, annotations: Annotations) -> None:
    """Give a sentence the entities of an answer. A word outside of them is O if the answer speaks
    of all of today's types. Otherwise it is not annotated: it may have a type that was added since.
    The sentence then notes for which types it was looked at.

    answer (Answer | None): With None, or if the sentence was ignored, no word is annotated.
    """
    doc.user_data[KEY].pop(LABELS, None)
    if answer is None or answer.answer == IGNORE:
        doc.set_ents([], default="missing")
        return
    spans = [Span(doc, start, end, label) for start, end, label in answer.entities]
    complete = annotations.complete(answer)
    doc.set_ents(spans, default="outside" if complete else "missing")
    if not complete:
        doc.user_data[KEY][LABELS] = answer.labels


def _annotation(doc: Doc) -> tuple:
    return labels_looked_for(doc), [(token.ent_iob_, token.ent_type_) for token in doc]
