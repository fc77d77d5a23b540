"""What a run was begun with: its data, and the options that count only then."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..budgets import WHAT_IS_LABELLED
from ..corpus.folders import find_files, open_all
from ..corpus.formats import check_format, find_reading
from ..corpus.sources import Source, check_encoding
from ..errors import DeepALError, list_problems
from .journal import Annotations
from .labelling_folder import MEASURED, LabellingFolder, LabellingJob

GIVEN_DATA = {"inputs": "--pool", "dev": "--dev", "test": "--test"}  # the option of each
# What the config of the run has, where it may be changed. An encoder may have moved, too.
IN_CONFIG = ("seed_words", "budget_words", "suggest", "types", "config")
FILES_CHECKED = 20  # the others are looked at when the text is read


def check_text(job: LabellingJob) -> None:
    """Check how the text can be read, before the folder of the run is made.

    RAISES (DeepALError): As `find_reading`, for one of the first files.
    """
    check_format(job.reading.format)
    check_encoding(job.encoding)
    with advise_convert("inputs"):
        for file in find_files(job.inputs, lang=job.lang).files[:FILES_CHECKED]:
            if file.is_file():  # what comes through a pipe can be read only once
                for source in open_all(file, job.encoding)[0]:
                    _check_source(source, job)


def _check_source(source: Source, job: LabellingJob) -> None:
    beginning = source.beginning()
    try:
        find_reading(beginning, job.reading)
    except DeepALError:
        if beginning is source:
            raise
        find_reading(source, job.reading)  # which takes longer, and knows better


@contextmanager
def advise_convert(key: str) -> Iterator[None]:
    """Add to the message of data that cannot be read what can always be done.

    key (str): Of GIVEN_DATA.
    RAISES (DeepALError): As what is done inside.
    """
    try:
        yield
    except DeepALError as error:
        raise DeepALError(
            f"{error}\nOr convert the data first, with the options of `spacy deepal convert`, and "
            f"name the pool that it writes with {GIVEN_DATA[key]}."
        ) from error


def fingerprint_data(job: LabellingJob) -> dict[str, str]:
    """RETURNS (dict[str, str]): By the keys of GIVEN_DATA, the hash of what the files hold, the
    same for a copy elsewhere.

    RAISES (DeepALError): A file is missing.
    """
    given = {key: paths for key in GIVEN_DATA if (paths := _paths(job, key))}
    return {key: find_files(paths, lang=job.lang).fingerprint() for key, paths in given.items()}


def check_apart(job: LabellingJob) -> None:
    """RAISES (DeepALError): All of the text is given for dev or test, too."""
    text = {file.resolve() for file in find_files(job.inputs, lang=job.lang).files}
    for part in MEASURED:
        given = getattr(job, part)
        if given and text <= {file.resolve() for file in find_files([given]).files}:
            raise DeepALError(
                f"{given} is named with --pool and with --{part}. What is in {part} is left out of "
                f"the text, so there would be nothing to learn from. Name another text with "
                f"--pool, or leave out --{part}."
            )


def check_first(folder: LabellingFolder, old: LabellingJob, given: dict[str, Any]) -> None:
    """RAISES (DeepALError): An option is given that counts only when a run begins, and it is not
    what the run was begun with. given (dict): These options by name."""
    problems = [
        f"--{key.replace('_', '-')} {_shown(value)}: it was {_shown(old.first.get(key))}. "
        + (
            "Use another folder for it."
            if WHAT_IS_LABELLED in (value, old.first.get(key))
            or not (key in IN_CONFIG or (key == "encoder" and old.first.get(key)))
            else f"Edit {folder.config_file}."
        )
        for key, value in given.items()
        if value != old.first.get(key)
    ]
    if problems:
        raise DeepALError(
            f"{folder.run} has begun, and these options count only when a run begins. Leave them "
            f"out, or:{list_problems(problems)}"
        )


def check_same_data(folder: LabellingFolder, old: LabellingJob, new: LabellingJob) -> None:
    """RAISES (DeepALError): Data are named that hold something else than those that the run was
    begun with, or what is still to be read has changed since people labelled some of it."""
    for key in GIVEN_DATA:
        before, after = _paths(old, key), _paths(new, key)
        if before == after and (folder.pool.exists() or not has_answers(folder)):
            continue
        found = find_files(after, lang=new.lang).fingerprint() if after else None
        if found != old.data.get(key):
            raise DeepALError(
                f"{folder.run} was begun with other data ({key}: was {_shown(before)}, is "
                f"{_shown(after)}). Use another folder for the run."
            )


def needed_files(folder: LabellingFolder, job: LabellingJob) -> list[str]:
    """RETURNS (list[str]): The files and folders that have to be there: data only until they have
    been read."""
    files = [] if folder.pool.exists() else [*job.inputs]
    files += [each for each in (*job.terms.values(), job.patterns, job.code) if each]
    return files + [
        path
        for part in MEASURED
        if (path := getattr(job, part)) and not (folder.path / part).exists()
    ]


def has_changed(folder: LabellingFolder, job: LabellingJob) -> bool:
    """RETURNS (bool): Whether the text is another one now than when it was read. Files that are
    older than the pool, or not there, have not changed."""
    if not folder.pool.exists() or not all(Path(path).exists() for path in job.inputs):
        return False
    read = folder.pool.stat().st_mtime
    found = find_files(job.inputs, lang=job.lang)
    newer = any(file.stat().st_mtime > read for file in found.files)
    return newer and found.fingerprint() != job.data.get("inputs")


def has_answers(folder: LabellingFolder) -> bool:
    """RETURNS (bool): Whether anybody has answered anything."""
    annotations = Annotations(folder.journal)
    annotations.refresh()
    return bool(annotations.keys)


def _paths(job: LabellingJob, key: str) -> list[str]:
    value = getattr(job, key)
    return value if isinstance(value, list) else [value] if value else []


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "not given" if value is None else str(value)
