"""Make and load spaCy pipelines, with errors that say what to do."""

import sys

import spacy
from spacy.language import Language
from spacy.util import load_model

from .errors import DeepALError


def blank_pipeline(lang: str) -> Language:
    """`spacy.blank` without its limit on the length of a text, which is meant for parsers.

    RAISES (DeepALError): spaCy does not know the language, or it needs a package more.
    """
    try:
        nlp = spacy.blank(lang)
    except ImportError as error:
        raise DeepALError(f"No tokenizer for the language {lang!r}: {error}") from error
    nlp.max_length = sys.maxsize
    return nlp


def load_pipeline(model: str) -> Language:
    """Load a trained pipeline.

    RAISES (DeepALError): When there is none of that name or path; when it cannot be built, for a
        function that is not registered or a package that is missing.
    """
    try:
        return load_model(model)
    except (OSError, ValueError, ImportError) as error:
        raise DeepALError(f"Cannot load the pipeline {model}: {error}") from error
