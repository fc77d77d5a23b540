"""Entities that are shown to a person before they answer: from a model, from terms and patterns."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import cast

import srsly
from spacy.language import Language
from spacy.pipeline import EntityRuler
from spacy.tokens import Doc

from ..acquisition.upstream import find_tagger, prepared
from ..errors import DeepALError
from ..pipelines import blank_pipeline
from ..sentences import sentence_id
from ..tagger.confidence import confidences, find_claims
from .journal import Suggestion

Suggest = Callable[[Sequence[Doc]], dict[str, list[Suggestion]]]  # by the id of a sentence


def suggest_by_model(nlp: Language, docs: Sequence[Doc]) -> dict[str, list[Suggestion]]:
    """Suggest what a model finds, with its calibrated confidence.

    nlp (Language): A pipeline with one deepal_ner component.
    docs (Sequence[Doc]): Sentences, read with the pipeline's vocab.
    RETURNS (dict): The suggestions by the id of the sentence.
    """
    tagger = find_tagger(nlp)
    found: dict[str, list[Suggestion]] = {sentence_id(doc): [] for doc in docs}
    for chunk in prepared(nlp, tagger, docs):
        for doc, claims in zip(chunk, find_claims(tagger, chunk), strict=True):
            sure = confidences(claims, tagger.temperature)
            found[sentence_id(doc)] = [
                Suggestion(
                    start=claim.start,
                    end=claim.end,
                    label=claim.label,
                    confidence=round(float(value), 4),
                )
                for claim, value in zip(claims, sure, strict=True)
            ]
    return found


def read_terms(file: str | Path) -> list[str]:
    """RETURNS (list[str]): The terms of a file, one a line.

    RAISES (DeepALError): There is no such file, or no term in it.
    """
    try:
        lines = Path(file).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DeepALError(f"The terms {file} cannot be read as UTF-8 text: {error}.") from error
    if not (terms := [line.strip() for line in lines if line.strip()]):
        raise DeepALError(f"{file} has no term. Write one on each line.")
    return terms


def suggest_by_terms(
    lang: str, terms: dict[str, str], patterns: str | None, labels: Iterable[str]
) -> Suggest | None:
    """Make a function that finds terms and patterns with spaCy's entity_ruler.

    terms (dict): A file of terms by entity type.
    patterns (str | None): A file of patterns as the entity_ruler writes them.
    labels (Iterable[str]): The types of the run.
    RETURNS (Callable | None): None if there are neither terms nor patterns.
    RAISES (DeepALError): A file cannot be read, or has a type that the run does not have.
    """
    rules = [
        {"label": label, "pattern": term}
        for label, file in terms.items()
        for term in read_terms(file)
    ]
    if patterns is not None:
        try:
            rules += srsly.read_jsonl(patterns)
        except (OSError, ValueError) as error:
            raise DeepALError(f"The patterns {patterns} cannot be read: {error}.") from error
    if unknown := sorted({str(rule.get("label")) for rule in rules} - {*labels}):
        raise DeepALError(
            f"Terms or patterns have the types {', '.join(unknown)}, which the run does not have. "
            "Name them with --labels too."
        )
    if not rules:
        return None
    return _use_rules(lang, rules)


def _use_rules(lang: str, rules: list[dict]) -> Suggest:
    nlp = blank_pipeline(lang)
    ruler = cast(EntityRuler, nlp.add_pipe("entity_ruler", config={"validate": True}))
    try:
        ruler.add_patterns(rules)
    except (ValueError, TypeError, KeyError) as error:
        raise DeepALError(f"The patterns cannot be used: {error}") from error

    def suggest(docs: Sequence[Doc]) -> dict[str, list[Suggestion]]:
        copies = [
            Doc(nlp.vocab, [t.text for t in doc], [bool(t.whitespace_) for t in doc])
            for doc in docs
        ]
        return {
            sentence_id(doc): [
                Suggestion(start=ent.start, end=ent.end, label=ent.label_)
                for ent in ruler(copy).ents
            ]
            for doc, copy in zip(docs, copies, strict=True)
        }

    return suggest
