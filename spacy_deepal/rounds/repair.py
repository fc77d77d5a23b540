"""Check what a run believes before it goes on.

What is damaged, and can be made again, is taken out of its place: the loop makes it again.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import DeepALError, plural
from ..sealed import find_damage
from ..sentences import count_words, empty_vocab, sentence_id
from .rows import Selected
from .run_folder import RESTORE, RoundFolder, RunFolder

ASIDE = ".damaged"  # what people labelled may be in a batch, so a damaged one is kept


def take_out_damaged(folder: RunFolder) -> Iterator[str]:
    """Check the initial pipeline, the baseline, and every file of every round.

    YIELDS (str): What was wrong, in a sentence, when it has been taken out.
    RAISES (DeepALError): Something is damaged that cannot be made again, with what to do.
    """
    if folder.initial.exists() and (damage := find_damage(folder.initial)):
        shutil.rmtree(folder.initial)
        yield f"{folder.initial} was damaged ({damage}). It is made again."
    yield from _check_readable(folder.baseline_file, lambda: folder.baseline)
    metrics, sentences = folder.metrics, 0
    for here in folder.rounds():
        finished = here.number < len(metrics)
        if finished and not (here.batch.exists() or here.selected.path.exists()):
            raise DeepALError(
                f"{here.path} has lost its {here.batch.name} and {here.selected.path.name}. "
                "Restore one of them from a copy, or begin the run again in another folder."
            )
        yield from _check_round(here)
        sentences += len(here.selected.read())
        if finished and metrics[here.number].sentences > sentences:  # fewer may be labelled
            raise DeepALError(
                f"{folder.path} has selected {plural(sentences, 'sentence')} up to round "
                f"{here.number}, and metrics.jsonl says {metrics[here.number].sentences:,}. "
                f"{RESTORE}"
            )


def _check_round(here: RoundFolder) -> Iterator[str]:
    if here.model.exists() and (damage := find_damage(here.model)):
        shutil.rmtree(here.model)
        yield f"{here.model} was damaged ({damage}). The round is trained again if it is needed."
    if problem := _problem_of_batch(here):
        here.batch.replace(here.batch.with_name(here.batch.name + ASIDE))
        yield f"{problem} It is now called {here.batch.name}{ASIDE}, and the labels are read again."
    yield from _check_selected(here)
    yield from _check_readable(here.entities.path, here.entities.read)
    yield from _check_readable(here.times, lambda: here.seconds)


def _check_readable(file: Path, read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except DeepALError as error:
        if file.is_dir():
            raise
        file.unlink()
        yield f"{_first(error)} It is made again if it is needed."


def _problem_of_batch(here: RoundFolder) -> str:
    try:
        ids = {sentence_id(doc) for doc in here.read_batch(empty_vocab())}
    except DeepALError as error:
        return _first(error)
    try:
        selected = {row.id for row in here.selected.read()}
    except DeepALError:
        return ""
    if here.batch.exists() and selected and ids != selected:
        has = plural(len(ids), "sentence")
        return f"{here.batch} has {has}, and the number selected is {len(selected):,}."
    return ""


def _check_selected(here: RoundFolder) -> Iterator[str]:
    """A damaged list of what was selected is made again from the batch, without the scores. Without
    a batch, the loop selects again, and finds the same."""
    file = here.selected.path
    try:
        if here.selected.read() or not here.batch.exists():
            return
        if file.exists() and not here.read_batch(empty_vocab()):
            return  # a round selects nothing when people have looked at older sentences again
        problem = f"{file} {'is empty' if file.exists() else 'is missing'}."
    except DeepALError as error:
        problem = _first(error)
    if here.batch.exists():
        docs = here.read_batch(empty_vocab())
        here.selected.write(
            Selected(id=sentence_id(doc), words=count_words(doc), score=None) for doc in docs
        )
        yield f"{problem} It was made again from {here.batch.name}, without the scores."
    elif here.batch.with_name(here.batch.name + ASIDE).exists():
        raise DeepALError(f"{problem} {here.batch} is damaged too. {RESTORE}")
    else:
        file.unlink()
        yield f"{problem} The sentences are selected again."


def _first(error: DeepALError) -> str:
    """RETURNS (str): The first sentence of a message: the others say what the user could do."""
    return f"{str(error).split('. ')[0].rstrip('.')}."
