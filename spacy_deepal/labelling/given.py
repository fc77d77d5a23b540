"""Labelled sentences that are given: for dev and test, and in the text itself."""

from collections.abc import Collection, Iterator, Sequence

from ..annotation.answers import BY_TEXT, Answer
from ..errors import DeepALError
from ..pool.convert import convert
from ..pool.labelled import know_only, looked_at_sentences
from ..pool.pool import Pool
from ..pool.shared_texts import texts_of
from ..sentences import is_looked_at, labels_looked_for, sentence_id, without_white_space
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
            _check_types(given, Pool(folder.path / part), folder.annotations.labels)


def _check_types(given: str, converted: Pool, labels: Sequence[str]) -> None:
    if unknown := sorted({*converted.text().labels} - {*labels}):
        raise DeepALError(
            f"{given} has entities of {', '.join(unknown)}, and the types of the run are "
            f"{', '.join(labels)}. Add those with --labels; or leave them out with --entity-types, "
            "of `label` for the text, and of `convert` for what you name with --dev or --test."
        )


def given_texts(folder: LabellingFolder, job: LabellingJob) -> set[str]:
    """RETURNS (set[str]): The texts of what `convert_given` has converted, without white space."""
    return texts_of(folder.path / part for part in MEASURED if getattr(job, part))


def answers_in_text(
    text: Pool, job: LabellingJob, labels: Sequence[str], apart: Collection[str]
) -> list[Answer]:
    """Read what is labelled in the text already. Of a type that nobody has labelled anywhere in it,
    it says nothing. Of a sentence that is labelled in part, only the entities are known.

    text (Pool): What the text was converted to.
    labels (Sequence[str]): The types of the run.
    apart (Collection[str]): Texts, without white space, of sentences to leave out.
    RETURNS (list[Answer]): One for each sentence that is labelled.
    RAISES (DeepALError): There is none, or an entity has a type that the run does not have.
    """
    named = ", ".join(job.inputs)
    _check_types(f"The text ({named})", text, labels)
    found = [*_answers(text)] if text.text().labels else []
    answers = [each for each in found if without_white_space("".join(each.tokens)) not in apart]
    if not answers:
        problem = f"No sentence of {named} has an entity that is labelled"
        if found:
            problem = f"Every sentence of {named} that is labelled is in dev or test"
        raise DeepALError(
            f"{problem}. Name data that are labelled with --pool, beside those that are not; or "
            "let --seed-words be a number."
        )
    return answers


def _answers(text: Pool) -> Iterator[Answer]:
    types, at = text.text().labels, now()
    for doc in looked_at_sentences(text.docs()):
        know_only(doc, types)
        if is_looked_at(doc):
            yield Answer(
                key=f"{BY_TEXT}: {sentence_id(doc)}",
                at=at,
                by=BY_TEXT,
                id=sentence_id(doc),
                part="train",
                answer="accept",
                entities=[(ent.start, ent.end, ent.label_) for ent in doc.ents],
                labels=sorted(labels_looked_for(doc)),
                seconds=0.0,
                tokens=[token.text_with_ws for token in doc],
                suggested=[],
            )
