"""The first sentences of a long text, so that people need not wait until all of it is read."""

import shutil
from pathlib import Path

from ..corpus.folders import find_files
from ..files import draft_beside
from ..pipelines import blank_pipeline
from ..pool.convert import convert
from ..pool.shards import read_shards
from ..sentences import sentence_id
from .labelling_folder import LabellingFolder, LabellingJob, Task

LONG = 3_000_000  # bytes: a longer text takes more than a few seconds to read
BYTES = 200_000  # of its beginning that are read at once
HEAD_SENTENCES = 300  # of these that are shown before the text is read
SUFFIXES_WITH_HEAD = (".txt", ".jsonl", ".spacy")  # others cannot be read in part


def queue_head(folder: LabellingFolder, job: LabellingJob) -> None:
    """Make a queue of the beginning of the text, if the text is long and has lines. These sentences
    have the ids that they will have in the pool. They do not go into dev or test.

    RAISES (DeepALError): As `convert`.
    """
    files = find_files(job.inputs, lang=job.lang).files
    if folder.queue_file.exists() or sum(file.stat().st_size for file in files) < LONG:
        return
    if (first := files[0]).suffix not in SUFFIXES_WITH_HEAD:
        return
    with draft_beside(folder.pool) as draft:
        source = draft / first.name
        if first.suffix == ".spacy":
            shutil.copy(first, source)
        else:
            source.write_bytes(beginning(first))
        convert([source], draft / "pool", lang=job.lang, skip_bad=True)
        docs = list(read_shards(draft / "pool", blank_pipeline(job.lang).vocab))[:-1]
    folder.write_queue(
        Task(id=sentence_id(doc), part="train", tokens=[token.text_with_ws for token in doc])
        for doc in docs[:HEAD_SENTENCES]
    )


def beginning(file: Path) -> bytes:
    """RETURNS (bytes): The beginning of a file of text, up to the end of a block or of a line."""
    with file.open("rb") as stream:
        text = stream.read(BYTES)
    block, line = text.rfind(b"\n\n"), text.rfind(b"\n")
    return text[: (block if block > len(text) // 2 else line) + 1]


def head_ids(folder: LabellingFolder) -> set[str]:
    """RETURNS (set[str]): The sentences that people see before the text is read."""
    return {task.id for task in folder.read_queue()}
