"""How do time and memory grow with the pool? And what would a billion sentences take?

    python benchmarks/pool_scale.py --words 1000000 --words 4000000 --words 16000000

It makes pools of random words, whose vocabulary grows as that of natural text does, and gives the
commands of a round to each: convert, score with one process and with several, score on a Ray
cluster of this machine, select, and a run up to its second batch. Each command is a process of its
own. Memory is the peak of the resident memory of the process and all of its children, added up.

The last lines project the figures of the largest pool to a billion sentences.
"""

import itertools
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import registry
from systems import CONFIGS
from timing import JsonFile, write_figures

from spacy_deepal.errors import LabelsAwaited
from spacy_deepal.pool.shards import write_shards
from spacy_deepal.rounds.oracle import Oracle

SENTENCE = 16  # words, on average
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
BUDGET = 10_000  # words of a batch
LABELLED = 300  # sentences of dev and test, and those from which the model learns its words
PAUSE = 0.05  # seconds between two looks at the memory
BILLION = 1_000_000_000  # sentences
DAY = 24  # hours


def main(
    words: Annotated[list[int], typer.Option(help="Words of a pool; may be repeated")],
    n_process: Annotated[int, typer.Option(help="Processes that score beside one")] = 2,
    ray: Annotated[bool, typer.Option("--ray/--no-ray", help="Also score with Ray")] = True,
    run: Annotated[bool, typer.Option("--run/--no-run", help="Also run the loop")] = True,
    folder: Annotated[Path | None, typer.Option(help="Where the pools go; with none, /tmp")] = None,
    json_file: JsonFile = None,
) -> None:
    """Measure each pool, and print a line of figures for each."""
    figures = []
    with tempfile.TemporaryDirectory(dir=folder) as place:
        here = Path(place)
        make_model(here / "model")
        for split in ("dev", "test"):
            write_shards(labelled_docs(split), here / split)
        for count in words:
            figures.append(measure(here, count, n_process, ray, run))
            print(json.dumps(figures[-1]), flush=True)
    projected = project(figures)
    print(json.dumps(projected))
    write_figures(json_file, {"figures": figures, "billion": projected})


def measure(here: Path, words: int, n_process: int, ray: bool, run: bool) -> dict[str, Any]:
    """RETURNS (dict): Seconds and peak memory of each command with a pool of so many words, and
    the bytes on disk."""
    text, pool, scores = here / "text.txt", here / "pool", here / "scores"
    sentences = write_text(text, words)
    found: dict[str, Any] = {"words": words, "sentences": sentences}

    def command(title: str, *arguments: object) -> None:
        begun = cpu_seconds()
        seconds, megabytes = watch([sys.executable, "-m", "spacy", "deepal", *arguments], here)
        found[title] = {
            "seconds": round(seconds, 2),
            "cpu_seconds": round(cpu_seconds() - begun, 2),
            "microseconds_per_word": round(1e6 * seconds / words, 2),
            "megabytes": round(megabytes),
        }

    def score(title: str, *options: object) -> None:
        shutil.rmtree(scores, ignore_errors=True)
        command(title, "score", here / "model", pool, scores, *options)

    command("convert", "convert", text, pool)
    score("score")
    command("select", "select", scores, pool, here / "batch.spacy", "--budget-words", BUDGET)
    found["pool_bytes"], found["scores_bytes"] = size_of(pool), size_of(scores)
    score(f"score_{n_process}_processes", "--n-process", n_process)
    if ray:
        score(f"score_{n_process}_ray", "--n-process", n_process, "--engine", "ray")
    if run:
        paths = {"paths.pool": pool, "paths.dev": here / "dev", "paths.test": here / "test"}
        values: dict[str, object] = {f"--{key}": path for key, path in paths.items()}
        values |= RUN_SETTINGS
        overrides = itertools.chain.from_iterable(values.items())
        arguments = CONFIGS / "al.cfg", here / "run", "--code", __file__
        command("run", "run", *arguments, *overrides)
        shutil.rmtree(here / "run")
    for path in (pool, scores):
        shutil.rmtree(path)
    return found


# A run that trains hardly at all: what is left is reading, scoring and selecting.
RUN_SETTINGS: dict[str, object] = {
    "--active_learning.seed_words": 3000,
    "--active_learning.budget_words": BUDGET,
    "--active_learning.passes": 1,
    "--active_learning.min_updates": 2,
    "--active_learning.evaluations": 1,
    "--active_learning.cold_start": 0.0,
    "--active_learning.oracle.@misc": "pool_scale.OneBatch.v1",
    "--initialize.components.ner.labels": '["THING"]',
}


