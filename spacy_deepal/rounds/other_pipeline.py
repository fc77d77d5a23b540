"""A pipeline beside the run's own model: anything that spaCy can load, with its types as ours."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from numbers import Real
from pathlib import Path
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import is_package

from ..errors import DeepALError
from ..pipelines import load_pipeline, make_pipeline_of
from ..progress import progress_bar
from ..sentences import bare_copy

SURE = ("confidence", "score")  # the extensions of a Span in which components say how sure they are


class FoundSpan(NamedTuple):
    """An entity that a pipeline finds.

    start, end (int): Its first token, and the token after its last. Neither is white space.
    label (str): A type of the run.
    confidence (float | None): From 0 to 1; None if the pipeline does not say.
    """

    start: int
    end: int
    label: str
    confidence: float | None


class OtherPipeline:
    """`spacy_deepal.OtherPipeline.v1`: a pipeline that finds entities without the run's labels.

    pipeline (str): The name of an installed pipeline, such as "en_core_web_sm"; its folder; or a
        config file, from which it is made.
    types (dict[str, str]): The run's type for each of its types, as in {"PER": "PERSON"}. Types
        that are not named keep their name. What then is not a type of the run is left out.
    """

    def __init__(self, pipeline: str, types: Mapping[str, str] | None = None):
        self.pipeline, self.types = pipeline, dict(types or {})
        self.name = Path(pipeline).name

    def load(self) -> Language:
        """RETURNS (Language): The pipeline, loaded once. RAISES (DeepALError): It cannot be."""
        return _load(self.pipeline)

    def known_types(self) -> set[str]:
        """RETURNS (set[str]): The types that the pipeline says it can find, by its own names. Empty
        if a component does not say."""
        nlp, labels = self.load(), set[str]()
        for name, pipe in nlp.pipeline:
            if "doc.ents" in nlp.get_pipe_meta(name).assigns:
                if not (own := getattr(pipe, "labels", ())):
                    return set()
                labels.update(own)
        return labels

    def check_named(self, labels: Collection[str]) -> None:
        """Check what can be checked before the pipeline is loaded, which may take long.

        labels (Collection[str]): The types of the run.
        RAISES (DeepALError): There is no such pipeline, or the map names a type that the run does
            not have.
        """
        if not (is_package(self.pipeline) or Path(self.pipeline).exists()):
            raise DeepALError(
                f"There is no pipeline {self.pipeline}. Install it, or name its folder or a config."
            )
        if wrong := sorted({*self.types.values()} - {*labels}):
            raise DeepALError(
                f"The types of the pipeline {self.pipeline} are mapped to {', '.join(wrong)}, but "
                f"the types of the run are {', '.join(labels)}. Correct `types` "
                "(--types of `label`)."
            )

    def check(self, labels: Collection[str]) -> None:
        """Check the types before anything else is done.

        RAISES (DeepALError): As `check_named`; or the pipeline cannot be loaded, the map names a
            type that it does not have, or it has no type in common with the run.
        """
        self.check_named(labels)
        if not (known := self.known_types()):
            return
        theirs = ", ".join(sorted(known))
        if wrong := sorted({*self.types} - known):
            raise DeepALError(
                f"`types` names {', '.join(wrong)}, but the pipeline {self.pipeline} finds "
                f"{theirs}. Correct `types` (--types of `label`)."
            )
        if not {self.types.get(label, label) for label in known} & {*labels}:
            theirs_first, ours = min(known), next(iter(labels))
            example = json.dumps({theirs_first: ours})
            raise DeepALError(
                f"The pipeline {self.pipeline} finds {theirs}, and the types of the run are "
                f"{', '.join(labels)}. Say which are the same, as in types = {example}, "
                f"or with --types {theirs_first}={ours} of `label`."
            )

    def find(self, docs: Iterable[Doc], labels: Collection[str]) -> Iterator[list[FoundSpan]]:
        """Find entities in sentences. The Docs stay as they are, and what they have is not read.

        labels (Collection[str]): The types of the run.
        YIELDS (list[FoundSpan]): Per Doc, in the order of the text.
        """
        nlp = self.load()
        copies = (bare_copy(doc, nlp.vocab) for doc in docs)
        for doc in nlp.pipe(progress_bar(copies, self.name, unit="sent")):
            yield [
                FoundSpan(words[0], words[-1] + 1, label, _confidence(ent))
                for ent in doc.ents
                if (label := self.types.get(ent.label_, ent.label_)) in labels
                and (words := [token.i for token in ent if not token.is_space])
            ]

    def label(self, docs: Sequence[Doc], labels: Collection[str]) -> None:
        """Set what the pipeline finds as the entities of sentences. labels: As for `find`."""
        for doc, found in zip(docs, self.find(docs, labels), strict=True):
            doc.set_ents([Span(doc, each.start, each.end, each.label) for each in found])


@lru_cache(maxsize=2)
def _load(pipeline: str) -> Language:
    """Settings are read again and again; a pipeline is loaded once."""
    if pipeline.endswith(".cfg"):
        return make_pipeline_of(Path(pipeline))
    return load_pipeline(pipeline)


def _confidence(ent: Span) -> float | None:
    for name in SURE:
        value = ent._.get(name) if Span.has_extension(name) else None
        if isinstance(value, Real) and not isinstance(value, bool):
            number = float(value)  # it may be an int, or a number of numpy
            if 0 <= number <= 1:
                return number
    return None
