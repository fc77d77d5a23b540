"""Begins the labelling of a run, or changes what it asks for."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from thinc.api import Config

from ..errors import DeepALError
from ..files import write_atomically
from ..pipelines import blank_pipeline
from ..rounds.run_folder import RunFolder
from ..rounds.settings import read_annotation_settings
from .exchange import check_label
from .journal import Annotations, NewLabel, now
from .labelling_folder import LabellingFolder, LabellingJob
from .suggestions import suggest_by_terms

DEV_WORDS = 1000
COMMAND = "command"  # the annotator's name of types that the command adds
FIXED = ("inputs", "dev", "test")  # what a labelling cannot change once it has begun


def require_server() -> None:
    """RAISES (DeepALError): What the page needs is not installed."""
    if missing := [name for name in ("starlette", "uvicorn") if find_spec(name) is None]:
        raise DeepALError(
            f"The labelling page needs {' and '.join(missing)}: pip install 'spacy_deepal[label]'."
        )


def begin_or_change(
    run: Path, *, config: str, labels: Sequence[str], lang: str, asked: dict[str, Any]
) -> None:
    """Write what is asked for into the folder of a run. Nothing is written if it cannot be done.

    config (str): The config of a run that begins.
    labels (Sequence[str]): The entity types, or those to add.
    lang (str): The language of the tokenizer, of a run that begins.
    asked (dict): Values of `LabellingJob` by name. None: as it was, or the default.
    RAISES (DeepALError): The text or the types are missing, a file does not exist, or the folder
        holds another run.
    """
    folder = LabellingFolder(run)
    given = {key: _plain(value) for key, value in asked.items() if value is not None}
    old = folder.read_job() if folder.begun else None
    annotations = Annotations(folder.journal)
    annotations.refresh()
    if old is None:
        RunFolder(run).check_ours()
        if (run / "manifest.json").exists():
            raise DeepALError(f"{run} holds a run that nobody labels here. Use a new folder.")
        if missing := _missing(given, labels):
            if not given and not labels:
                folder.read_job()  # says how to begin
            raise DeepALError(f"Begin a run with {' and '.join(missing)}.")
        blank_pipeline(lang)
        _check_suggest(config, labels)
        values = {"lang": lang, "dev_words": DEV_WORDS, "test_words": 0} | given
        job = LabellingJob.model_validate(values)
    else:
        job = LabellingJob.model_validate(old.model_dump() | given)
        _check_fixed(folder, old, job)
    for path in (*job.inputs, job.dev, job.test, job.patterns, job.code):
        if path is not None and not Path(path).exists():
            raise DeepALError(f"There is no file or folder {path}. Name one that is there.")
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


def _plain(value: Any) -> Any:
    """RETURNS (Any): The value with its paths as text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _missing(given: dict[str, Any], labels: Sequence[str]) -> list[str]:
    missing = [] if given.get("inputs") else ["--pool FILE"]
    return missing if labels else [*missing, "--labels PERSON,ORG"]


def _check_suggest(config: str, labels: Sequence[str]) -> None:
    """RAISES (DeepALError): The pipeline that the config names cannot suggest these types."""
    settings = read_annotation_settings(Config().from_str(config, interpolate=False))
    if settings.suggest is not None:
        settings.suggest.check_named(labels)


def _check_fixed(folder: LabellingFolder, old: LabellingJob, new: LabellingJob) -> None:
    """RAISES (DeepALError): Something is asked for that only counts when a run begins."""
    for key in FIXED:
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            raise DeepALError(
                f"{folder.run} was begun with other data ({key}: was {before}, is {after}). Use "
                "another folder for the run."
            )
    can_be = new.test or folder.reserve("test").exists() or not folder.pool.exists()
    if new.test_words and not can_be:
        raise DeepALError(
            f"{folder.run} was begun without a test set, whose sentences are drawn when the text "
            "is read. Go on without --test-words, or use another folder for the run."
        )
