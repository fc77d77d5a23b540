"""Labelled sentences that are given for dev and test, and what tells equal texts."""

from collections.abc import Iterable
from pathlib import Path

from ..pool.convert import convert
from ..pool.shards import read_shards
from .begun_with import advise_convert
from .labelling_folder import MEASURED, LabellingFolder, LabellingJob


def convert_given(folder: LabellingFolder, job: LabellingJob) -> None:
    """Convert the dev and test sets that are given, unless that is done.

    RAISES (DeepALError): As `convert`.
    """
    for part in MEASURED:
        if (given := getattr(job, part)) and not (folder.path / part).exists():
            with advise_convert(part):
                convert([given], folder.path / part, lang=job.lang)


def given_texts(folder: LabellingFolder, job: LabellingJob) -> set[str]:
    """RETURNS (set[str]): The texts of what `convert_given` has converted, as `plain_text`."""
    return texts_of(folder.path / part for part in MEASURED if getattr(job, part))


def texts_of(paths: Iterable[Path]) -> set[str]:
    """RETURNS (set[str]): The texts of the sentences of pools, as `plain_text`."""
    return {plain_text(doc.text) for path in paths for doc in read_shards(path, None)}


def plain_text(text: str) -> str:
    """RETURNS (str): A text without white space. It is the same however the text is tokenized:
    files of tokens have a space before a full stop."""
    return "".join(text.split())
