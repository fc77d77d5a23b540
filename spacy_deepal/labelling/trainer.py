"""What is done in the background of a labelled run: convert, train and rank while people label."""

import time
from pathlib import Path

from spacy.util import load_model

from ..annotation.suggestions import still_ahead, suggest_by_terms
from ..errors import DeepALError
from ..pipelines import save_pipeline
from ..pool.pool import Pool
from ..pool.shards import read_plain_shards
from ..rounds.checks import check_initialized
from ..rounds.loop import Loop
from ..rounds.round_logger import RoundLogger
from ..rounds.rows import RoundMetrics, Selected
from ..rounds.training import Training
from ..seeds import derive_seed
from ..vectors.make import make_vectors, vectors_source
from .divide import divide_text
from .labelled_run import LabelledRun
from .measure import compare_found, measure
from .ranking import BATCHES_AHEAD, Ranking

UNMEASURED = "No model is trained: dev or test has no labelled sentence. U takes an answer back"
LOW = 0.4  # of the words of a full queue: with fewer left, the pool is ranked again


class Trainer:
    """Does what is due next. Its state is on disk; the object holds only what it has read.

    path (Path): The folder of the run.
    use_gpu (int): GPU id. With -1, the CPU.
    """

    def __init__(self, path: Path, use_gpu: int = -1):
        self.run = LabelledRun(path)
        self.use_gpu = use_gpu
        status = self.run.labelling.read_status()
        self.status = status.model_copy(update={"all_queued": False})  # `queued` is empty
        self.queued: dict[str, int] = {}  # the words of each sentence of the pool in the queue
        self.scores: dict[str, float] = {}
        self.ranked: tuple | None = None  # what the queue was made for
        self.logger: RoundLogger | None = None
        self.measured: tuple | None = None  # what the last model was measured on

    def prepare(self) -> None:
        """Do what needs no label: read the text, make the first queue, learn word vectors."""
        run, labelling = self.run, self.run.labelling
        self.tell("Reading the text")
        divide_text(labelling, run.job, run.seed)
        run.count_pool()
        if run.folder.initial.exists():
            Loop(self.training(), run.folder, Pool(run.labelling.pool)).repair(self.tell)
        if not run.folder.metrics:
            self.rank(None, None, alone=True)  # nobody waits for another pipeline to be loaded
            if run.other is not None:
                self.rank_again()
        if not run.config["paths"].get("vectors"):
            self.learn_vectors()
        self.tell("Waiting for labels")

    def learn_vectors(self) -> None:
        """Learn word vectors from the text. A few sentences are too few: then there are none."""
        self.tell("Learning word vectors from the text")
        pools = [self.run.labelling.pool]
        source = vectors_source(from_text=pools)
        try:
            make_vectors(pools, self.run.labelling.vectors, source, lang=self.run.job.lang)
        except DeepALError as error:
            self.tell(f"The run has no word vectors. {error}")

    def step(self) -> bool:
        """Do what is due next. RETURNS (bool): Whether anything was."""
        run, done = self.run, True
        run.annotations.refresh()
        run.grow_labels()
        if run.can_measure() and not run.folder.initial.exists():
            self.begin_run()
        elif run.can_measure() and (run.open_round() is not None or self.is_due()):
            self.train_round()
        elif self.ranked != self.state_of_queue():
            self.rank_again()
        elif run.folder.metrics and self.measured != run.gold_version():
            self.measure_last()
        else:
            done = False
        if done or self.status.step != self.rest:
            self.tell(self.rest)
        return done

    @property
    def rest(self) -> str:
        """What people are told while nothing is due."""
        if not self.used_up:
            return "Waiting for labels"
        return "The last model is trained" if self.run.can_measure() else UNMEASURED

    def training(self) -> Training:
        """RETURNS (Training): With today's config."""
        return Training(self.run.config, self.run.settings, self.use_gpu)

    def begin_run(self) -> None:
        """Make the pipeline from which the run starts."""
        self.tell("Making the first model")
        self.run.write_gold()
        nlp = self.training().initialize()
        check_initialized(nlp)
        save_pipeline(nlp, self.run.folder.initial)
        self.run.note_baseline()

    def is_due(self) -> bool:
        """RETURNS (bool): Whether enough is labelled for a round, or all that is left; or whether
        people have looked at all older sentences since, whose round selects nothing."""
        words = sum(answer.words for answer in self.run.waiting())
        if words > 0:
            return (words >= self.run.budget or self.used_up) and not self.waits_for_dev
        if not self.used_up or self.has_older:
            return False
        return self.run.annotations.completed_since(self.status.learnt)

    @property
    def waits_for_dev(self) -> bool:
        """RETURNS (bool): Whether the first round waits for dev. What is labelled in the text could
        be trained on at once, and would be measured on the first sentence of dev."""
        run, answers = self.run, self.run.annotations
        if not run.job.begins_labelled or run.folder.metrics:
            return False
        lacks = sum(answer.words for answer in answers.accepted("dev")) < run.target("dev")
        queue = run.labelling.read_queue() if lacks else []
        return any(task.part == "dev" and answers.final(task.id) is None for task in queue)

    @property
    def used_up(self) -> bool:
        """RETURNS (bool): Whether all of the pool is labelled."""
        return self.status.all_queued and not self.words_left()

    @property
    def has_older(self) -> bool:
        """RETURNS (bool): Whether nobody has looked at some sentence since a type was added."""
        answers = self.run.annotations
        return not all(map(answers.complete, answers.settled("train")))

    def words_left(self) -> int:
        """RETURNS (int): The words of the sentences in the queue that nobody has answered."""
        settled = {answer.id for answer in self.run.annotations.settled("train")}
        return sum(words for name, words in self.queued.items() if name not in settled)

    def train_round(self) -> None:
        """Train on all that is labelled, rank the pool, and measure."""
        run, learnt = self.run, self.run.annotations.events
        if (here := run.open_round()) is None:
            here = run.folder.round(len(run.folder.metrics))
            here.selected.write(
                Selected(id=a.id, words=a.words, score=self.scores.get(a.id)) for a in run.waiting()
            )
        self.tell(f"Training round {here.number}")
        run.write_gold()
        loop = Loop(self.training(), run.folder, Pool(run.labelling.pool))
        line = loop.next_round(lambda model: self.rank(model, here.number))
        run.folder.add_metrics(line)
        self.status = self.status.model_copy(update={"learnt": learnt})
        self.log(line)
        self.ranked = self.state_of_queue()
        run.folder.tidy("last")
        self.measure_last()

    def log(self, line: RoundMetrics) -> None:
        """Hand a round to the logger of the config, which is set up once."""
        if self.logger is None:
            self.logger = RoundLogger(self.run.settings.logger, self.run.folder)
        self.logger.log(line)

    def close(self) -> None:
        """Tell the logger that no round follows."""
        if self.logger is not None:
            self.logger.close()

    def state_of_queue(self) -> tuple:
        """RETURNS (tuple): When this changes, the queue is made anew: there is a new model or a new
        type, or the queue runs low."""
        full = BATCHES_AHEAD * self.run.budget
        low = not self.status.all_queued and self.words_left() < LOW * full
        return len(self.run.folder.metrics), tuple(self.run.annotations.labels), low

    def rank_again(self) -> None:
        """Make the queue anew with the last model, if there is one."""
        rounds = len(self.run.folder.metrics)
        self.rank(self.run.last_model if rounds else None, rounds - 1 if rounds else None)

    def rank(self, model: Path | None, number: int | None, *, alone: bool = False) -> None:
        """Make the queue anew.

        model (Path | None), number (int | None): A model and its round. None: there is none yet.
        alone (bool): Leave out what another pipeline suggests.
        """
        run, settings = self.run, self.run.settings
        self.tell("Ranking the pool" if model else "Drawing the first sentences")
        nlp = load_model(model) if model else None
        warm = nlp is not None and nlp.meta["performance"]["ents_f"] >= settings.cold_start
        ranking = Ranking(
            run.labelling,
            run.job,
            run.annotations,
            acquisition=settings.acquisition if warm else None,
            budget=run.budget,
            seed=settings.seed,
            max_similarity=settings.max_similarity,
            terms=suggest_by_terms(
                run.job.lang, run.job.terms, run.job.patterns, run.annotations.labels
            ),
            other=None if alone else still_ahead(run.folder, run.other, nlp),
            model=nlp,
            round=number,
        )
        tasks = ranking.make_queue()
        run.labelling.write_queue(tasks)
        fresh = [task for task in tasks if task.part == "train" and not task.again]
        self.queued = {task.id: task.words for task in fresh}
        self.scores = {task.id: task.score for task in fresh if task.score is not None}
        self.status = self.status.model_copy(update={"all_queued": ranking.all_queued})
        self.ranked = self.state_of_queue()

    def measure_last(self) -> None:
        """Measure the last model on dev, and compare what it finds with what the model before
        found."""
        run, number = self.run, len(self.run.folder.metrics) - 1
        run.write_gold()
        run.note_baseline()
        version = run.gold_version()
        nlp = load_model(run.last_model)
        gold = list(read_plain_shards(run.labelling.gold("dev", run.job), nlp.vocab))
        measured = measure(nlp, gold, number, derive_seed(run.seed, "interval", number))
        new = run.folder.round(number).entities.read()
        old = run.folder.round(number - 1).entities.read() if number else []
        changes = compare_found(old, new) if new else None
        update = {"measured": measured, "changes": changes, "baseline": run.folder.baseline}
        self.status = self.status.model_copy(update=update)
        self.measured = version

    def tell(self, step: str) -> None:
        """Tell the page, and the log, what comes next."""
        print(time.strftime("%H:%M:%S"), step, flush=True)
        run = self.run
        self.status = self.status.model_copy(
            update={
                "step": step,
                "round": len(run.folder.metrics),
                "selected_words": sum(run.selected().values()),
                "budget": run.budget,
                "pool_words": run.pool_words,
                "dev_target": run.target("dev"),
                "test_target": run.target("test"),
            }
        )
        run.labelling.write_status(self.status)
