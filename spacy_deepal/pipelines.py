"""Blank and trained spaCy pipelines, with errors that say what to do."""

import re
import sys
from pathlib import Path
from pickle import UnpicklingError

import spacy
from spacy.language import Language
from spacy.util import load_config, load_model, load_model_from_config

from .errors import DeepALError
from .files import draft_beside, replace_folder
from .sealed import SEAL, find_damage, hash_folder, seal_folder

# What spaCy, Thinc and torch raise for a pipeline that cannot be loaded. They do not check files
# before they use them, so a changed byte shows as any of these.
LOADING_ERRORS = (
    OSError,  # a file is missing, or a folder is in its place: [E050], [E053]
    ValueError,  # a config or its values, JSON, msgpack, or text that is not UTF-8
    ImportError,  # a package that the pipeline needs is not installed
    LookupError,  # a key is missing in a config, in meta.json or in weights
    TypeError,  # a value of another type: a list as a key of the tokenizer's rules
    AttributeError,  # a value of another type: None in the place of a table of the vocab
    RuntimeError,  # torch: weights of another size
    EOFError,  # numpy and pickle: a file of vectors or weights that is empty
    UnpicklingError,  # torch: weights that are cut or changed
    re.error,  # the tokenizer's patterns
)


def blank_pipeline(lang: str) -> Language:
    """Make a blank pipeline. Texts may have any length: the limit of spaCy is meant for parsers.

    lang (str): Language code, such as "en".
    RAISES (DeepALError): spaCy does not know the language, or needs another package for it.
    """
    try:
        nlp = spacy.blank(lang)
    except ImportError as error:
        raise DeepALError(
            f"No tokenizer for the language {lang!r}: {error}. Name another language, or install "
            "what this one needs."
        ) from error
    nlp.max_length = sys.maxsize
    return nlp


def load_pipeline(model: str | Path) -> Language:
    """Load a trained pipeline.

    model (str): The name of an installed package, or a path.
    RAISES (DeepALError): There is no such pipeline, it is damaged, or it cannot be built because a
        registered function or a package is missing.
    """
    folder = Path(model)
    if (folder / SEAL).is_file() and (damage := find_damage(folder)):
        raise DeepALError(
            f"The pipeline {model} is damaged: {damage}. Restore it from a copy. If it is the "
            "model of a run, give the command of the run again, which trains it again."
        )
    try:
        return load_model(model)
    except LOADING_ERRORS as error:
        raise DeepALError(
            f"Cannot load the pipeline {model}. Name the folder or package of a trained one. "
            f"{type(error).__name__}: {error}"
        ) from error


def make_pipeline_of(config: Path) -> Language:
    """Make a pipeline from a config file, such as one with an LLM or with an entity_ruler. If it
    has an [initialize] section, the pipeline is initialised as that says.

    RAISES (DeepALError): The file cannot be read, or the pipeline cannot be made.
    """
    try:
        given = load_config(config)
        nlp = load_model_from_config(given, auto_fill=True)
        if "initialize" in given:
            nlp.initialize()
    except LOADING_ERRORS as error:
        raise DeepALError(
            f"Cannot make the pipeline that {config} describes: {type(error).__name__}: {error}"
        ) from error
    return nlp


def save_pipeline(nlp: Language, folder: Path) -> None:
    """Write a pipeline with a seal, whole or not at all."""
    with draft_beside(folder) as draft:
        nlp.to_disk(draft)
        seal_folder(draft)
        replace_folder(draft, folder)


def fingerprint_model(model: str | Path) -> str:
    """RETURNS (str): A hash of the files of a pipeline; empty if there are none.

    RAISES (DeepALError): As `load_pipeline`.
    """
    folder = Path(model) if Path(model).is_dir() else load_pipeline(model).path
    return hash_folder(Path(folder)) if folder else ""
