"""What people see suggested: entities from the model, another pipeline, terms and patterns."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import srsly
from spacy.language import Language
from spacy.pipeline import EntityRuler
from spacy.tokens import Doc
from thinc.api import Config

from ..acquisition.upstream import find_tagger, prepared
from ..errors import DeepALError
from ..pipelines import blank_pipeline, load_pipeline
from ..rounds.other_pipeline import OtherPipeline
from ..rounds.run_folder import RunFolder
from ..rounds.settings import read_annotation_settings
from ..sentences import KEY, bare_copy, sentence_id
from ..tagger.confidence import confidences, find_claims
from .answers import Suggestion

Suggest = Callable[[Sequence[Doc]], dict[str, list[Suggestion]]]  # by the id of a sentence


@dataclass(frozen=True)
class Suggester:
    """All that suggests entities in the sentences of a run.

    labels (Collection[str]): The types of the run.
    model (Language | None): The run's last model; None before there is one.
    other (OtherPipeline | None): Another pipeline. It suggests in the place of the model, but for
        types that it does not know.
    terms (Callable | None): Finds terms and patterns.
    trained (Collection[str]): The types of which the model has seen an entity. Terms are suggested
        for the others.
    """

    labels: Collection[str]
    model: Language | None = None
    other: OtherPipeline | None = None
    terms: Suggest | None = None
    trained: Collection[str] = ()

    def suggest(self, docs: Sequence[Doc]) -> dict[str, list[Suggestion]]:
        """RETURNS (dict): The suggestions by the id of the sentence. No two overlap.

        docs (Sequence[Doc]): Sentences, read with the model's vocab if there is one.
        """
        found: dict[str, list[Suggestion]] = {sentence_id(doc): [] for doc in docs}
        known: set[str] = set()
        if self.other is not None:
            _add(found, suggest_by_other(self.other, docs, self.labels))
            types = self.other.known_types()
            known = {self.other.types.get(t, t) for t in types} if types else {*self.labels}
        if self.model is not None and not known >= {*self.labels}:
            _add(found, suggest_by_model(self.model, docs), known)
        if self.terms is not None and not {*self.trained} >= {*self.labels}:
            _add(found, self.terms(docs), self.trained)
        return found

    @property
    def can_promise(self) -> bool:
        """RETURNS (bool): Whether `promise` tells sentences apart while the model knows little."""
        return self.other is not None or (self.terms is not None and self.model is None)

    def promise(self, docs: Sequence[Doc]) -> dict[str, int]:
        """Say how much there is to learn from sentences for a model that knows little: the number
        of entities that are suggested; or, if there are a model and another pipeline, of those on
        which the two differ.

        RETURNS (dict[str, int]): By the id of the sentence.
        """
        if self.model is None or self.other is None:
            return {name: len(each) for name, each in self.suggest(docs).items()}
        own = _places(suggest_by_model(self.model, docs))
        others = _places(suggest_by_other(self.other, docs, self.labels))
        return {name: len(places ^ others[name]) for name, places in own.items()}


def suggest_batch(run: Path, docs: Sequence[Doc]) -> dict[str, list[Suggestion]]:
    """Suggest entities in sentences of a run, as its page would: by the pipeline that
    [annotation.suggest] names, until the run's last model has a higher F1 on dev; then by that.

    run (Path): The folder of a run that has begun.
    docs (Sequence[Doc]): Sentences with ids. They stay as they are.
    RETURNS (dict): The suggestions by the id of the sentence; none where nothing can suggest.
    """
    folder = RunFolder(run)
    config = Config().from_str(folder.manifest.config)
    rounds = folder.metrics
    nlp = load_pipeline(folder.round(rounds[-1].round).model if rounds else folder.initial)
    labels, model = find_tagger(nlp).labels, nlp if rounds else None
    other = still_ahead(folder, read_annotation_settings(config).suggest, model)
    copies = [bare_copy(doc, nlp.vocab) for doc in docs]
    for doc, copy in zip(docs, copies, strict=True):
        copy.user_data[KEY] = doc.user_data[KEY]
    return Suggester(labels, model, other).suggest(copies)


def still_ahead(
    folder: RunFolder, other: OtherPipeline | None, model: Language | None
) -> OtherPipeline | None:
    """RETURNS (OtherPipeline | None): The pipeline, or None if the run's model is better on dev."""
    baseline = folder.baseline
    if baseline is None or model is None:
        return other
    return None if model.meta["performance"]["ents_f"] > baseline.dev_ents_f else other


def _add(
    found: dict[str, list[Suggestion]],
    more: dict[str, list[Suggestion]],
    without: Collection[str] = (),
) -> None:
    """Add suggestions that overlap no other and are of other types than these."""
    for name, each in more.items():
        taken = [(one.start, one.end, one.label) for one in found[name]]
        new = [one for one in each if one.label not in without]
        found[name] += without_overlaps(new, taken)


def without_overlaps(
    suggestions: Iterable[Suggestion], taken: Iterable[tuple[int, int, str]]
) -> list[Suggestion]:
    """RETURNS (list[Suggestion]): Those that have no token in common with an entity."""
    spans = [(start, end) for start, end, _ in taken]
    return [
        each
        for each in suggestions
        if not any(each.start < end and start < each.end for start, end in spans)
    ]


def _places(found: dict[str, list[Suggestion]]) -> dict[str, set[tuple[int, int, str]]]:
    return {name: {(one.start, one.end, one.label) for one in each} for name, each in found.items()}


def suggest_by_other(
    other: OtherPipeline, docs: Sequence[Doc], labels: Collection[str]
) -> dict[str, list[Suggestion]]:
    """RETURNS (dict): What another pipeline finds, by the id of the sentence."""
    return {
        sentence_id(doc): [Suggestion(**each._asdict(), source=other.name) for each in found]
        for doc, found in zip(docs, other.find(docs, labels), strict=True)
    }


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
            read = list(srsly.read_jsonl(patterns))
        except (OSError, ValueError) as error:
            raise DeepALError(f"The patterns {patterns} cannot be read: {error}.") from error
        for number, rule in enumerate(read, 1):
            if not isinstance(rule, dict):
                raise DeepALError(
                    f"{patterns}: pattern {number} is {str(rule)[:40]!r}. Write each as spaCy's "
                    'entity ruler reads them: {"label": "PERSON", "pattern": "Ada"}.'
                )
        rules += read
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
        copies = [bare_copy(doc, nlp.vocab) for doc in docs]
        return {
            sentence_id(doc): [
                Suggestion(start=ent.start, end=ent.end, label=ent.label_)
                for ent in ruler(copy).ents
            ]
            for doc, copy in zip(docs, copies, strict=True)
        }

    return suggest
