"""Labelled sentences that are given for dev and test."""

from ..pool.convert import convert
from ..pool.shared_texts import texts_of
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
