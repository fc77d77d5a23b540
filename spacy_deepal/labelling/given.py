"""Labelled sentences that are given for dev and test."""

from collections.abc import Iterable
from pathlib import Path

from ..pool.convert import convert
from ..pool.shards import read_shards
from ..sentences import without_white_space
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
    """RETURNS (set[str]): The texts of what `convert_given` has converted, without white space."""
    return texts_of(folder.path / part for part in MEASURED if getattr(job, part))


def texts_of(paths: Iterable[Path]) -> set[str]:
    """RETURNS (set[str]): The texts of the sentences of pools, without white space."""
    return {without_white_space(doc.text) for path in paths for doc in read_shards(path, None)}
