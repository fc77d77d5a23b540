"""The active learning loop (Shen et al. 2017, sections 4 and 5): label a seed set, train, evaluate;
then score, select, label, train and evaluate, round after round."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Config

from ..acquisition.copies import CopyFilter, without_copies
from ..acquisition.functions import RAND, AcquisitionFunction, needs_of
from ..acquisition.score_file import Score
from ..acquisition.scoring import score
from ..acquisition.selection import select
from ..acquisition.upstream import find_tagger
from ..acquisition.whole_pool import final_scores
from ..corpus.docbin import write_docs
from ..errors import DeepALError
from ..files import replace_folder
from ..pipelines import blank_pipeline, load_pipeline, save_pipeline
from ..pool.shards import fetch, read_shards
from ..progress import progress_bar
from ..sealed import seal_folder
from ..seeds import derive_seed
from ..sentences import count_words, sentence_id
from .baseline import note_baseline
from .checks import check_initialized, check_labelled
from .manifest import count_genres, make_manifest
from .repair import take_out_damaged
from .round_logger import RoundLogger
from .rows import FoundEntities, RoundMetrics, Selected
from .run_folder import RoundFolder, RunFolder
from .settings import SECTION, read_annotation_settings, read_settings, words_of
from .stability import agreement, draw_stop_set, find_entities, stopping_point
from .training import Training, dev_scores, evaluate_pipeline


def run_loop(
    config: Config,
    run_dir: str | Path,
    *,
    keep: str = "last",
    use_gpu: int = -1,
    on_round: Callable[[RoundMetrics], None] = lambda line: None,
    tell: Callable[[str], None] = print,
) -> str:
    """Run active learning to its end. Continues where an earlier process stopped.

    config (Config): A training config with an [active_learning] section, not interpolated.
    run_dir (str | Path): The run's folder.
    keep (str): Which rounds' models stay on disk: "last" or "all".
    use_gpu (int): GPU id. With -1, the CPU.
    on_round (Callable): Called with the metrics of each round when it is finished.
    tell (Callable): Called with a sentence for each damaged file that is made again.
    RETURNS (str): Why the run ended.
    RAISES (DeepALError): If the config cannot be used, if the folder holds another run or is in
        use, or if data cannot be read.
    """
    resolved = config.interpolate()
    settings, other = read_settings(resolved), read_annotation_settings(resolved).suggest
    training = Training(config, settings, use_gpu)
    folder = RunFolder(Path(run_dir))
    with folder.lock():
        manifest = make_manifest(resolved, settings)
        if folder.has_begun:
            folder.open(manifest)
        else:  # nothing is written before all that is needed has been found
            vocab = blank_pipeline(manifest.lang).vocab
            settings.oracle.check(read_shards(manifest.pool.path, vocab))
            nlp = training.initialize()
            check_initialized(nlp)
            folder.open(manifest)
            save_pipeline(nlp, folder.initial)
        loop = Loop(training, folder)
        note_baseline(folder, other, loop.paths["dev"], loop.paths["test"])
        folder.tidy(keep)
        loop.repair(tell)
        with closing(RoundLogger(settings.logger, folder)) as logger:
            while not (end := loop.end()):
                line = loop.next_round()
                folder.add_metrics(line)
                logger.log(line)
                on_round(line)
                folder.tidy(keep)
        return end


class Loop:
    """A run between two rounds. Its state is the folder; the object holds only what it has read."""

    def __init__(self, training: Training, folder: RunFolder):
        self.training = training
        self.settings = training.settings
        self.paths = training.config.interpolate()["paths"]
        self.folder = folder
        self.pool = folder.manifest.pool
        self.vocab = blank_pipeline(folder.manifest.lang).vocab

    def end(self) -> str:
        """RETURNS (str): Why there is no next round; empty if there is one."""
        metrics, settings = self.folder.metrics, self.settings
        if not metrics:
            return ""
        last = metrics[-1]
        if settings.target_f is not None and last.dev_ents_f >= settings.target_f:
            return f"F1 on dev has reached {settings.target_f:.3f}."
        stable, rounds = settings.stop_stability, settings.stop_rounds
        stability = [line.stability for line in metrics]
        if stable is not None and stopping_point(stability, stable, rounds) is not None:
            return f"Predictions are stable: {stable:.3f} or more in the mean of {rounds} rounds."
        if settings.rounds and last.round >= settings.rounds:
            return f"Rounds done: {settings.rounds}."
        return self._used_up(len(metrics))

    def _used_up(self, number: int) -> str:
        counts = map(count_words, self._unlabelled(number, self.vocab))
        left = [words for words in counts if words]
        if not left:
            copies = self.settings.max_similarity is not None
            return f"The pool is used up{', apart from near-copies of what is labelled' * copies}."
        if min(left) > self._budget(number):
            return (
                f"The {len(left)} sentences left in the pool are longer than the budget: the "
                f"shortest has {min(left)} words."
            )
        return ""

    def next_round(self, on_model: Callable[[Path], None] = lambda model: None) -> RoundMetrics:
        """Do the next round, or what is left of it.

        on_model (Callable): Called with the trained pipeline, before it is evaluated.
        """
        metrics = self.folder.metrics
        here = self.folder.round(len(metrics))
        selection = self._how_to_select(metrics)
        if not here.batch.exists():
            if not here.selected.path.exists():
                self._select(here, selection)
            self._label(here)
        on_model(self.trained(here.number))
        return self._evaluate(here, selection, self._labelled(here.number))

    def repair(self, tell: Callable[[str], None]) -> None:
        """Take out what is damaged, and make again what is missing of what is finished."""
        for damaged in take_out_damaged(self.folder):
            tell(damaged)
        if not self.folder.initial.exists():
            save_pipeline(self.training.initialize(), self.folder.initial)
        if metrics := self.folder.metrics:
            self._labelled(metrics[-1].round)
            self.trained(metrics[-1].round)

    def trained(self, number: int) -> Path:
        """RETURNS (Path): The model of a round. If it is not there, the round is trained; so are,
        before it, those rounds whose weights it starts from."""
        here = self.folder.round(number)
        if not here.model.exists():
            labelled = self._labelled(number)
            warm = self.settings.warm_start
            start = self._start(number) if warm else self.folder.initial
            with here.timed("train"):
                best = self.training.train_round(here, start, labelled)
                seal_folder(best)
            replace_folder(best, here.model)
            here.diverged.unlink(missing_ok=True)
        return here.model

    def _how_to_select(self, metrics: list[RoundMetrics]) -> str:
        if not metrics:
            return "seed"
        return "random" if metrics[-1].dev_ents_f < self.settings.cold_start else "acquisition"

    def _select(self, here: RoundFolder, selection: str) -> None:
        """Score what is left of the pool, and write which sentences are selected."""
        scored = selection == "acquisition"
        acquisition = self.settings.acquisition if scored else RAND()
        with here.timed("score"):
            scores = self._score(here, acquisition)
        budget, pool = self._budget(here.number), self.paths["pool"]
        with here.timed("select"):
            copies = CopyFilter(pool, self.vocab, self.settings.max_similarity)
            batch = select(scores, budget, copies)
        if not batch:
            raise DeepALError(
                f"No sentence of the pool {pool} fits into {budget} words. Raise seed_words in "
                f"[{SECTION}]."
            )
        here.selected.write(
            Selected(id=item.id, words=item.words, score=item.score if scored else None)
            for item in batch
        )

    def _score(self, here: RoundFolder, acquisition: AcquisitionFunction) -> list[Score]:
        """Score what is left of the pool, with a look back at as many rounds as the function needs.
        Rounds whose batch was drawn at random have no scores."""
        scores, rounds = self._first_scores(here, acquisition), needs_of(acquisition).rounds
        scored = [line.round for line in self.folder.metrics if line.selection == "acquisition"]
        earlier = []
        for each in map(self.folder.round, scored[-rounds:] if rounds else ()):
            earlier.append({row.id: row.score for row in self._first_scores(each, acquisition)})
        return list(final_scores(acquisition, lambda: scores, earlier))

    def _first_scores(self, here: RoundFolder, acquisition: AcquisitionFunction) -> list[Score]:
        """Score what a round has left of the pool, unless that has been done. If near-copies are
        passed over, nobody knows in advance how far down the scores the budget reaches, so all of
        them have to be exact."""
        if here.scores.path.exists():
            return here.scores.read()
        nlp = load_pipeline(self._start(here.number))
        left = self.pool.sentences - len(self._selected_ids(here.number))

        def read() -> Iterable[Doc]:
            docs = self._unlabelled(here.number, nlp.vocab)
            return progress_bar(docs, f"round {here.number}, scoring", total=left, unit="sent")

        budget = self._budget(here.number) if self.settings.max_similarity is None else None
        seed = derive_seed(self.settings.seed, "score", here.number)
        scores = list(score(nlp, read, acquisition, budget=budget, seed=seed))
        if needs_of(acquisition).rounds:
            here.scores.write(scores)
        return scores

    def _label(self, here: RoundFolder) -> None:
        """Have the selected sentences labelled, and check what comes back."""
        ids = [item.id for item in here.selected.read()]
        docs = fetch(self.paths["pool"], ids, self.vocab, with_gold=True)
        labelled = {sentence_id(doc): doc for doc in self.settings.oracle.label(docs, here.path)}
        tagger = find_tagger(load_pipeline(self.folder.initial))
        check_labelled(labelled, ids, tagger, here.path)
        write_docs([labelled[name] for name in ids], here.batch)
        self.settings.oracle.labels_kept(here.path)

    def _labelled(self, number: int) -> list[Doc]:
        """RETURNS (list[Doc]): All that is labelled up to and with a round. Corrections count."""
        docs: list[Doc] = []
        for each in map(self.folder.round, range(number + 1)):
            if not each.batch.exists() or self.settings.oracle.corrected(each.path, each.batch):
                self._label(each)
            docs += each.read_batch(self.vocab)
        return docs

    def _evaluate(self, here: RoundFolder, selection: str, labelled: list[Doc]) -> RoundMetrics:
        nlp = load_pipeline(here.model)
        with here.timed("evaluate"):
            scores = evaluate_pipeline(nlp, self.paths["test"])
            found = self._find_entities(here, nlp)
        before = self._entities_before(here.number)
        words = sum(map(count_words, labelled))
        return RoundMetrics(
            round=here.number,
            selection=selection,
            words=words,
            words_percent=100 * words / self.pool.words,
            sentences=len(labelled),
            **scores,
            **dev_scores(nlp),
            stability=agreement(before, found) if before else None,
            genres=count_genres(here.read_batch(self.vocab)),
            seconds=here.seconds,
        )

    def _find_entities(self, here: RoundFolder, nlp: Language) -> list[FoundEntities]:
        stop_set = draw_stop_set(read_shards(self.paths["pool"], nlp.vocab), self.settings.seed)
        found = find_entities(nlp, stop_set)
        here.entities.write(found)
        return found

    def _entities_before(self, number: int) -> list[FoundEntities]:
        """RETURNS (list[FoundEntities]): What the model of the round before finds in the stop set;
        nothing in the first round."""
        if number == 0:
            return []
        here = self.folder.round(number - 1)
        if here.entities.path.exists():
            return here.entities.read()
        return self._find_entities(here, load_pipeline(self.trained(here.number)))

    def _start(self, number: int) -> Path:
        return self.trained(number - 1) if number else self.folder.initial

    def _budget(self, number: int) -> int:
        budget = self.settings.budget_words if number else self.settings.seed_words
        return words_of(budget, self.pool.words)

    def _unlabelled(self, number: int, vocab: Vocab) -> Iterator[Doc]:
        """YIELDS (Doc): The sentences that no round before this one selected, without near-copies
        of those if there is a `max_similarity`."""
        docs = read_shards(self.paths["pool"], vocab, self._selected_ids(number))
        if self.settings.max_similarity is None:
            return docs
        rounds = map(self.folder.round, range(number))
        earlier = (doc for each in rounds for doc in each.read_batch(self.vocab))
        return without_copies(docs, earlier, self.settings.max_similarity)

    def _selected_ids(self, number: int) -> set[str]:
        rounds = map(self.folder.round, range(number))
        return {item.id for each in rounds for item in each.selected.read()}
