"""The background process of a labelled run: it converts, trains and ranks while people label.

It speaks with the labelling page through files only, and can be killed at any moment:
    python -m spacy_deepal.annotation.trainer RUN_DIR GPU_ID
"""

import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from spacy.cli._util import import_code, setup_gpu
from spacy.tokens import Doc
from spacy.util import load_model
from thinc.api import Config

from ..acquisition.functions import make_rand
from ..acquisition.upstream import find_tagger
from ..corpus.docbin import read_docs, write_docs
from ..errors import DeepALError
from ..pipelines import blank_pipeline
from ..pool.lookup import fetch
from ..progress import hide_progress_bars
from ..rounds.loop import Loop, load_run_config
from ..rounds.manifest import describe_gold, make_manifest
from ..rounds.rows import Manifest, Selected
from ..rounds.run_folder import RoundFolder, RunFolder
from ..rounds.settings import Settings, read_settings, words_of
from ..rounds.training import initialize, save_pipeline
from ..seeds import derive_seed
from ..vectors.make import make_vectors, vectors_source
from .divide import divide_text
from .journal import Annotations, Answer, Part
from .journal_oracle import annotate
from .labelling_folder import LabellingFolder, Status
from .measure import compare_found, measure
from .ranking import Ranking
from .suggestions import suggest_by_terms

PAUSE = 0.2  # seconds between two looks at the journal
PATIENCE = 10.0  # seconds to wait for an earlier process to end
LOW = 2  # batches: with fewer words in the queue, the pool is ranked again


