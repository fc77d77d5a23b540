"""The first sentences of a long text, so that people need not wait until all of it is read."""

from pathlib import Path
from typing import Any

from ..corpus.folders import find_files
from ..errors import DeepALError
from ..pool.convert import read_first
from ..sentences import is_looked_at, sentence_id, without_white_space
from .given import convert_given, given_texts
from .labelling_folder import LabellingFolder, LabellingJob, Task

LONG = 3_000_000  # bytes: a longer text takes more than a few seconds to read
PACKED, GROWS = (".gz", ".zip"), 4  # how much larger these are when they are unpacked, about
HEAD_SENTENCES = 300  # that are shown before the text is read


def queue_head(folder: LabellingFolder, job: LabellingJob) -> None:
    """Make a queue of the beginning of the text, if the text is long. These sentences have the ids
    that they will have in the pool. Their texts are not in dev or test. What of the text cannot be
    read is told when all is read.

    RAISES (DeepALError): A file is missing, or a dev or test set that is given cannot be read.
    """
    files = find_files(job.inputs, lang=job.lang).files if not folder.pool.exists() else []
    if folder.queue_file.exists() or sum(map(_size, files)) < LONG:
        return
    if not all(map(Path.is_file, files)):
        return  # what comes through a pipe can be read only once
    how: Any = {"options": job.reading, "lang": job.lang, "encoding": job.encoding}
    try:
        docs = read_first(job.inputs, HEAD_SENTENCES, **how)
    except DeepALError:
        return
    convert_given(folder, job)
    apart = given_texts(folder, job)
    folder.write_queue(
        Task(id=sentence_id(doc), part="train", tokens=[token.text_with_ws for token in doc])
        for doc in docs
        if without_white_space(doc.text) not in apart
        and not (job.begins_labelled and is_looked_at(doc))
    )


def _size(file: Path) -> int:
    """RETURNS (int): The bytes of text in a file, about."""
    return file.stat().st_size * (GROWS if file.suffix.lower() in PACKED else 1)


def head_texts(folder: LabellingFolder) -> set[str]:
    """RETURNS (set[str]): The texts, without white space, that people see before all is read."""
    return {without_white_space("".join(task.tokens)) for task in folder.read_queue()}
