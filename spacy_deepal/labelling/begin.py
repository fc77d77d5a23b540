"""Begins the labelling of a run, or changes what it asks for."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from thinc.api import Config

from ..annotation.suggestions import suggest_by_terms
from ..errors import DeepALError, plural
from ..files import write_atomically
from ..pipelines import blank_pipeline
from ..pool.pool import Pool
from ..rounds.run_folder import RunFolder
from ..rounds.settings import read_annotation_settings
from ..vectors.pretrained import find_encoder
from .begun_with import (
    check_apart,
    check_first,
    check_same_data,
    check_text,
    fingerprint_data,
    has_answers,
    has_changed,
    needed_files,
)
from .exchange import check_label
from .journal import Annotations, NewLabel, now
from .labelling_folder import MEASURED, LabellingFolder, LabellingJob

DEV_WORDS = 1000
COMMAND = "command"  # the annotator's name of types that the command adds
PATHS = ("inputs", "dev", "test", "terms", "patterns", "code")


def require_server() -> None:
    """RAISES (DeepALError): What the page needs is not installed."""
    if missing := [name for name in ("starlette", "uvicorn") if find_spec(name) is None]:
        raise DeepALError(
            f"The labelling page needs {' and '.join(missing)}: pip install 'spacy_deepal[label]'."
        )


def begin_or_change(
    run: Path, *, config: str, labels: Sequence[str], lang: str, asked: dict[str, Any]
) -> str | None:
    """Write what is asked for into the folder of a run. Nothing is written if it cannot be done.

    config (str): The config of a run that begins.
    labels (Sequence[str]): The entity types, or those to add.
    lang (str): The language of the tokenizer, of a run that begins.
    asked (dict): Values of `LabellingJob` by name. None: as it was, or the default.
    RETURNS (str | None): What the user should know: the text is another one now, or has too
        few words for a set that people label.
    RAISES (DeepALError): The text or the types are missing, a file does not exist, the text can be
        read in several ways, or the folder holds another run.
    """
    folder = LabellingFolder(run)
    given = {key: value for key, value in asked.items() if value is not None}
    old = folder.read_job() if folder.begun else None
    annotations = Annotations(folder.journal)
    annotations.refresh()
    if old is None:
        job = _new_job(folder, config, labels, {"lang": lang} | given)
    else:
        check_first(folder, old, given.get("first", {}))
        values = given | {"first": old.first}
        job = LabellingJob.model_validate(old.model_dump() | _with_paths(values))
        check_same_data(folder, old, job)
        _check_test_words(folder, job)
        _check_there(needed_files(folder, job))
    _check_sizes(job, given)
    new = [label for label in dict.fromkeys(labels) if label not in annotations.labels]
    for label in new:
        check_label(label, ())
    suggest_by_terms(job.lang, job.terms, job.patterns, [*annotations.labels, *new])
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder.lock():
        if old is None:
            with write_atomically(folder.config_file) as stream:
                stream.write(config)
        folder.journal.mend()
        for label in new:
            folder.journal.append(NewLabel(at=now(), by=COMMAND, label=label))
        folder.write_job(job)
    return " ".join(_notices(folder, job, given)) or None


@contextmanager
def removed_if_it_fails(run: Path) -> Iterator[None]:
    """Begin and label a run inside. If it stops for good before anything has been labelled, and it
    has begun here, its folder is removed.

    RAISES (DeepALError): As what is done inside, or why the background process has stopped.
    """
    folder, is_new = LabellingFolder(run), not run.exists()
    try:
        yield
        if is_new and not has_answers(folder) and (error := folder.read_status().error):
            raise DeepALError(error)
    except DeepALError:
        if is_new and folder.begun and not has_answers(folder):
            with folder.lock():
                shutil.rmtree(run)
        raise


def _new_job(
    folder: LabellingFolder, config: str, labels: Sequence[str], given: dict[str, Any]
) -> LabellingJob:
    """RETURNS (LabellingJob): That of a run that begins. RAISES: As `begin_or_change`."""
    RunFolder(folder.run).check_ours()
    if (folder.run / "manifest.json").exists():
        raise DeepALError(f"{folder.run} holds a run that nobody labels here. Use a new folder.")
    if missing := _missing(given, labels):
        if set(given) <= {"lang", "first"} and not labels:
            folder.read_job()  # says how to begin
        raise DeepALError(f"Begin a run with {' and '.join(missing)}.")
    blank_pipeline(given["lang"])
    first = {"lang": given["lang"]} | given.get("first", {})
    values = {"dev_words": DEV_WORDS, "test_words": 0} | given | {"first": first}
    _check_there(needed_files(folder, LabellingJob.model_validate(_with_paths(values, Path))))
    job = LabellingJob.model_validate(_with_paths(values))
    check_apart(job)
    check_text(job)
    settings = Config().from_str(config, interpolate=False)
    _check_suggest(settings, labels)
    if encoder := settings.get("paths", {}).get("encoder"):
        find_encoder(encoder)
    return job.model_copy(update={"data": fingerprint_data(job)})


def _check_there(paths: Sequence[str]) -> None:
    for path in paths:
        if not Path(path).exists():
            raise DeepALError(f"There is no file or folder {path}. Name one that is there.")


def _with_paths(
    values: dict[str, Any], of: Callable[[Path], Path] = Path.absolute
) -> dict[str, Any]:
    """RETURNS (dict): The values with their paths as text, and absolute: the run may go on from
    another folder."""

    def each(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: each(item) for key, item in value.items()}
        return list(map(each, value)) if isinstance(value, list) else str(of(Path(value)))

    return values | {key: each(values[key]) for key in PATHS if values.get(key) is not None}


def _missing(given: dict[str, Any], labels: Sequence[str]) -> list[str]:
    missing = [] if given.get("inputs") else ["--pool FILE"]
    return missing if labels else [*missing, "--labels PERSON,ORG"]


def _check_suggest(config: Config, labels: Sequence[str]) -> None:
    """RAISES (DeepALError): The pipeline that the config names cannot suggest these types."""
    settings = read_annotation_settings(config)
    if settings.suggest is not None:
        settings.suggest.check(labels)


def _check_sizes(job: LabellingJob, given: dict[str, Any]) -> None:
    """RAISES (DeepALError): A size is given for a set that people do not label."""
    for part in MEASURED:
        if given.get(f"{part}_words") and (path := getattr(job, part)):
            raise DeepALError(
                f"--{part}-words is the size of a set that people label, and {path} is labelled "
                f"already. Leave out --{part}-words."
            )


def _notices(folder: LabellingFolder, job: LabellingJob, given: dict[str, Any]) -> Iterator[str]:
    """YIELDS (str): What differs from what was asked for, and stops nothing."""
    if has_changed(folder, job):
        text = ", ".join(job.inputs)
        yield f"{text} has changed. This run keeps the text that it has read."
    for part in MEASURED:
        asked, reserve = given.get(f"{part}_words"), folder.reserve(part)
        if asked and reserve.exists() and (there := Pool(reserve).words) < asked:
            yield (
                f"The sample for {part} has {plural(there, 'word')}, {asked - there:,} fewer than "
                f"--{part}-words. It was drawn when the text was read, and does not grow."
            )


def _check_test_words(folder: LabellingFolder, job: LabellingJob) -> None:
    """RAISES (DeepALError): A test set is asked for too late."""
    can_be = job.test or folder.reserve("test").exists() or not folder.pool.exists()
    if job.test_words and not can_be:
        raise DeepALError(
            f"{folder.run} was begun without a test set, whose sentences are drawn when the text "
            "is read. Go on without --test-words, or use another folder for the run."
        )