class Trainer:
    """Does what is due next. Its state is on disk; the object holds only what it has read.

    run (Path): The folder of the run.
    use_gpu (int): GPU id. With -1, the CPU.
    """

    def __init__(self, run: Path, use_gpu: int):
        self.folder, self.run_folder = LabellingFolder(run), RunFolder(run)
        self.use_gpu = use_gpu
        self.job = self.folder.read_job()
        self.annotations = Annotations(self.folder.journal)
        self.annotations.refresh()
        self.status = Status(step="Starting")
        self.scores: dict[str, float] = {}
        self.queued: set[str] = set()
        self.ranked_for: tuple | None = None
        self.measured_for: tuple | None = None
        self.manifest: Manifest | None = None

    # What the run is.

    def config(self) -> Config:
        """RETURNS (Config): The config of the run with the paths and the types of today."""
        config = load_run_config(self.folder.config_file, {})
        paths = config["paths"]
        paths["pool"] = str(self.folder.pool)
        paths["dev"], paths["test"] = (
            str(self.folder.gold(part, self.job)) for part in ("dev", "test")
        )
        if not paths.get("vectors") and self.folder.vectors.exists():
            paths["vectors"] = str(self.folder.vectors)
        components = config["initialize"].setdefault("components", {})
        for name, component in config["components"].items():
            if component.get("factory") == "deepal_ner":
                components.setdefault(name, {})["labels"] = list(self.annotations.labels)
        return config

    def settings(self) -> Settings:
        return read_settings(self.config().interpolate())

    def budget(self) -> int:
        """RETURNS (int): The words that the next round waits for."""
        settings = self.settings()
        share = settings.budget_words if self.run_folder.metrics else settings.seed_words
        return words_of(share, self.status.pool_words)

    # What happens, from the first call to the end.

    def prepare(self) -> None:
        """Do what needs no label: read the text, make the first queue, learn word vectors."""
        self.tell("Reading the text")
        divide_text(self.folder, self.job, self.seed())
        words = sum(len(doc) for doc in read_docs_of(self.folder.pool, self.job.lang))
        self.status = self.status.model_copy(update={"pool_words": words})
        if not self.run_folder.metrics:
            self.rank()
        if not self.config()["paths"].get("vectors"):
            self.tell("Learning word vectors from the text")
            pools = [self.folder.pool]
            source = vectors_source(from_text=pools)
            make_vectors(pools, self.folder.vectors, source, lang=self.job.lang)
        self.tell("Waiting for labels")

    def seed(self) -> int:
        return load_run_config(self.folder.config_file, {}).interpolate()["active_learning"]["seed"]

    def step(self) -> bool:
        """Do what is due next. RETURNS (bool): Whether anything was."""
        self.annotations.refresh()
        if self.run_folder.initial.exists():
            self.grow_labels()
        if self.can_measure() and not self.run_folder.initial.exists():
            self.begin_run()
        elif self.can_measure() and (self.open_round() is not None or self.is_due()):
            self.train_round()
        elif self.ranked_for != self.state_of_queue():
            self.rank()
        elif self.run_folder.metrics and self.measured_for != self.gold_keys():
            self.measure_last()
        else:
            return False
        self.tell("Waiting for labels")
        return True

    def begin_run(self) -> None:
        """Make the pipeline from which the run starts."""
        self.tell("Making the first model")
        self.write_gold()
        config, settings = self.config(), self.settings()
        nlp = initialize(config, settings, use_gpu=self.use_gpu)
        self.run_folder.grow(self.describe())
        save_pipeline(nlp, self.run_folder.initial)

    def is_due(self) -> bool:
        """RETURNS (bool): Whether enough is labelled for a round, or all that is left."""
        waiting = self.waiting()
        words = sum(answer.words for answer in waiting)
        settled = {answer.id for answer in self.annotations.settled("train")}
        used_up = self.ranked_for is not None and self.queued <= settled
        return words > 0 and (words >= self.budget() or used_up)

    def waiting(self) -> list[Answer]:
        """RETURNS (list[Answer]): The answers to sentences that no round has selected."""
        selected = self.selected()
        return [a for a in self.annotations.settled("train") if a.id not in selected]

    def selected(self) -> dict[str, int]:
        """RETURNS (dict[str, int]): The words of each sentence that a round has selected."""
        rounds = self.run_folder.rounds()
        return {item.id: item.words for each in rounds for item in each.read_selected()}

    def open_round(self) -> RoundFolder | None:
        """RETURNS (RoundFolder | None): A round that was interrupted."""
        number = len(self.run_folder.metrics)
        here = next((each for each in self.run_folder.rounds() if each.number == number), None)
        return here if here is not None and here.selected_file.exists() else None

    def train_round(self) -> None:
        """Train on all that is labelled, rank the pool, and measure."""
        here = self.open_round()
        if here is None:
            here = self.run_folder.round(len(self.run_folder.metrics))
            here.write_selected(
                Selected(id=a.id, words=a.words, score=self.scores.get(a.id))
                for a in self.waiting()
            )
        self.tell(f"Training round {here.number}")
        self.write_gold()
        self.run_folder.grow(self.describe())
        loop = Loop(self.config(), self.settings(), self.run_folder, self.use_gpu)
        self.run_folder.add_metrics(loop.next_round())
        self.run_folder.tidy("last")
        self.rank()
        self.measure_last()

    def rank(self) -> None:
        """Make the queue anew."""
        metrics, settings = self.run_folder.metrics, self.settings()
        self.tell("Ranking the pool" if metrics else "Drawing the first sentences")
        nlp = load_model(self.last_model()) if metrics else None
        warm = bool(metrics) and metrics[-1].dev_ents_f >= settings.cold_start
        trained = {entity[2] for a in self.annotations.settled("train") for entity in a.entities}
        ranking = Ranking(
            self.folder,
            self.job,
            self.annotations,
            acquisition=settings.acquisition if warm else make_rand(),
            budget=self.budget(),
            seed=settings.seed,
            max_similarity=settings.max_similarity,
            suggest=suggest_by_terms(
                self.job.lang, self.job.terms, self.job.patterns, self.annotations.labels
            ),
            nlp=nlp,
            round=metrics[-1].round if metrics else None,
            trained=trained if metrics else (),
        )
        tasks, self.scores = ranking.make_queue()
        self.folder.write_queue(tasks)
        self.queued = {task.id for task in tasks if task.part == "train"}
        self.ranked_for = self.state_of_queue()

    def state_of_queue(self) -> tuple:
        """RETURNS (tuple): The queue is made anew when this changes: the model, the types, or that
        the queue runs low."""
        settled = {answer.id for answer in self.annotations.settled("train")}
        low = len(self.queued - settled) * 10 < LOW * self.budget() and self.queued & settled
        return len(self.run_folder.metrics), tuple(self.annotations.labels), bool(low)

    # Dev and test, and what the last model is worth.

    def can_measure(self) -> bool:
        """RETURNS (bool): Whether dev and test have a labelled sentence each."""
        return all(
            getattr(self.job, part) or not words or self.gold_answers(part)
            for part, words in (("dev", 1), ("test", self.job.test_words))
        )

    def gold_answers(self, part: Part) -> list[Answer]:
        return [a for a in self.annotations.settled(part) if a.answer == "accept"]

    def gold_keys(self) -> tuple:
        """RETURNS (tuple): Changes when an answer for dev does, when a type is added, and when there
        is a new model."""
        keys = tuple(answer.key for answer in self.gold_answers("dev"))
        return len(self.run_folder.metrics), tuple(self.annotations.labels), keys

    def write_gold(self) -> None:
        """Write what people labelled for dev and test."""
        for part in ("dev", "test"):
            if answers := self.gold_answers(part):
                write_docs(self.gold_docs(part, answers), self.folder.path / f"{part}.spacy")

    def gold_docs(self, part: Part, answers: Sequence[Answer]) -> list[Doc]:
        vocab, ids = blank_pipeline(self.job.lang).vocab, [answer.id for answer in answers]
        docs = fetch(self.folder.reserve(part), ids, vocab, with_gold=False)
        for doc, answer in zip(docs, answers, strict=True):
            annotate(doc, answer, self.annotations)
        return docs

    def measure_last(self) -> None:
        """Measure the last model on dev, and compare what it finds with what the model before did."""
        self.write_gold()
        keys, number = self.gold_keys(), len(self.run_folder.metrics) - 1
        nlp = load_model(self.last_model())
        gold = read_docs_of(self.folder.gold("dev", self.job), self.job.lang)
        seed = derive_seed(self.settings().seed, "interval", number)
        measured = measure(nlp, gold, number, seed)
        new = self.run_folder.round(number).read_entities()
        old = self.run_folder.round(number - 1).read_entities() if number else []
        changes = compare_found(old or [], new) if new is not None else None
        self.status = self.status.model_copy(update={"measured": measured, "changes": changes})
        self.measured_for = keys

    def last_model(self) -> Path:
        return self.run_folder.round(len(self.run_folder.metrics) - 1).model

    # Types, the manifest, and what the page is told.

    def grow_labels(self) -> None:
        """Add new types to the pipelines that later rounds start from. They find what they did."""
        folders = [self.run_folder.initial]
        if self.run_folder.metrics:
            folders.append(self.last_model())
        for folder in folders:
            if {*self.annotations.labels} <= self.labels_of(folder):
                continue
            nlp = load_model(folder)
            for label in self.annotations.labels:
                find_tagger(nlp).add_label(label)
            save_pipeline(nlp, folder)

    def labels_of(self, folder: Path) -> set[str]:
        """RETURNS (set[str]): The types of a saved pipeline."""
        from ..files import read_json

        labels = read_json(folder / "meta.json")["labels"]
        return {label for each in labels.values() for label in each}

    def describe(self) -> Manifest:
        """RETURNS (Manifest): What the run is now. The pool, which is long to read, stays."""
        config, settings = self.config().interpolate(), self.settings()
        if self.manifest is None:
            self.manifest = make_manifest(config, settings)
        gold = {part: describe_gold(config["paths"][part], self.job.lang) for part in ("dev", "test")}
        return self.manifest.model_copy(update={"config": config.to_str(), **gold})

    def tell(self, step: str) -> None:
        """Tell the page, and the log, what comes next."""
        print(time.strftime("%H:%M:%S"), step, flush=True)
        self.status = self.status.model_copy(
            update={
                "step": step,
                "round": len(self.run_folder.metrics),
                "selected_words": sum(self.selected().values()),
                "budget": self.budget() if self.folder.pool.exists() else 0,
                "dev_target": 0 if self.job.dev else self.job.dev_words,
                "test_target": 0 if self.job.test else self.job.test_words,
            }
        )
        self.folder.write_status(self.status)


def read_docs_of(path: Path, lang: str) -> list[Doc]:
    """RETURNS (list[Doc]): All Docs of a folder of shards, or of a .spacy file."""
    from ..pool.shards import shard_files

    vocab = blank_pipeline(lang).vocab
    return [doc for file in shard_files(path) for doc in read_docs(file, vocab)]


def run_trainer(run: Path, use_gpu: int) -> None:
    """Work until the process that started this one ends."""
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    hide_progress_bars()
    trainer = Trainer(run, use_gpu)
    try:
        import_code(Path(trainer.job.code) if trainer.job.code else None)
        setup_gpu(use_gpu, silent=True)
        with trainer.run_folder.lock():
            trainer.prepare()
            while True:
                if not trainer.step():
                    time.sleep(PAUSE)
    except DeepALError as error:
        status = trainer.status.model_copy(update={"step": "Stopped", "error": str(error)})
        trainer.folder.write_status(status)
        raise


def _end_with(parent: int) -> None:
    """End this process when its parent has ended, so that the run is free for the next one."""
    while os.getppid() == parent:
        time.sleep(PAUSE)
    os._exit(1)


if __name__ == "__main__":
    run_trainer(Path(sys.argv[1]), int(sys.argv[2]))
