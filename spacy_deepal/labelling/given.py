"""Labelled sentences that are given: for dev and test, and in the text itself."""

from collections.abc import Iterator, Sequence

from ..annotation.answers import BY_TEXT, Answer
from ..errors import DeepALError
from ..pool.convert import convert
from ..pool.labelled import know_only, looked_at_sentences
from ..pool.pool import Pool
from ..pool.shared_texts import texts_of
from ..sentences import labels_looked_for, sentence_id
from .begun_with import advise_convert
from .journal import now
from .labelling_folder import MEASURED, LabellingFolder, LabellingJob


def convert_given(folder: LabellingFolder, job: LabellingJob) -> None:
    """Convert the dev and test sets that are given, unless that is done.

    RAISES (DeepALError): As `convert`; or one has entities of a type that the run does not have.
    """
    for part in MEASURED:
        if given := getattr(job, part):
            if not (folder.path / part).exists():
                with advise_convert(part):
                    convert([given], folder.path / part, lang=job.lang)
            labels = folder.annotations.labels
            remedy = (
                f"`convert --entity-types {','.join(labels)}`, and name the pool that it writes"
            )
            _check_types(given, Pool(folder.path / part), labels, remedy)


def _check_types(given: str, converted: Pool, labels: Sequence[str], remedy: str) -> None:
    if unknown := sorted({*converted.text().labels} - {*labels}):
        raise DeepALError(
            f"{given} has entities of {', '.join(unknown)}, and the types of the run are "
            f"{', '.join(labels)}. Add those with --labels; or leave them out with {remedy}."
        )


def given_texts(folder: LabellingFolder, job: LabellingJob) -> set[str]:
    """RETURNS (set[str]): The texts of what `convert_given` has converted, without white space."""
    return texts_of(folder.path / part for part in MEASURED if getattr(job, part))


def answers_in_text(text: Pool, job: LabellingJob, labels: Sequence[str]) -> list[Answer]:
    """Read what is labelled in the text already. Of a type that nobody has labelled anywhere in it,
    it says nothing, and neither does a sentence that is labelled in part.

    text (Pool): What the text was converted to.
    labels (Sequence[str]): The types of the run.
    RETURNS (list[Answer]): One for each sentence that is labelled.
    RAISES (DeepALError): There is none, or an entity has a type that the run does not have.
    """
    named = f"the text of {', '.join(job.inputs)}"
    remedy = f"--entity-types {','.join(labels)}"
    _check_types(named[0].upper() + named[1:], text, labels, remedy)
    answers = [*_answers(text)]
    if not answers:
        raise DeepALError(
            f"No sentence of {named} is labelled. Name data that are with --pool, beside those "
            "that are not; or let --seed-words be a number of words."
        )
    return answers


def _answers(text: Pool) -> Iterator[Answer]:
    types, at = text.text().labels, now()
    for doc in looked_at_sentences(text.docs()):
        know_only(doc, types)
        if known := labels_looked_for(doc):
            yield Answer(
                key=f"{BY_TEXT}: {sentence_id(doc)}",
                at=at,
                by=BY_TEXT,
                id=sentence_id(doc),
                part="train",
                answer="accept",
                entities=[(ent.start, ent.end, ent.label_) for ent in doc.ents],
                labels=sorted(known),
                seconds=0.0,
                tokens=[token.text_with_ws for token in doc],
                suggested=[],
            )
