"""How long does a person who labels in the browser wait?

    python benchmarks/label_latency.py --data DIR --pool 100000 --labelled 10000

Two times are measured: from the command to the first sentence, and from the last label of a round
to the queue that the new model has ranked, with its suggestions. People do not have to wait for the
second: they go on with the rest of the old queue.

The processes of `spacy deepal label` run as they are. The answers come from gold, through the
journal.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpora import make_corpus, take
from timing import JsonFile, write_figures

from spacy_deepal.annotation.answers import Answer
from spacy_deepal.cli.label import label_config
from spacy_deepal.labelling.begin import begin_or_change
from spacy_deepal.labelling.journal import now
from spacy_deepal.labelling.labelling_folder import LabellingFolder, Task
from spacy_deepal.labelling.session import Session
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.sentences import sentence_id

BATCH = 200  # words of the round that is timed
DEV_WORDS = 1000
PAUSE = 0.05  # seconds between two looks


def main(
    data: Annotated[Path, typer.Option(help="A folder that `spacy deepal prepare` takes")],
    pool: Annotated[int, typer.Option(help="Words of the pool")] = 100_000,
    labelled: Annotated[int, typer.Option(help="Words labelled")] = 10_000,
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    json_file: JsonFile = None,
) -> None:
    """Measure both times, and print them in seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = make_corpus(data, folder, lang, 1.0, 0, DEV_WORDS)
        docs = take(list(read_shards(folder / "pools" / "train", spacy.blank(lang).vocab)), pool, 0)
        write_shards(docs, folder / "pool")
        gold = {sentence_id(doc): [(e.start, e.end, e.label_) for e in doc.ents] for doc in docs}
        run = folder / "run"
        begin_or_change(
            run,
            config=label_config(None, lang, labelled, BATCH),
            labels=sorted({label for entities in gold.values() for _, _, label in entities}),
            lang=lang,
            asked={"inputs": [str(folder / "pool")], "dev": str(corpus / "dev.spacy")},
        )
        first, again = time_rounds(run, gold, labelled)
    figures = {"pool": pool, "labelled": labelled, "first": first, "again": again}
    print(json.dumps(figures))
    write_figures(json_file, {"data": data.resolve().name, **figures})


def time_rounds(run: Path, gold: dict[str, list], labelled: int) -> tuple[float, float]:
    """RETURNS (tuple[float, float]): Seconds to the first sentence, and from the last label of the
    second round to its queue."""
    folder = LabellingFolder(run)
    start = time.perf_counter()
    options = [str(run), "-1", str(os.getpid())]
    command = [sys.executable, "-m", "spacy_deepal.labelling.trainer_process", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as trainer:
        try:
            wait(trainer, folder.queue_file.exists)
            first = time.perf_counter() - start
            session = Session(run)
            label(session, gold, labelled)
            wait(trainer, lambda: is_idle(folder, 1))
            label(session, gold, BATCH)
            start = time.perf_counter()
            wait(trainer, lambda: {task.model for task in folder.read_queue()} == {1})
            again = time.perf_counter() - start
        finally:
            trainer.terminate()
    return round(first, 1), round(again, 1)


def wait(trainer: subprocess.Popen, done) -> None:
    """Wait until something is true. RAISES (RuntimeError): The process has ended before."""
    while not done():
        if trainer.poll() is not None:
            raise RuntimeError("The background process has ended.")
        time.sleep(PAUSE)


def is_idle(folder: LabellingFolder, number: int) -> bool:
    """RETURNS (bool): Whether so many rounds are trained, and the process waits for labels."""
    status = folder.read_status()
    return status.round == number and status.step == "Waiting for labels"


def label(session: Session, gold: dict[str, list], words: int) -> None:
    """Answer the first sentences of the queue from gold, until they have so many words. Where the
    queue has too few, the rest comes from the pool."""
    for task in sentences(session):
        if words <= 0:
            return
        words -= task.words
        session.journal.append(
            Answer(
                key=task.id,
                at=now(),
                by="me",
                id=task.id,
                part="train",
                answer="accept",
                entities=gold[task.id],
                labels=session.annotations.labels,
                seconds=1.0,
                tokens=task.tokens,
                suggested=task.suggestions,
            )
        )


def sentences(session: Session):
    """YIELDS (Task): The open sentences: first the queue, then the pool."""
    session.annotations.refresh()
    seen = {answer.id for answer in session.annotations.settled("train")}
    for task in session.folder.read_queue():
        if task.id not in seen:
            seen.add(task.id)
            yield task
    for doc in read_shards(session.folder.pool, spacy.blank(session.job.lang).vocab):
        if sentence_id(doc) not in seen:
            tokens = [token.text_with_ws for token in doc]
            yield Task(id=sentence_id(doc), part="train", tokens=tokens)


if __name__ == "__main__":
    typer.run(main)