@registry.misc("pool_scale.OneBatch.v1")
class OneBatch(Oracle):
    """Labels the first word of each sentence of the first batch, and ends the run at the second."""

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        if folder.name != "round_00":
            raise LabelsAwaited("The second batch is selected.", 0, len(docs), folder.name)
        return [with_entity(doc) for doc in docs]


def with_entity(doc: Doc) -> Doc:
    """RETURNS (Doc): The same sentence; its first word is an entity."""
    doc.set_ents([Span(doc, 0, 1, "THING")])
    return doc


def sentences_of(seed: int | str) -> Iterator[list[str]]:
    """YIELDS (list[str]): Sentences without end. The n-th most frequent word has a probability in
    proportion to 1 / n, as in natural text, so new words never cease to come."""
    draw = random.Random(seed)
    while True:
        length = draw.randint(SENTENCE // 2, SENTENCE * 3 // 2)
        yield [spell(int(2_000_000 ** draw.random())) for _ in range(length)]


def spell(number: int) -> str:
    """RETURNS (str): The word of this rank; frequent words are short."""
    letters = ""
    while number:
        number, letter = divmod(number, len(LETTERS))
        letters += LETTERS[letter]
    return letters


def write_text(file: Path, words: int) -> int:
    """Write a text of so many words, a sentence on each line. RETURNS (int): The sentences."""
    sentences = 0
    with file.open("w", encoding="utf8") as stream:
        for sentence in sentences_of(words):
            if words <= 0:
                return sentences
            print(" ".join(sentence), file=stream)
            words, sentences = words - len(sentence), sentences + 1
    raise AssertionError  # the sentences do not end


def labelled_docs(seed: str) -> Iterator[Doc]:
    """YIELDS (Doc): A few labelled sentences."""
    vocab = spacy.blank("en").vocab
    for number, words in enumerate(itertools.islice(sentences_of(seed), LABELLED)):
        doc = with_entity(Doc(vocab, words=words))
        doc.user_data["deepal"] = {"id": f"{seed}-{number}", "doc_id": None, "genre": None}
        yield doc


def make_model(folder: Path) -> None:
    """Write a pipeline of the default sizes. It is not trained, which changes no speed."""
    nlp, docs = spacy.blank("en"), list(labelled_docs("model"))
    nlp.add_pipe("deepal_ner", name="ner")
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, [t.text for t in doc]), doc) for doc in docs])
    nlp.to_disk(folder)


def watch(command: list[object], here: Path) -> tuple[float, float]:
    """RETURNS (float, float): The seconds of a command, and its peak memory in MB, with that of the
    processes that it starts."""
    peak, start = 0, time.perf_counter()
    with (here / "log").open("w+", encoding="utf8") as log:
        arguments = [str(part) for part in command]
        here_too = str(Path(__file__).parent)  # --code names this file, which imports others
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": here_too}
        with subprocess.Popen(arguments, stdout=log, stderr=log, env=environment) as process:
            while process.poll() is None:
                peak = max(peak, sum(map(memory_of, family(process.pid))))
                time.sleep(PAUSE)
        if process.returncode:
            log.seek(0)
            raise SystemExit(f"{' '.join(arguments)}\n{log.read()}")
    return time.perf_counter() - start, peak / 1024


def cpu_seconds() -> float:
    """RETURNS (float): Of all commands so far, on all cores. Other work hardly changes it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def family(process: int) -> list[int]:
    """RETURNS (list[int]): A process and all that it has started, directly or not."""
    found = [process]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:  # it has ended
                continue
    return found


def memory_of(process: int) -> int:
    """RETURNS (int): Resident memory in KiB; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def size_of(folder: Path) -> int:
    """RETURNS (int): The bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def project(figures: list[dict[str, Any]]) -> dict[str, Any]:
    """RETURNS (dict): What a billion sentences take on machines like this one: hours of one
    process, gigabytes on disk, and how many workers score them in a day. With several pools, it is
    what the largest takes more than the first, so that the start of a command does not count."""
    first, last = figures[0], figures[-1]
    nothing = first is last
    times = BILLION / (last["sentences"] - (0 if nothing else first["sentences"]))

    def seconds(name: str) -> float:
        return last[name]["seconds"] - (0 if nothing else first[name]["seconds"])

    hours = {
        f"{name}_hours": round(times * seconds(name) / 3600, 1)
        for name in ("convert", "score", "select")
    }
    disk = {
        f"{name}_gigabytes": round(BILLION / last["sentences"] * last[f"{name}_bytes"] / 1e9)
        for name in ("pool", "scores")
    }
    return {**hours, **disk, "workers_for_a_day": -(-hours["score_hours"] // DAY)}


if __name__ == "__main__":
    typer.run(main)
