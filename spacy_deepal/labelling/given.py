"""Labelled sentences that are given for dev and test."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import DeepALError
from ..pool.convert import convert
from ..pool.pool import Pool
from ..pool.shared_texts import texts_of
from .begun_with import advise_convert
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
            _check_types(given, folder.path / part, folder.annotations.labels)


def _check_types(given: str, converted: Path, labels: Sequence[str]) -> None:
    if unknown := sorted({*Pool(converted).text().labels} - {*labels}):
        raise DeepALError(
            f"{given} has entities of {', '.join(unknown)}, and the types of the run are "
            f"{', '.join(labels)}. Add those with --labels, or take their entities out of the file."
        )


def given_texts(folder: LabellingFolder, job: LabellingJob) -> set[str]:
    """RETURNS (set[str]): The texts of what `convert_given` has converted, without white space."""
    return texts_of(folder.path / part for part in MEASURED if getattr(job, part))
