"""Blank and trained spaCy pipelines, with errors that say what to do."""

import sys

import spacy
from spacy.language import Language
from spacy.util import load_model

from .errors import DeepALError


def blank_pipeline(lang: str) -> Language:
    """Make a blank pipeline. Texts may have any length: the limit of spaCy is meant for parsers.

    lang (str): Language code, such as "en".
    RAISES (DeepALError): spaCy does not know the language, or needs another package for it.
    """
    try:
        nlp = spacy.blank(lang)
    except ImportError as error:
        raise DeepALError(f"No tokenizer for the language {lang!r}: {error}") from error
    nlp.max_length = sys.maxsize
    return nlp


def load_pipeline(model: str) -> Language:
    """Load a trained pipeline.

    model (str): The name of an installed package, or a path.
    RAISES (DeepALError): There is no such pipeline, or it cannot be built because a registered
        function or a package is missing.
    """
    try:
        return load_model(model)
    except (OSError, ValueError, ImportError) as error:
        raise DeepALError(f"Cannot load the pipeline {model}: {error}") from error
